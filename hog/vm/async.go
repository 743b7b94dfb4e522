package vm

import (
	"context"
	"errors"
	"time"
)

// Outcome is how a run came to stop: with a value, or for a call that the host has to do.
type Outcome struct {
	// Value is the program's result when Suspension is nil.
	Value Value
	// Suspension is the run that waits for the host, or nil when it has ended.
	Suspension *Suspension
}

// Suspension is a run that waits for the result of a function that the host runs outside the machine. It goes on once.
type Suspension struct {
	// Function is the name of the function.
	Function string
	// Args are its arguments. They are the host's: the program does not see changes.
	Args []Value

	m *machine // nil once the run has gone on
}

// asyncCall is a call of a function that the host runs outside the machine.
type asyncCall struct {
	name string
	args []Value
}

// errSuspended ends the loop for a call that the host has to do.
var errSuspended = errorf(KindInternal, "the run is suspended")

// errResumed is the error of a suspension that is used again.
var errResumed = errorf(KindHost, "the run has gone on already: a suspension can be resumed once")

// asyncName reports the functions that suspend a run. The language has sleep, all others are the host's.
func (e *Env) asyncName(name string) bool {
	return name == "sleep" || e.Async != nil && name != "toString" && e.Async(name)
}

// suspend stops the run for a call with the n values on top.
func (m *machine) suspend(name string, n int) error {
	if m.asyncSteps >= m.limits.AsyncSteps && m.limits.AsyncSteps >= 0 {
		return errorf(KindAsyncSteps, "Exceeded maximum number of async steps: %d", m.limits.AsyncSteps)
	}
	m.asyncSteps++
	args, err := m.copied(m.stack[m.sp-n : m.sp])
	if err != nil {
		return err
	}
	m.cut(m.sp - n)
	m.waiting = &asyncCall{name: name, args: args}
	return errSuspended
}

// copied is copies of values for the host, which share what the values share. They take no more than the values alive
// do, and the host drops them before the next ones are made, so they count as work and not against the memory limit.
func (m *machine) copied(values []Value) ([]Value, error) {
	list := NewArray(values...)
	_, work := sizeOf(list)
	if err := m.burnBytes(work - shallow(list)); err != nil { // without the list itself
		return nil, err
	}
	return Copy(list).array().Items, nil
}

func unexpectedAsync(name string) error {
	return errorf(KindName, "Unexpected async function call: %s", name)
}

// Start runs the program until it ends or calls a function that the host runs outside the machine. The error is an
// *Error.
func (p *Program) Start(ctx context.Context, env Env) (Outcome, error) {
	m := p.machines.Get().(*machine)
	m.reset(ctx, env)
	return m.advance(func() error { return nil })
}

// Resume goes on with the result of the function, which the program owns from now on. The env need not be the one before;
// what its limits count goes on from where it stood. The error is an *Error.
func (s *Suspension) Resume(ctx context.Context, env Env, result Value) (Outcome, error) {
	return s.next(ctx, env, func(m *machine) error { return m.answer(result) })
}

// Fail goes on with the failure of the function. An error made by Throw is thrown where the program called the function,
// so that it can catch it; any other ends the run.
func (s *Suspension) Fail(ctx context.Context, env Env, err error) (Outcome, error) {
	return s.next(ctx, env, func(*machine) error { return hostError(s.Function, err) })
}

func (s *Suspension) next(ctx context.Context, env Env, answer func(*machine) error) (Outcome, error) {
	m := s.m
	if m == nil {
		return Outcome{}, errResumed
	}
	s.m = nil
	m.waiting = nil
	m.reopen(ctx, env)
	return m.advance(func() error {
		if len(m.frames) > m.limits.Depth && m.limits.Depth >= 0 {
			return m.tooDeep()
		}
		if m.limits.Memory >= 0 {
			if err := m.makeRoom(0); err != nil {
				return err
			}
		}
		return answer(m)
	})
}

// reopen gives a suspended run its new context and env.
func (m *machine) reopen(ctx context.Context, env Env) {
	m.ctx, m.env = ctx, env
	m.setLimits(env.Limits)
	m.granted, m.fuel, m.work = 0, 0, 0
	m.grant()
	m.root.relink(&env)
	for _, c := range m.chunks {
		c.relink(&env)
	}
}

// answer gives the result of the host to the innermost frame.
func (m *machine) answer(result Value) error {
	if native := m.frames[len(m.frames)-1].native; native != nil {
		return m.resume(native, result)
	}
	m.push(result)
	return m.chargeDeep(result)
}

// advance does the first step and all that follow until the run ends or waits again.
func (m *machine) advance(first func() error) (out Outcome, err error) {
	defer func() {
		if failure := failureOf(recover()); failure != nil {
			// The machine is in an unknown state, so it does not go back to the pool.
			out, err = Outcome{}, m.locate(failure)
			m.closeFrom(0)
		}
	}()
	started := time.Now()
	if m.limits.Time >= 0 {
		m.deadline = started.Add(m.limits.Time - m.spent)
	}
	v, failure := m.proceed(first())
	m.spent += time.Since(started)
	if errors.Is(failure, errSuspended) {
		m.steps = m.performed()
		call := m.waiting
		return Outcome{Suspension: &Suspension{Function: call.name, Args: call.args, m: m}}, nil
	}
	if failure != nil {
		v, err = Value{}, m.locate(failure)
	}
	m.release()
	m.root.program.machines.Put(m)
	return Outcome{Value: v}, err
}

// proceed runs on after a step that gave an error or none.
func (m *machine) proceed(err error) (Value, error) {
	if err != nil {
		err = m.catch(err)
	}
	if err != nil && !errors.Is(err, errSwitch) {
		return Value{}, err
	}
	return m.drive()
}
