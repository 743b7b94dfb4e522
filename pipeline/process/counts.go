package process

import (
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline/measure"
)

// StepCounts counts what a transform did. Unlike Counts it also counts what was done in vain, on a frame that has to be worked again.
type StepCounts struct {
	Dropped atomic.Int64 // events that ended here on purpose, on_error: drop included
	Failed  atomic.Int64 // errors, whatever on_error made of them
}

// Counts counts what became of the captured events that a pipeline read since it was made: In = Passed + Dropped + Dead, always, once
// the event being worked on is done.
type Counts struct {
	In      atomic.Int64 // events read from the stream
	Passed  atomic.Int64 // events of which at least one came through the transforms
	Dropped atomic.Int64 // events of which none did, on purpose
	Dead    atomic.Int64 // events dead-lettered by this stage
	Out     atomic.Int64 // events that came through; more than Passed when a transform makes several of one
	Copies  atomic.Int64 // events handed to destinations, one for each destination that wants one

	Unreadable atomic.Int64       // lines of frames that were no events, which are dead-lettered and in none of the above
	Frames     *measure.Histogram // how long a frame takes, until everything made of it is stored

	Steps  []OutcomeCounts // by transform; they add up to Dropped, and with TooBig to Dead
	Routes []RouteCounts   // by destination; Copies add up to Copies
	TooBig atomic.Int64    // events dead-lettered because the transforms made more of them than the bus takes
}

// OutcomeCounts counts the captured events that ended at one transform.
type OutcomeCounts struct {
	Dropped atomic.Int64 // the last of what was made of them was dropped here
	Dead    atomic.Int64
}

// RouteCounts counts what became of the transformed events at one destination's condition.
type RouteCounts struct {
	Copies atomic.Int64 // handed to the destination
	Dead   atomic.Int64 // dead-lettered because the condition failed
}

// tally counts one frame, so that a frame which is worked again counts once. Its slices are reused.
type tally struct {
	in, passed, out, unreadable, tooBig int64

	dropped, dead      []int64 // by transform
	copies, conditions []int64 // by route
}

func newTally(p *Pipeline) tally {
	return tally{
		dropped: make([]int64, len(p.Chain)), dead: make([]int64, len(p.Chain)),
		copies: make([]int64, len(p.Routes)), conditions: make([]int64, len(p.Routes)),
	}
}

func (t *tally) reset() {
	for _, s := range [][]int64{t.dropped, t.dead, t.copies, t.conditions} {
		clear(s)
	}
	t.in, t.passed, t.out, t.unreadable, t.tooBig = 0, 0, 0, 0, 0
}

func (t *tally) add(c *Counts) {
	for i := range c.Steps {
		c.Steps[i].Dropped.Add(t.dropped[i])
		c.Steps[i].Dead.Add(t.dead[i])
		c.Dropped.Add(t.dropped[i])
		c.Dead.Add(t.dead[i])
	}
	for i := range c.Routes {
		c.Routes[i].Copies.Add(t.copies[i])
		c.Routes[i].Dead.Add(t.conditions[i])
		c.Copies.Add(t.copies[i])
	}
	c.In.Add(t.in)
	c.Passed.Add(t.passed)
	c.Dead.Add(t.tooBig)
	c.TooBig.Add(t.tooBig)
	c.Out.Add(t.out)
	c.Unreadable.Add(t.unreadable)
}
