package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// Input is one input of a session: a program that sees the variables of the inputs before it and leaves its own on the
// stack. Its result is the value of its last statement, if that is an expression, or of a return.
type Input struct {
	code.Bytecode
	// Locals are the variables afterwards, by their slot. A later one hides an earlier one of the same name.
	Locals []string

	ends []end
}

// end is where a statement ends and how many variables there are then.
type end struct{ token, locals int }

// Session compiles one input of a session whose variables so far are given. Errors are a source.ErrorList.
func Session(tree *ast.Program, locals []string, opts Options) (Input, Info, error) {
	c := newCompiler(tree.Source, opts)
	for _, name := range locals {
		c.slot(name)
	}
	c.openScope()
	body, result := tree.Body, ast.Expr(nil)
	if n := len(body); n > 0 {
		if last, ok := body[n-1].(*ast.ExprStmt); ok {
			body, result = body[:n-1], last.Expr
		}
	}
	var in Input
	for _, s := range body {
		c.stmt(s)
		in.ends = append(in.ends, end{token: len(c.tokens), locals: len(c.fn.locals)})
	}
	c.value(result, result)
	for _, l := range c.fn.locals {
		in.Locals = append(in.Locals, l.name)
	}
	b, info, err := c.result()
	in.Bytecode = b
	return in, info, err
}

// Declared is how many of the input's variables exist when it ends at a token; before are those of earlier inputs.
func (in *Input) Declared(token, before int) int {
	for _, e := range in.ends {
		if e.token > token {
			break
		}
		before = e.locals
	}
	return before
}
