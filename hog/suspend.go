package hog

import (
	"context"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

// The parts of the machine for runs that wait for the host.
type (
	// Outcome is how a run came to stop: with a value, or for a call that the host has to do.
	Outcome = vm.Outcome
	// Suspension is a run that waits for the result of a function of the host.
	Suspension = vm.Suspension
	// Chunk is a program that others import, see Env.Import.
	Chunk = vm.Chunk
)

// Start runs the program until it ends or calls a function of which Env.Async says that the host runs it outside the
// machine; sleep is always one. The outcome's Suspension then goes on with Resume, or is written down with State and
// resumed elsewhere. The error is an *Error.
func (p *Program) Start(ctx context.Context, env Env) (Outcome, error) {
	return p.machine.Start(ctx, env)
}

// Restore is the suspended run of a state that Suspension.State has given, here, in another process, or in the
// reference's machine. The programs of the run are in the state. A state is not trusted: a bad one is an error, and a run
// from it is bound by the limits as any other.
// Of the options, WithReferenceDefects alone has a meaning here, for states of the reference; those of ours know.
func Restore(state []byte, opts ...Option) (*Suspension, error) {
	return vm.Restore(state, library(), settingsOf(opts).Exact)
}

// Resume goes on with a run from its state and the result of the function that it waits for. Errors are an *Error.
func Resume(ctx context.Context, state []byte, env Env, result Value) (Outcome, error) {
	s, err := Restore(state)
	if err != nil {
		return Outcome{}, err
	}
	return s.Resume(ctx, env, result)
}

// RunAsync runs the program to its end and calls the functions in async, which may take their time, outside the machine:
// the time that they take does not count. It waits for sleep itself, unless async has a function of that name. A function
// that returns an error made by Throw throws it where the program called the function.
func (p *Program) RunAsync(ctx context.Context, env Env, async map[string]Func) (Value, error) {
	env.Async = asyncOf(env, async)
	out, err := p.Start(ctx, env)
	for err == nil && out.Suspension != nil {
		s := out.Suspension
		v, failure := waitFor(ctx, async, s.Function, s.Args)
		if failure != nil {
			out, err = s.Fail(ctx, env, failure)
		} else {
			out, err = s.Resume(ctx, env, v)
		}
	}
	return out.Value, err
}

// asyncOf reports the functions in async beside those that env names.
func asyncOf(env Env, async map[string]Func) func(name string) bool {
	known := env.Async
	return func(name string) bool { return async[name] != nil || known != nil && known(name) }
}

// waitFor calls a function that may take its time.
func waitFor(ctx context.Context, async map[string]Func, name string, args []Value) (Value, error) {
	switch f := async[name]; {
	case f != nil:
		return f(ctx, args)
	case name == "sleep":
		return sleep(ctx, args)
	}
	return Value{}, vm.Errorf(vm.KindName, "Invalid async function call: %s", name)
}

// sleep waits for a number of seconds.
func sleep(ctx context.Context, args []Value) (Value, error) {
	if len(args) == 0 {
		return Value{}, nil
	}
	seconds := vm.ToNumber(args[0])
	if !(seconds > 0) {
		return Value{}, nil
	}
	timer := time.NewTimer(time.Duration(min(seconds, 1e9) * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return Value{}, nil
	case <-ctx.Done():
		return Value{}, fmt.Errorf("sleep: %w", context.Cause(ctx))
	}
}

// Chunk is the program as one that others import, with the globals that it sees.
func (p *Program) Chunk(globals map[string]Value) Chunk {
	return Chunk{Program: p.machine, Globals: globals}
}
