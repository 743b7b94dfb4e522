package exprs

import (
	"strings"
	"sync"

	"github.com/expr-lang/expr/vm"

	"github.com/prickle-dev/prickle/pipeline"
)

// program is a compiled expression with the machines that run it.
type program struct {
	code     pipeline.Code
	compiled *vm.Program
	pool     *sync.Pool
}

func newProgram(code pipeline.Code, compiled *vm.Program) program {
	return program{code, compiled, &sync.Pool{New: func() any { return new(vm.VM) }}}
}

// run evaluates the program in an environment, as eventOf knows them.
func (p program) run(env any) (any, error) {
	m := p.pool.Get().(*vm.VM)
	v, err := m.Run(p.compiled, env)
	// What lies above the top of the stack would keep the event's frame in memory until the next run.
	clear(m.Stack[:cap(m.Stack)])
	clear(m.Variables)
	p.pool.Put(m)
	if err != nil {
		return nil, runError(p.code, err)
	}
	return v, nil
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }
