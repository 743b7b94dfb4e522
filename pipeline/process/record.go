package process

import (
	"math/bits"
	"slices"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Repeated stands among the names of transforms for the deduplication window, which drops what had been captured before. No name has parentheses.
const Repeated = "(repeated)"

// Erased stands there for what was captured of persons that were erased since.
const Erased = "(erased)"

// places notes which events of the frame in hand came to what, for the journal. Its slices are reused.
type places struct {
	now, events, lines int // the event in hand; how many there are; how many lines are no events

	repeated, erased bus.Places

	dropped []bus.Places // by transform
	to      []bus.Places // by route
	dead    map[string]bus.Some
	failed  map[string]bus.Some // conditions, by destination
}

func newPlaces(p *Pipeline) places {
	return places{
		dropped: make([]bus.Places, len(p.Chain)), to: make([]bus.Places, len(p.Routes)), dead: map[string]bus.Some{}, failed: map[string]bus.Some{},
	}
}

func (p *places) reset(events int) {
	for _, s := range [][]bus.Places{p.dropped, p.to} {
		for i := range s {
			s[i] = s[i][:0]
		}
	}
	p.repeated, p.erased = p.repeated[:0], p.erased[:0]
	clear(p.dead)
	clear(p.failed)
	p.now, p.events, p.lines = 0, events, 0
}

// die notes that the event in hand is a dead letter of a class, and notTo that a destination's condition failed on something made of it.
func (p *places) die(class string)         { p.note(p.dead, class) }
func (p *places) notTo(destination string) { p.note(p.failed, destination) }

func (p *places) note(in map[string]bus.Some, key string) {
	s := in[key]
	s.N++
	s.Of.Add(p.now)
	in[key] = s
}

// some makes n events of a frame with their places, which are left out when they are all.
func (p *places) some(n int64, of bus.Places) bus.Some {
	set := 0
	for _, b := range of {
		set += bits.OnesCount8(b)
	}
	if set == p.events {
		of = nil
	}
	return bus.Some{N: int(n), Of: slices.Clone(of)}
}

// record is the journal's record of the frame in hand.
func (l *laneWorker) record() *bus.Record {
	p, t, pl := &l.places, &l.tally, &l.stage.pipeline
	r := &bus.ProcessRecord{
		Pipeline: pl.Name, Lane: l.frame.Lane, Frame: l.frame.ID, Sequence: l.frame.Sequence, Again: l.again, In: p.events + p.lines, Out: int(t.out),
	}
	put := func(in *map[string]bus.Some, key string, s bus.Some) {
		if *in == nil {
			*in = map[string]bus.Some{}
		}
		(*in)[key] = s
	}
	if t.repeated > 0 {
		put(&r.Dropped, Repeated, p.some(t.repeated, p.repeated))
	}
	if t.erased > 0 {
		put(&r.Dropped, Erased, p.some(t.erased, p.erased))
	}
	for i, n := range t.dropped {
		if n > 0 {
			put(&r.Dropped, pl.Chain[i].Name, p.some(n, p.dropped[i]))
		}
	}
	for i, n := range t.copies {
		put(&r.To, pl.Routes[i].Destination, p.some(n, p.to[i]))
	}
	for class, s := range p.dead {
		put(&r.Dead, class, p.some(int64(s.N), s.Of))
	}
	for destination, s := range p.failed {
		put(&r.NotTo, destination, p.some(int64(s.N), s.Of))
	}
	if p.lines > 0 {
		put(&r.Dead, bus.ClassUnreadable, bus.Some{N: p.lines, Of: bus.Places{0}})
	}
	return &bus.Record{Process: r}
}
