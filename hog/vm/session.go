package vm

import (
	"context"
	"errors"
	"time"
)

// Session runs programs one after another on one stack, so that each sees the variables of those before it in its slots.
// It is not safe for concurrent use. The zero value is ready.
type Session struct {
	m    *machine
	busy bool
}

// Run runs the next program, which starts on the variables of those before it. When it ends before an instruction,
// declared tells from the token of that one how many slots hold variables then, and locals how many the programs after
// it count on. A program that fails leaves none of its own variables and all that were there. wait runs the functions that
// env.Async names and sleep; the time that they take does not count. Without it a call of one is an error.
func (s *Session) Run(
	ctx context.Context, p *Program, env Env, wait func(name string, args []Value) (Value, error), declared func(token int) int, locals int,
) (result Value, err error) {
	if s.busy {
		return Value{}, errorf(KindHost, "the session is running another input")
	}
	s.busy = true
	defer func() { s.busy = false }()
	m, height := s.next(p)
	m.resetOn(height, ctx, env)
	for _, c := range m.chunks {
		c.clear()
		c.link(&env)
	}
	keep := height
	defer func() {
		if failure := failureOf(recover()); failure != nil {
			result, err = Value{}, m.locate(failure)
			m.mend(height)
		}
		m.cut(keep)
		for err == nil && m.sp < locals {
			m.push(Value{})
		}
		m.handlers = m.handlers[:0]
		clear(m.stack[m.sp:])
	}()
	result, failure := m.drive()
	for wait != nil && errors.Is(failure, errSuspended) {
		result, failure = m.wait(wait)
	}
	if failure != nil {
		if errors.Is(failure, errSuspended) {
			failure = unexpectedAsync(m.waiting.name)
		}
		return Value{}, m.locate(failure)
	}
	keep = declared(p.code.Token(m.ip - 1))
	return result, nil
}

// wait calls the function that the run is suspended for, and goes on with what it gives.
func (m *machine) wait(f func(name string, args []Value) (Value, error)) (Value, error) {
	call := m.waiting
	m.waiting = nil
	m.startClock()
	started := time.Now()
	v, err := f(call.name, call.args)
	m.deadline = m.deadline.Add(time.Since(started))
	if err != nil {
		return m.proceed(hostError(call.name, err))
	}
	return m.proceed(m.answer(v))
}

// mend makes a machine that panicked one that the next program can run on, with the variables that were there.
func (m *machine) mend(height int) {
	m.appended, m.buffer, m.waiting = nil, nil, nil
	for m.sp < height {
		m.sp++ // what was popped is still in its slot
	}
}

// next makes the program the root of the session's machine.
func (s *Session) next(p *Program) (m *machine, height int) {
	if s.m == nil {
		s.m = newMachine(p)
		return s.m, 0
	}
	m = s.m
	if len(m.root.program.code.Functions) > 1 {
		m.addChunk(m.root) // values may hold its functions
	}
	m.root = newChunk(rootChunk, p)
	m.chunk = m.root
	return m, m.sp
}

// Slot is the value of a variable.
func (s *Session) Slot(i int) Value {
	if s.m == nil {
		return Value{}
	}
	return s.m.slot(i)
}
