package vm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/prickle-dev/prickle/hog/code"
)

// Program is a loaded program ready to run. It is immutable and safe for concurrent use.
type Program struct {
	code     *code.Program
	consts   []Value
	library  Library
	calls    []*Builtin // by index in code.Calls; nil where the library has no such function
	direct   []*Builtin // the same without those with a callback, see chunk.direct
	sleeps   bool       // whether it calls sleep by name
	defects  bool       // see WithReferenceDefects
	machines sync.Pool
}

// New prepares loaded bytecode to be run with a library.
func New(loaded *code.Program, library Library) *Program {
	p := &Program{code: loaded, library: library}
	for _, c := range loaded.Consts {
		p.consts = append(p.consts, constant(c))
	}
	for _, name := range loaded.Calls {
		b := library[name]
		p.calls = append(p.calls, b)
		if b != nil && b.Callback != NoCallback {
			b = nil
		}
		p.direct = append(p.direct, b)
	}
	p.sleeps = slices.Contains(loaded.Calls, "sleep")
	p.machines.New = func() any { return newMachine(p) }
	return p
}

func constant(c any) Value {
	switch c := c.(type) {
	case string:
		return String(c)
	case float64:
		return Number(c)
	case bool:
		return Bool(c)
	}
	return Value{}
}

// WithReferenceDefects makes the program run with the defects of the released reference that bytecode may count on,
// for an exact replay: captured variables that closures of later rounds share, null that counts as 0 in comparisons, and
// months of 30 days in dateDiff. It is for a program that nothing has run yet, which it returns.
func (p *Program) WithReferenceDefects() *Program {
	p.defects = true
	return p
}

// Code is the loaded bytecode.
func (p *Program) Code() *code.Program { return p.code }

// Run runs the program to its end: a call of a function that the host runs outside the machine is an error. The error
// is an *Error.
func (p *Program) Run(ctx context.Context, env Env) (result Value, err error) {
	m := p.machines.Get().(*machine)
	defer func() {
		if failure := failureOf(recover()); failure != nil {
			// The machine is in an unknown state, so it does not go back to the pool.
			result, err = Value{}, m.locate(failure)
			m.closeFrom(0)
		}
	}()
	m.reset(ctx, env)
	result, failure := m.drive()
	if failure != nil {
		if errors.Is(failure, errSuspended) {
			failure = unexpectedAsync(m.waiting.name)
		}
		result, err = Value{}, m.locate(failure)
	}
	m.release()
	p.machines.Put(m)
	return result, err
}

// failureOf is the error of a panic, or nil for none.
func failureOf(cause any) error {
	switch cause := cause.(type) {
	case nil:
		return nil
	case *Error:
		return cause
	}
	return errorf(KindInternal, "internal error: %s", fmt.Sprint(cause))
}
