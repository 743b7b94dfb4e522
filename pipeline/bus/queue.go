package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Queue reads what one lane of a destination has to deliver: live frames (DeliverTopic) first, and replayed ones (ReplayTopic) while there is no
// live one. It is used by one goroutine at a time.
//
// A replay of millions of events therefore delays a live one by no more than the call of Send in hand. The two kinds are consumers of their
// own, so a replayed frame that has to wait for its next try is in no live frame's way either. Between the kinds there is no order.
//
// Of several processes, the one that works a lane's live frames works its replayed ones too (hold), so that what is sent for a person comes from one
// process at a time.
type Queue struct {
	target   workLane
	live     *Deliveries
	replayed *Deliveries // nil until there is something in it
	inFlight int
	busy     bool // there was a replayed frame last time
}

// Queue opens a lane of a destination, as Deliveries does. Each kind of frames may have inFlight of them handed out and not settled.
func (b *Bus) Queue(ctx context.Context, pipeline, destination string, lane, inFlight int) (*Queue, error) {
	live, err := b.Deliveries(ctx, pipeline, destination, lane, inFlight)
	if err != nil {
		return nil, err
	}
	return &Queue{target: live.target, live: live, inFlight: inFlight}, nil
}

// Fetch is Deliveries.Fetch. All frames of one call are of one kind.
func (q *Queue) Fetch(ctx context.Context, limit FetchLimit) ([]*Delivery, error) {
	for end := time.Now().Add(limit.Wait); ; {
		live := limit
		live.Wait = min(time.Until(end), longestWait)
		if q.busy {
			live.Wait = shortestWait
		}
		got, err := q.live.Fetch(ctx, live)
		if err != nil || len(got) > 0 {
			return got, err
		}
		got, err = q.fetchMore(ctx, limit)
		if err != nil || len(got) > 0 || !time.Now().Before(end) {
			return got, err
		}
	}
}

// Settled is Deliveries.Settled, for both kinds.
func (q *Queue) Settled() { q.live.Settled() }

// Alive is Deliveries.Alive, for both kinds.
func (q *Queue) Alive() context.Context { return q.live.Alive() }

// Close is Deliveries.Close, for both kinds.
func (q *Queue) Close() error {
	if q.replayed == nil {
		return q.live.Close()
	}
	return errors.Join(q.replayed.Close(), q.live.Close())
}

// fetchMore takes replayed frames that are there, after it has made sure that no live one is. While nothing is replayed, it costs no request.
func (q *Queue) fetchMore(ctx context.Context, limit FetchLimit) ([]*Delivery, error) {
	b, busy := q.live.bus, q.busy
	q.busy = false
	if !q.live.hold.sound() || !busy && !b.waiting.inReplay(ctx, b, b.subject(ReplayTopic(q.target.pipeline, q.target.destination, q.target.lane))) {
		return nil, nil
	}
	info, err := q.live.consumer.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch from %q: %w", q.live.subject, unavailable(err))
	}
	if info.NumPending > 0 {
		// A server that has much to do answers a short request with "nothing" before it has looked.
		limit.Wait = longestWait
		if got, err := q.live.Fetch(ctx, limit); err != nil || len(got) > 0 {
			return got, err
		}
	}
	got, err := q.fetchReplayed(ctx, limit)
	q.busy = len(got) > 0
	return got, err
}

func (q *Queue) fetchReplayed(ctx context.Context, limit FetchLimit) (got []*Delivery, err error) {
	if q.replayed == nil {
		if q.replayed, err = q.live.bus.openDeliveries(ctx, q.target, q.inFlight, q.live); err != nil {
			return nil, err
		}
	}
	limit.Wait = 0
	return q.replayed.Fetch(ctx, limit)
}

// waiting knows by which topics replayed frames wait. It is asked by every lane of every destination, and asks the server at most once in
// waitingAge, so that a project which replays nothing does not pay for it.
type waiting struct {
	turn   sync.Mutex // of the one who asks
	asked  time.Time
	frames atomic.Pointer[map[string]uint64]
}

const waitingAge = time.Second

func (w *waiting) inReplay(ctx context.Context, b *Bus, subject string) bool {
	if w.turn.TryLock() {
		if time.Since(w.asked) >= waitingAge {
			w.ask(ctx, b)
		}
		w.turn.Unlock()
	}
	frames := w.frames.Load()
	return frames != nil && (*frames)[subject] > 0
}

func (w *waiting) ask(ctx context.Context, b *Bus) {
	info, err := b.deliver.Info(ctx, jetstream.WithSubjectFilter(b.subject("replay.*.*.*")))
	switch {
	case err == nil:
		w.frames.Store(&info.State.Subjects)
	case !errors.Is(err, context.Canceled):
		b.log.Debug("looking for replayed frames", "error", err) // they wait for the next look
	}
	w.asked = time.Now()
}
