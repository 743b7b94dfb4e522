package bus

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// trimmer makes room in a full EVENTS stream by removing the oldest frames that every pipeline is done with. Waiting for them to reach
// Config.Retain would refuse new events for the sake of old ones that have arrived already.
type trimmer struct {
	mu     sync.Mutex
	failed time.Time
}

const (
	// trimPause keeps a stream that could not be trimmed from being asked about at every frame.
	trimPause = time.Second
	// trimPart of the stream's messages is removed at a time, so that replays lose as little as possible.
	trimPart = 20
)

// trim reports whether it made room.
func (t *trimmer) trim(ctx context.Context, b *Bus) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if time.Since(t.failed) < trimPause {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	frames, err := trimEvents(ctx, b.events)
	if err != nil {
		b.log.Warn("stream EVENTS is full and cannot be trimmed", "error", err)
	}
	if frames == 0 {
		t.failed = time.Now()
		return false
	}
	b.log.Debug("stream EVENTS is full: removed the oldest frames, which every pipeline has processed", "frames", frames)
	return true
}

func trimEvents(ctx context.Context, events jetstream.Stream) (frames uint64, err error) {
	info, err := events.Info(ctx)
	if err != nil || info.State.Msgs == 0 {
		return 0, err
	}
	done, err := doneByAll(ctx, events, info.State.LastSeq)
	if err != nil {
		return 0, err
	}
	first := info.State.FirstSeq
	end := min(done+1, first+info.State.Msgs/trimPart+1) // the first that stays
	if end <= first {
		return 0, nil
	}
	return end - first, events.Purge(ctx, jetstream.WithPurgeSequence(end))
}

// doneByAll is the sequence up to which every pipeline has processed EVENTS, 0 when there is no pipeline. last is the stream's last
// sequence, read before: a consumer of a quiet lane that has nothing left is done with all of it.
func doneByAll(ctx context.Context, events jetstream.Stream, last uint64) (uint64, error) {
	list := events.ListConsumers(ctx)
	done, found := last, false
	for info := range list.Info() {
		if info.Config.Durable == "" {
			continue // someone's tail
		}
		found = true
		if info.NumPending > 0 || info.NumAckPending > 0 {
			done = min(done, floor(info))
		}
	}
	if !found {
		return 0, list.Err()
	}
	return done, list.Err()
}
