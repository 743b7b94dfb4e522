package process

import (
	"slices"
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

	Steps    []OutcomeCounts // by transform; with Repeated and Erased they add up to Dropped, and with TooBig to Dead
	Routes   []RouteCounts   // by destination; Copies add up to Copies
	Repeated atomic.Int64    // events dropped because they had been captured before; Steps have the rest of Dropped
	Erased   atomic.Int64    // events dropped because their person was erased after they were captured
	TooBig   atomic.Int64    // events dead-lettered because the transforms made more of them than the bus takes

	// What was counted at transforms and destinations that the pipeline had before a reload and does not have now. It belongs to the sums.
	FormerSteps  OutcomeCounts
	FormerRoutes RouteCounts
}

func newCounts(p *Pipeline) *Counts {
	return &Counts{Frames: measure.Seconds(), Steps: make([]OutcomeCounts, len(p.Chain)), Routes: make([]RouteCounts, len(p.Routes))}
}

// Continue takes over the counters of the stage that this one replaces, which has ended. This one has not begun.
func (s *Stage) Continue(old *Stage) {
	old.replays.Lock() // until what a Replayer has in hand is counted
	defer old.replays.Unlock()
	old.ended = true
	s.counts.take(&s.pipeline, old.counts, &old.pipeline)
	s.replayed.take(&s.pipeline, old.replayed, &old.pipeline)
}

// take takes over the counters that another pipeline has counted with.
func (c *Counts) take(now *Pipeline, o *Counts, before *Pipeline) {
	for _, pair := range [][2]*atomic.Int64{
		{&c.In, &o.In}, {&c.Passed, &o.Passed}, {&c.Dropped, &o.Dropped}, {&c.Dead, &o.Dead}, {&c.Out, &o.Out}, {&c.Copies, &o.Copies},
		{&c.Unreadable, &o.Unreadable}, {&c.TooBig, &o.TooBig}, {&c.Repeated, &o.Repeated}, {&c.Erased, &o.Erased},
	} {
		pair[0].Store(pair[1].Load())
	}
	c.Frames = o.Frames
	c.FormerSteps.take(&o.FormerSteps)
	c.FormerRoutes.take(&o.FormerRoutes)
	for i := range o.Steps {
		c.step(now.Chain, before.Chain[i].Name).take(&o.Steps[i])
	}
	for i := range o.Routes {
		c.route(now.Routes, before.Routes[i].Destination).take(&o.Routes[i])
	}
}

func (c *Counts) step(chain Chain, name string) *OutcomeCounts {
	if i := slices.IndexFunc(chain, func(s Step) bool { return s.Name == name }); i >= 0 {
		return &c.Steps[i]
	}
	return &c.FormerSteps
}

func (c *Counts) route(routes []Route, destination string) *RouteCounts {
	if i := slices.IndexFunc(routes, func(r Route) bool { return r.Destination == destination }); i >= 0 {
		return &c.Routes[i]
	}
	return &c.FormerRoutes
}

func (c *OutcomeCounts) take(o *OutcomeCounts) {
	c.Dropped.Add(o.Dropped.Load())
	c.Dead.Add(o.Dead.Load())
}

func (c *RouteCounts) take(o *RouteCounts) {
	c.Copies.Add(o.Copies.Load())
	c.Dead.Add(o.Dead.Load())
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

// tally counts frames, so that what is worked again counts once. Its slices are reused.
type tally struct {
	in, repeated, erased, passed, out, unreadable, tooBig int64

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
	t.in, t.repeated, t.erased, t.passed, t.out, t.unreadable, t.tooBig = 0, 0, 0, 0, 0, 0, 0
}

func (t *tally) plus(o *tally) {
	for _, pair := range [][2][]int64{{t.dropped, o.dropped}, {t.dead, o.dead}, {t.copies, o.copies}, {t.conditions, o.conditions}} {
		for i, n := range pair[1] {
			pair[0][i] += n
		}
	}
	t.in += o.in
	t.repeated += o.repeated
	t.erased += o.erased
	t.passed += o.passed
	t.out += o.out
	t.unreadable += o.unreadable
	t.tooBig += o.tooBig
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
	c.Dropped.Add(t.repeated)
	c.Repeated.Add(t.repeated)
	c.Dropped.Add(t.erased)
	c.Erased.Add(t.erased)
	c.Out.Add(t.out)
	c.Unreadable.Add(t.unreadable)
}
