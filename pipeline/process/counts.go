package process

import "sync/atomic"

// StepCounts counts what a transform did.
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
}
