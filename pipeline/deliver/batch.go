package deliver

import (
	"slices"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// batch is frames in hand and all their events that are to be sent in a row.
type batch struct {
	frames []frame
	events []pipeline.Event
	bytes  int
	beaten time.Time     // when the bus last heard of all frames
	took   time.Duration // by the attempt

	mu      sync.Mutex
	settled int // how many frames are settled or being settled
}

// frame is a delivery and where its events stand in the batch.
type frame struct {
	delivery delivery
	content  bus.Frame
	known    []result // of its events, from an earlier time; nil when nothing is
	lines    bool     // what is no event is in the dead letters since an earlier time
	from, to int
}

// result is what became of an event.
type result struct {
	final bool
	err   error  // why it is owed to the dead letters; nil when it is delivered or there
	class string // of the letter, when it is there
}

// add takes a frame in. An event whose result is known from an earlier time is not sent again.
func (b *batch) add(d delivery, known remembered) {
	if i := slices.IndexFunc(b.frames, func(f frame) bool { return f.delivery.Sequence() == d.Sequence() }); d.Attempts() > 1 && i >= 0 {
		b.frames[i].delivery = d // handed out again while it was in hand
		return
	}
	f := frame{delivery: d, from: len(b.events)}
	if known.results == nil {
		f.content = d.FrameIn(b.room())
	} else {
		f.content = d.Frame() // in memory of its own: not all of it may be sent
	}
	if len(known.results) == len(f.content.Events) {
		f.known, f.lines = known.results, known.lines
	}
	b.append(f.content.Events, f.known)
	for i := range b.events[f.from:] {
		b.bytes += b.events[f.from+i].Size()
	}
	f.to = len(b.events)
	b.frames = append(b.frames, f)
}

// append adds the events of which nothing final is known. It makes room for as many again: growing by less would copy events, which are large, more often.
func (b *batch) append(events []pipeline.Event, known []result) {
	if len(events) == 0 {
		return
	}
	if room := b.room(); known == nil && cap(room) >= len(events) && &room[:1][0] == &events[0] {
		b.events = b.events[:len(b.events)+len(events)] // they were decoded there
		return
	}
	if len(b.events)+len(events) > cap(b.events) {
		b.events = slices.Grow(b.events, max(len(events), len(b.events)))
	}
	for i := range events {
		if known == nil || !known[i].final {
			b.events = append(b.events, events[i])
		}
	}
}

// rooms are those of events that were delivered, for the next ones of all lanes. A destination keeps none of what it was sent.
var rooms = sync.Pool{New: func() any { return new([]pipeline.Event) }}

// largestRoom bounds what is kept, in events.
const largestRoom = 20_000

// room is where the next events would be.
func (b *batch) room() []pipeline.Event {
	if b.events == nil {
		b.events = (*rooms.Get().(*[]pipeline.Event))[:0]
	}
	return b.events[len(b.events):]
}

// recycle gives the events' room to the next batch. All are delivered, and nothing but the settling of the frames is left to do.
func (b *batch) recycle() {
	room := b.events
	b.events = nil
	if clear(room); 0 < cap(room) && cap(room) <= largestRoom {
		rooms.Put(&room)
	}
}

// results joins what is known with what sending met. errs is by the batch's events; nil means that all are delivered.
func (f *frame) results(errs []error) []error {
	if f.known == nil {
		if errs == nil {
			return nil
		}
		return errs[f.from:f.to]
	}
	out := make([]error, len(f.content.Events))
	next := f.from
	for i, k := range f.known {
		switch {
		case k.final:
			continue // nothing is owed any more
		case errs != nil:
			out[i] = errs[next]
		}
		next++
	}
	return out
}

// settle returns the next frame to settle, which gets no more signs of life: about a frame that has been put off they would mean
// something else.
func (b *batch) settle() *frame {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.settled == len(b.frames) {
		return nil
	}
	b.settled++
	return &b.frames[b.settled-1]
}

// inProgress tells the bus that the frames are still being worked.
func (b *batch) inProgress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := b.settled; i < len(b.frames); i++ {
		_ = b.frames[i].delivery.InProgress() // at worst the frame is delivered again
	}
}

// beat calls inProgress every so often until the returned function is called.
func (b *batch) beat(every time.Duration) (stop func()) {
	var mu sync.Mutex
	var timer *time.Timer
	stopped := false
	mu.Lock()
	defer mu.Unlock()
	timer = time.AfterFunc(every, func() {
		mu.Lock()
		defer mu.Unlock()
		if !stopped {
			b.inProgress()
			timer.Reset(every)
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}
