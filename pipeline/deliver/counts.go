package deliver

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

// Counts counts what became of a destination's events since the stage was made.
type Counts struct {
	Delivered  atomic.Int64
	Retried    atomic.Int64 // attempts that failed and will be made again
	Dead       atomic.Int64 // the sum of the next three
	Refused    atomic.Int64 // dead because the destination will never take them
	GivenUp    atomic.Int64 // dead because they failed for as long as the retry policy allows
	Unreadable atomic.Int64 // dead because they are no events

	BatchEvents *measure.Histogram // events of a batch, which may take several calls of Send
	BatchBytes  *measure.Histogram // bytes of their lines
	Send        *measure.Histogram // how long a call of Send takes, in seconds, whatever its outcome
	Age         *measure.Histogram // how old events are when they are delivered, in seconds since capture took them

	sends [len(Outcomes)]atomic.Int64
}

// Outcomes are what a call of Send can come to: all events delivered, only some of them, a failure that may be retried, one that names its
// time, one for good, a panic, or an end because the process was asked to stop.
var Outcomes = [...]string{"delivered", "partial", "failed", "rate_limited", "refused", "panic", "cancelled"}

// Sends returns how many calls of Send came to each of Outcomes.
func (c *Counts) Sends() map[string]int64 {
	sends := make(map[string]int64, len(Outcomes))
	for i, outcome := range Outcomes {
		sends[outcome] = c.sends[i].Load()
	}
	return sends
}

func newCounts() *Counts {
	return &Counts{BatchEvents: measure.Events(), BatchBytes: measure.Bytes(), Send: measure.Seconds(), Age: measure.Ages()}
}

// batch counts a batch that is about to be sent.
func (c *Counts) batch(b *batch) {
	c.BatchEvents.Observe(float64(len(b.events)))
	c.BatchBytes.Observe(float64(b.bytes))
}

// sent counts one call of Send.
func (c *Counts) sent(start time.Time, err error) {
	c.Send.Since(start)
	c.sends[outcome(err)].Add(1)
}

// outcome is the index in Outcomes.
func outcome(err error) int {
	var partial *pipeline.BatchError
	_, named := pipeline.RetryDelay(err)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &partial):
		return 1
	case errors.Is(err, errPanic):
		return 5
	case pipeline.IsPermanent(err):
		return 4
	case named:
		return 3
	case errors.Is(err, context.Canceled):
		return 6
	}
	return 2
}

// delivered counts n events of a frame. The frame was captured within moments, so its first event's age stands for all of them.
func (c *Counts) delivered(f *frame, n int, now time.Time) {
	c.Delivered.Add(int64(n))
	if n == 0 || f.content.Events[0].ReceivedAt.IsZero() {
		return
	}
	c.Age.ObserveMany(max(now.Sub(f.content.Events[0].ReceivedAt), 0).Seconds(), uint64(n))
}
