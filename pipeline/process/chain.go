package process

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/prickle-dev/prickle/pipeline"
)

// OnError says what becomes of an event whose transform failed.
type OnError string

// The choices of a transform's on_error setting.
const (
	DeadLetter OnError = "dead_letter" // the default: the captured event goes to the dead letters and nothing goes on
	Drop       OnError = "drop"        // the event is dropped and counted
	Keep       OnError = "keep"        // the event goes on as it was before this transform
)

// Step is one transform of a pipeline under its name in the configuration.
type Step struct {
	Name      string
	OnError   OnError
	Transform pipeline.Transform
	Counts    *StepCounts // shared with whoever shows them; never nil
}

// StepError is the failure of a transform on an event.
type StepError struct {
	Step string
	Err  error
}

// Error is "transform NAME: cause".
func (e *StepError) Error() string { return fmt.Sprintf("transform %q: %v", e.Step, e.Err) }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// Chain is a pipeline's transforms in order.
type Chain []Step

// Scratch holds the slices that Chain.Run works in, so that a run allocates nothing. It belongs to one goroutine; the zero value is ready.
type Scratch struct {
	from, to []pipeline.Event
	ended    int // index of the step after which nothing was left, or which failed
}

// Run takes e through the chain and returns what came out: none, one or several events, valid until the scratch is used again. An error is a
// *StepError of a transform whose on_error is dead_letter, or ctx's error; nothing of the event may then go on.
func (c Chain) Run(ctx context.Context, e pipeline.Event, s *Scratch) ([]pipeline.Event, error) {
	s.from = append(s.from[:0], e)
	for i := range c {
		var err error
		s.to = s.to[:0]
		for j := range s.from {
			if s.to, err = c[i].apply(ctx, s.from[j], s.to); err != nil {
				s.ended = i
				return nil, err
			}
		}
		s.from, s.to = s.to, s.from
		if len(s.from) == 0 {
			s.ended = i
			break
		}
	}
	return s.from, nil
}

func (s *Step) apply(ctx context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	n := len(out)
	after, err := safely(ctx, s.Transform, e, out)
	if err == nil {
		if len(after) == n {
			s.Counts.Dropped.Add(1)
		}
		return after, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.Counts.Failed.Add(1)
	switch s.OnError {
	case Drop:
		s.Counts.Dropped.Add(1)
		return out[:n], nil
	case Keep:
		return append(out[:n], e), nil
	default:
		return nil, &StepError{Step: s.Name, Err: err}
	}
}

var errPanic = errors.New("panic")

// safely turns a transform's panic into an error, so that a bug in one costs one event.
func safely(ctx context.Context, t pipeline.Transform, e pipeline.Event, out []pipeline.Event) (after []pipeline.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return t.Apply(ctx, e, out)
}
