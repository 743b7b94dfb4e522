package vm

import (
	"context"
	"fmt"
	"sync"

	"github.com/prickle-dev/prickle/hog/code"
)

// Program is a loaded program ready to run. It is immutable and safe for concurrent use.
type Program struct {
	code     *code.Program
	consts   []Value
	library  Library
	calls    []*Builtin // by index in code.Calls; nil where the library has no such function
	machines sync.Pool
}

// New prepares loaded bytecode to be run with a library.
func New(loaded *code.Program, library Library) *Program {
	p := &Program{code: loaded, library: library}
	for _, c := range loaded.Consts {
		p.consts = append(p.consts, constant(c))
	}
	for _, name := range loaded.Calls {
		p.calls = append(p.calls, library[name])
	}
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

// Code is the loaded bytecode.
func (p *Program) Code() *code.Program { return p.code }

// Run runs the program. The error is an *Error.
func (p *Program) Run(ctx context.Context, env Env) (result Value, err error) {
	m := p.machines.Get().(*machine)
	defer func() {
		if cause := recover(); cause != nil {
			// The machine is in an unknown state, so it does not go back to the pool.
			failure, ok := cause.(*Error)
			if !ok {
				failure = errorf(KindInternal, "internal error: %s", fmt.Sprint(cause))
			}
			result, err = Value{}, m.locate(failure)
		}
	}()
	m.reset(ctx, env)
	result, failure := m.run()
	if failure != nil {
		result, err = Value{}, m.locate(failure)
	}
	m.release()
	p.machines.Put(m)
	return result, err
}
