package bus

import (
	"context"
	"fmt"

	"github.com/prickle-dev/prickle/pipeline"
)

// recentFrames bounds how many frames are read, of all lanes, to know what was captured before a start.
const recentFrames = 10_000

// Repeats finds the events of a lane that were captured before: SDKs send again what they had no answer for, with the same UUID. It follows the
// log for one worker of the lane, and is used by one goroutine at a time. Its zero value is not usable; nil finds nothing.
type Repeats struct {
	bus  *Bus
	lane *recentLane
	pin  string
	last uint64 // sequence of the frame before, 0 when frames may have passed by
	keys []eventKey
	room []byte
}

// Repeats follows a lane. It is nil when Config.DedupWindow is 0.
func (b *Bus) Repeats(lane int) *Repeats {
	if b.config.DedupWindow == 0 {
		return nil
	}
	return &Repeats{bus: b, lane: &b.recent[lane]}
}

// Of tells which events of a frame, as a Subscriber delivered it and as it was decoded, are in the log at an earlier place, by their number; nil when none is. An event
// counts as repeated when its UUID, name and distinct id are. The answer is the same whenever the frame is delivered again, unless the window has
// gone by meanwhile. The first frame after a start, or after another process worked the lane, takes as long as reading what came before it. The
// result must not be changed.
func (r *Repeats) Of(ctx context.Context, at *Received, events []pipeline.Event) ([]bool, error) {
	if r == nil {
		return nil, nil
	}
	if r.last == 0 || at.worker != r.pin {
		if err := r.catchUp(ctx, at); err != nil {
			return nil, err
		}
		r.pin = at.worker
	}
	l := r.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	out, known := l.known(at)
	if !known {
		r.hash(events)
		out = l.find(r.keys, at)
	}
	if l.to >= r.last && l.to < at.Sequence { // nothing of the lane is between the frame before and this one
		l.to = at.Sequence
	}
	r.last = at.Sequence
	return out, nil
}

func (r *Repeats) hash(events []pipeline.Event) {
	r.keys = r.keys[:0]
	for i := range events {
		var k eventKey
		k, r.room = r.bus.hasher.key(&events[i], r.room)
		r.keys = append(r.keys, k)
	}
}

// catchUp reads what the window holds before a frame, and is not known yet.
func (r *Repeats) catchUp(ctx context.Context, at *Received) error {
	from, err := r.bus.sequenceAt(ctx, r.bus.events, at.Stored.Add(-r.bus.config.DedupWindow), at.Sequence)
	if err != nil {
		return err
	}
	if at.Sequence > recentFrames {
		from = max(from, at.Sequence-recentFrames)
	}
	l := r.lane
	l.mu.Lock()
	if l.to > 0 && l.from <= from && from <= l.to {
		from = min(l.to+1, at.Sequence)
	}
	l.mu.Unlock()
	err = r.bus.readLane(ctx, at.Lane, from, at.Sequence-1, func(f LogFrame) error {
		r.hash(f.Events)
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, k := range r.keys {
			l.note(k, placeOf(f.Sequence, i), f.Stored)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("what was captured before: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to == 0 || from > l.to+1 || at.Sequence < l.from {
		l.from, l.to = from, at.Sequence
	} else {
		l.from, l.to = min(l.from, from), max(l.to, at.Sequence)
	}
	return nil
}
