package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// hold is what a Deliveries has of its lane: with an embedded server always all of it, with an outside one a tenure from time to time. It
// gives a lane up that is another's as soon as nothing of it is in hand, also while nobody fetches: a destination may be paused.
//
// Replayed frames follow the live ones: their hold has no tenure of its own, so that what is sent for a person comes from one process at a time.
type hold struct {
	of   *Deliveries
	lead *hold // of the live frames, for replayed ones

	mu       sync.Mutex
	tenure   *tenure // nil without the lane
	ready    bool    // it was taken over, and nothing has got lost since
	seen     uint64  // the disturbances until then
	busy     bool    // frames are in hand, or being fetched
	fetching bool
	closed   bool
	follower *Deliveries // the replayed frames, once there are some
}

// open begins to take part in the lanes of the destination, or to follow the live frames.
func (h *hold) open(d, lead *Deliveries) {
	h.of = d
	if lead != nil {
		h.lead = &lead.hold
		h.lead.follow(d)
	}
	if d.bus.cluster == nil {
		h.tenure = endless
		return
	}
	if lead == nil {
		d.bus.cluster.join(d.target.group())
	}
}

// follow makes d the replayed frames of the lane.
func (h *hold) follow(d *Deliveries) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.follower = d
}

// begin makes the lane ready for a fetch, and reports whether it is. It waits for the lane, as long as a fetch would for a frame.
func (h *hold) begin(ctx context.Context, wait time.Duration) (mine bool, err error) {
	if h.of.bus.cluster == nil {
		return true, nil
	}
	if h.lead != nil {
		return h.beginBehind()
	}
	h.mu.Lock()
	sound, busy := h.soundLocked(), h.busy
	if !sound && !busy {
		h.letGo()
	}
	moved := h.tenure != nil && over(h.tenure.moved)
	h.fetching = sound || !busy
	h.mu.Unlock()
	switch {
	case sound:
		return true, nil
	case busy && moved:
		return false, ErrMoved
	case busy:
		return false, ErrInterrupted
	}
	if mine, err = h.take(ctx, wait); !mine {
		h.fetched(0)
	}
	return mine, err
}

// sound reports whether the lane is this process's and nothing has got lost on the way.
func (h *hold) sound() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.soundLocked()
}

func (h *hold) soundLocked() bool {
	if h.of.bus.cluster == nil {
		return true
	}
	if h.lead != nil {
		return h.lead.sound() && h.ready
	}
	return h.tenure != nil && !over(h.tenure.moved) && h.of.bus.cluster.inTouch() && h.ready && h.seen == h.of.bus.disturbances()
}

// beginBehind makes replayed frames ready for a fetch, if the lane is this process's.
func (h *hold) beginBehind() (mine bool, err error) {
	t, busy := h.lead.lend()
	if t == nil {
		return false, nil // the live frames say more
	}
	h.mu.Lock()
	ready := h.tenure == t && h.ready && h.seen == h.of.bus.disturbances()
	h.mu.Unlock()
	switch {
	case ready:
		return true, nil
	case busy:
		err = ErrInterrupted
	default:
		mine, err = h.takeOver(t)
	}
	if !mine {
		h.fetched(0)
	}
	return mine, err
}

// lend keeps the lane for a fetch of what follows, until fetched, and returns nil when it is not to be had.
func (h *hold) lend() (t *tenure, busy bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.soundLocked() {
		return nil, false
	}
	h.fetching = true
	return h.tenure, h.busy
}

// take waits for the lane and takes over what has been handed out.
func (h *hold) take(ctx context.Context, wait time.Duration) (bool, error) {
	d := h.of
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	t, err := d.bus.claim(waiting, d.target)
	switch {
	case err != nil && ctx.Err() != nil:
		return false, fmt.Errorf("fetch from %q: %w", d.subject, context.Cause(ctx))
	case err != nil:
		return false, nil //nolint:nilerr // it is another's for as long as was to be waited
	}
	context.AfterFunc(t.moved, h.check)
	return h.takeOver(t)
}

// takeOver takes over what has been handed out of a lane that is this process's now.
func (h *hold) takeOver(t *tenure) (bool, error) {
	d := h.of
	seen := d.bus.disturbances()
	h.mu.Lock()
	h.tenure, h.ready, h.seen = t, false, seen
	h.mu.Unlock()
	consumer, err := d.bus.takeOver(t.moved, d.bus.deliver, d.config.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) { // a server that was killed may have lost it; the frames are there
		if _, err = d.bus.open(t.moved, d.bus.deliver, d.config, d.bus.reclaim); err == nil {
			consumer, err = d.bus.takeOver(t.moved, d.bus.deliver, d.config.Durable)
		}
	}
	switch {
	case over(t.moved):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("take %q over: %w", d.subject, err)
	}
	d.consumer, d.taken = consumer, consumer
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = true
	return true, nil
}

// fetched ends a fetch that brought so many frames.
func (h *hold) fetched(frames int) {
	if h.lead != nil {
		h.lead.fetched(frames)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fetching, h.busy = false, h.busy || frames > 0
	h.checkLocked()
}

// settled says that nothing is in hand.
func (h *hold) settled() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = false
	h.checkLocked()
}

func (h *hold) check() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checkLocked()
}

// checkLocked gives the lane up when it is another's and nothing of it is in hand.
func (h *hold) checkLocked() {
	if !h.busy && !h.fetching && h.tenure != nil && over(h.tenure.moved) {
		h.letGo()
	}
}

// letGo gives the lane up, if it is held.
func (h *hold) letGo() {
	if h.tenure == nil {
		return
	}
	if err := h.flush(); err != nil {
		h.of.bus.log.Warn("giving a lane up", "error", err) // the other process is handed out again what was settled
	}
	h.of.bus.release(h.tenure)
	h.tenure, h.ready = nil, false
}

// flush waits for the server to have seen to what was settled, unless it cannot be reached anyhow.
func (h *hold) flush() error {
	if h.tenure == nil || over(h.tenure.cut) {
		return nil
	}
	if h.follower != nil {
		return errors.Join(h.of.barrier(), h.follower.barrier())
	}
	return h.of.barrier()
}

// close gives the lane up for good.
func (h *hold) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	err := h.flush()
	if h.of.bus.cluster == nil || h.lead != nil {
		return err
	}
	if h.tenure != nil {
		h.of.bus.release(h.tenure)
		h.tenure, h.ready = nil, false
	}
	h.of.bus.cluster.leave(h.of.target.group())
	return err
}

// disturbed says that something that was handed out may have got lost.
func (h *hold) disturbed() {
	if h.of.bus.cluster == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ready {
		h.of.bus.log.Debug("a lane is begun anew", "lane", h.of.target.String())
	}
	h.ready = false
}

// severed reports whether nothing of the lane may be sent any more.
func (h *hold) severed() bool { return h.alive().Err() != nil }

func (h *hold) alive() context.Context {
	if t := h.now(); t != nil {
		return t.cut
	}
	return context.Background() // nothing is in hand
}

func (h *hold) now() *tenure {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tenure
}
