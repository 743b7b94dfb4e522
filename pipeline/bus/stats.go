package bus

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline/measure"
)

// StreamStats counts what a Bus has published to one stream since it was opened.
type StreamStats struct {
	Frames      atomic.Uint64 // acknowledged; a dead letter is a frame of one event
	Events      atomic.Uint64 // in them
	Duration    *measure.Histogram
	FrameEvents *measure.Histogram
	FrameBytes  *measure.Histogram

	failures [len(failureReasons)]atomic.Uint64
}

// failureReasons are why something could not be published.
var failureReasons = [...]string{"full", "timeout", "cancelled", "unavailable"}

// Failures returns how many calls could not publish, by reason: "full" (the disk or the stream), "timeout" (no acknowledgement in time),
// "cancelled" (by a stop), "unavailable" (anything else).
func (s *StreamStats) Failures() map[string]uint64 {
	failures := make(map[string]uint64, len(failureReasons))
	for i, reason := range failureReasons {
		failures[reason] = s.failures[i].Load()
	}
	return failures
}

func newStats() map[string]*StreamStats {
	stats := map[string]*StreamStats{}
	for _, stream := range []string{streamEvents, streamDeliver, streamDead, streamJournal} {
		stats[stream] = &StreamStats{Duration: measure.Seconds(), FrameEvents: measure.Events(), FrameBytes: measure.Bytes()}
	}
	return stats
}

// Stats returns the counters of what was published, by stream. They go on counting.
func (b *Bus) Stats() map[string]*StreamStats { return b.stats }

// done counts one call that published to the stream, and returns its error.
func (s *StreamStats) done(start time.Time, err error) error {
	if err != nil {
		s.failures[failureReason(err)].Add(1)
		return err
	}
	s.Duration.Since(start)
	return nil
}

// frame counts a frame that was acknowledged; count is the header's.
func (s *StreamStats) frame(count string, size int) {
	events, err := strconv.Atoi(count)
	if err != nil {
		events = 1
	}
	s.Frames.Add(1)
	s.Events.Add(uint64(events))
	s.FrameEvents.Observe(float64(events))
	s.FrameBytes.Observe(float64(size))
}

func failureReason(err error) int {
	var full *fullError
	switch {
	case errors.As(err, &full):
		return 0
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, jetstream.ErrAsyncPublishTimeout):
		return 1
	case errors.Is(err, context.Canceled):
		return 2
	}
	return 3
}

// headerValue is nats.Header.Get for a key that is stored as it is written.
func headerValue(h nats.Header, key string) string {
	if values := h[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}
