package bus

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// hand is the oldest frame that a lane of a pipeline is being worked at: when it was stored, in nanoseconds since 1970, or 0 for none. It is kept
// while the frame waits to be handed out again.
type hand struct {
	pipeline string
	stored   atomic.Int64
}

func (b *Bus) newHand(pipeline string) *hand {
	h := &hand{pipeline: pipeline}
	b.decoded.enter(pipeline)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hands = append(b.hands, h)
	return h
}

func (b *Bus) dropHand(h *hand) {
	b.decoded.leave(h.pipeline)
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.hands {
		if b.hands[i] == h {
			b.hands = append(b.hands[:i], b.hands[i+1:]...)
			return
		}
	}
}

// take notes a frame that has arrived, and done that it is settled.
func (h *hand) take(stored time.Time) { h.stored.Store(stored.UnixNano()) }
func (h *hand) done()                 { h.stored.Store(0) }

// OldestCaptured returns when the oldest frame was stored that this process is working at for a pipeline, of any lane. Frames are worked one
// after the other, so nothing that waits in those lanes is older. The zero time means that there is none.
func (b *Bus) OldestCaptured(pipeline string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	var oldest int64
	for _, h := range b.hands {
		if at := h.stored.Load(); h.pipeline == pipeline && at != 0 && (oldest == 0 || at < oldest) {
			oldest = at
		}
	}
	if oldest == 0 {
		return time.Time{}
	}
	return time.Unix(0, oldest)
}

// OldestDelivery returns when the first frame in a destination's queue was put up for delivery, of those that are due and of those that wait
// for another try. The zero time means that the queue is empty. It asks the server for the two frames.
func (b *Bus) OldestDelivery(ctx context.Context, pipeline, destination string) (time.Time, error) {
	if err := errors.Join(checkName("pipeline", pipeline), checkName("destination", destination)); err != nil {
		return time.Time{}, err
	}
	var oldest time.Time
	for _, subject := range []string{"deliver." + pipeline + "." + destination + ".*", "retry." + pipeline + "." + destination + ".>"} {
		m, err := b.deliver.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(b.subject(subject)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return time.Time{}, fmt.Errorf("oldest frame of %q: %w", subject, unavailable(err))
		}
		at := m.Time
		if first, err := time.Parse(time.RFC3339Nano, headerValue(m.Header, headerFirstAt)); err == nil {
			at = first
		}
		if oldest.IsZero() || at.Before(oldest) {
			oldest = at
		}
	}
	return oldest, nil
}
