package hog

import (
	"context"
	"sync"

	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/stdlib"
	"github.com/prickle-dev/prickle/hog/vm"
)

// library is the functions of the language; it is read only.
var library = sync.OnceValue(stdlib.Library)

// Program is compiled or loaded code. It is immutable and may run in many goroutines at once.
type Program struct {
	machine  *vm.Program
	portable func() []byte
	warnings source.ErrorList
}

// emitter compiles a text with the given options of the compiler.
type emitter func(compile.Options) (code.Bytecode, compile.Info, error)

// Compile compiles a program. The name is used in errors, usually the file's. The error is a source.ErrorList with every
// fault found, each with its place.
func Compile(name, text string, opts ...Option) (*Program, error) {
	tree, err := parser.Program(source.New(name, text))
	if err != nil {
		return nil, err
	}
	return build(opts, func(o compile.Options) (code.Bytecode, compile.Info, error) {
		return compile.Program(tree, o)
	})
}

// CompileExpression compiles one expression, whose value is the result of the run. Errors are as in Compile.
func CompileExpression(name, text string, opts ...Option) (*Program, error) {
	tree, err := parser.Expression(source.New(name, text))
	if err != nil {
		return nil, err
	}
	return build(opts, func(o compile.Options) (code.Bytecode, compile.Info, error) {
		return compile.Expression(tree, o)
	})
}

// CompileTemplate compiles text with {expressions} in it. A template that is one expression alone keeps the type of its
// value; else the result is a string. Errors are as in Compile.
func CompileTemplate(name, text string, opts ...Option) (*Program, error) {
	tree, err := parser.Template(source.New(name, text))
	if err != nil {
		return nil, err
	}
	return build(opts, func(o compile.Options) (code.Bytecode, compile.Info, error) {
		return compile.Template(tree, o)
	})
}

// build compiles the form that this package runs, and, when Bytecode asks, the reference's, defects included.
func build(opts []Option, emit emitter) (*Program, error) {
	settings := settingsOf(opts)
	b, info, err := emit(settings)
	if err != nil {
		return nil, err
	}
	machine, err := load(b, settings.Exact)
	if err != nil {
		return nil, err
	}
	portable := sync.OnceValue(func() []byte {
		settings.Exact = true
		exact, _, err := emit(settings)
		if err != nil {
			return nil
		}
		return marshal(exact)
	})
	return &Program{machine: machine, portable: portable, warnings: info.Warnings}, nil
}

// load makes a program for the machine, with the defects of the reference if so wanted.
func load(b code.Bytecode, defects bool) (*vm.Program, error) {
	loaded, err := code.Load(b)
	if err != nil {
		return nil, err
	}
	machine := vm.New(loaded, library())
	if defects {
		machine = machine.WithReferenceDefects()
	}
	return machine, nil
}

// Load makes a program of portable bytecode, which may come from another compiler. It runs as written, token by token. Of
// the options, WithReferenceDefects alone has a meaning here.
func Load(bytecodeJSON []byte, opts ...Option) (*Program, error) {
	b, err := code.Decode(bytecodeJSON)
	if err != nil {
		return nil, err
	}
	machine, err := load(b, settingsOf(opts).Exact)
	if err != nil {
		return nil, err
	}
	portable := func() []byte { return marshal(b) }
	return &Program{machine: machine, portable: portable}, nil
}

func marshal(b code.Bytecode) []byte {
	data, err := b.MarshalJSON()
	if err != nil {
		return nil
	}
	return data
}

// Run runs the program and returns its value. It may be called by many goroutines at once; each call sees its own Env.
// The error is an *Error.
func (p *Program) Run(ctx context.Context, env Env) (Value, error) {
	return p.machine.Run(ctx, env)
}

// Globals is the first names of the globals that the program reads, sorted.
func (p *Program) Globals() []string {
	return p.machine.Code().Globals(func(name string) bool { return library()[name] != nil })
}

// Bytecode is the program as portable bytecode in JSON, token for token what the reference compiler writes. It is nil for
// a program with inf or nan in it, which JSON cannot hold.
func (p *Program) Bytecode() []byte { return p.portable() }

// Warnings is what the compiler found legal and hardly meant.
func (p *Program) Warnings() source.ErrorList { return p.warnings }
