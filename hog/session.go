package hog

import (
	"context"
	"slices"

	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/vm"
)

// Session evaluates one input after another; each sees the variables and functions of those before it. It is not safe
// for concurrent use.
type Session struct {
	settings compile.Options
	names    []string // of the variables by slot
	machine  vm.Session
}

// Variable is a variable of a session.
type Variable struct {
	Name  string
	Value Value
}

// NewSession is a session without variables.
func NewSession(opts ...Option) *Session { return &Session{settings: settingsOf(opts)} }

// Eval compiles and runs one input and returns the value of its last statement, if that is an expression, or that of a
// return. An input that fails declares nothing; variables of earlier inputs stay, with what was assigned to them before
// the failure. Errors are those of Compile and of Program.Run. The limits of env are for this input alone.
func (s *Session) Eval(ctx context.Context, name, text string, env Env) (Value, error) {
	return s.eval(ctx, name, text, env, nil)
}

// EvalAsync is Eval with the functions in async, which may take their time: the time that they take does not count. It waits
// for sleep itself, unless async has a function of that name.
func (s *Session) EvalAsync(ctx context.Context, name, text string, env Env, async map[string]Func) (Value, error) {
	env.Async = asyncOf(env, async)
	return s.eval(ctx, name, text, env, func(function string, args []Value) (Value, error) {
		return waitFor(ctx, async, function, args)
	})
}

func (s *Session) eval(ctx context.Context, name, text string, env Env, wait func(string, []Value) (Value, error)) (Value, error) {
	tree, err := parser.Program(source.New(name, text))
	if err != nil {
		return Value{}, err
	}
	in, _, err := compile.Session(tree, s.names, s.settings)
	if err != nil {
		return Value{}, err
	}
	program, err := load(in.Bytecode, s.settings.Exact)
	if err != nil {
		return Value{}, err
	}
	before := len(s.names)
	declared := func(token int) int { return in.Declared(token, before) }
	v, err := s.machine.Run(ctx, program, env, wait, declared, len(in.Locals))
	if err != nil {
		return Value{}, err
	}
	s.names = in.Locals
	return v, nil
}

// Variables is the variables in the order of their declaration, without those that later ones of the same name hide.
func (s *Session) Variables() []Variable {
	var list []Variable
	for i, name := range s.names {
		if !slices.Contains(s.names[i+1:], name) {
			list = append(list, Variable{Name: name, Value: s.machine.Slot(i)})
		}
	}
	return list
}
