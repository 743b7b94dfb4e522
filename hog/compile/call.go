package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// call emits a call by name. With two argument lists the second is emitted
// first and passed to what the first call returns.
func (c *compiler) call(e *ast.Call) {
	c.plainCall(e)
	if !e.Parametric {
		c.named(e, e.Args)
		return
	}
	c.operands(e, e.Args...)
	c.named(e, e.Params)
	c.op(code.OpCallLocal, int64(len(e.Args)))
}

func (c *compiler) named(e *ast.Call, args []ast.Expr) {
	c.warnLambda(args)
	if c.special(e, args) {
		return
	}
	c.operands(e, args...)
	c.at(e.Name)
	if v, ok := c.find(e.Name.Text); ok {
		c.load(v)
		c.op(code.OpCallLocal, int64(len(args)))
	} else {
		c.checkCall(e, args)
		c.op(code.OpCallGlobal, e.Name.Text, int64(len(args)))
	}
	c.at(e)
}

// warnLambda points at f(list, x -> e), which passes one function of two parameters.
func (c *compiler) warnLambda(args []ast.Expr) {
	if len(args) == 0 {
		return
	}
	fn, ok := args[len(args)-1].(*ast.Lambda)
	if !ok || len(fn.Params) < 2 || c.text.Body[fn.Span.Start] == '(' {
		return
	}
	last := fn.Params[len(fn.Params)-1].Text
	if _, isVariable := c.find(fn.Params[0].Text); isVariable {
		c.warn(fn, "lambda-arguments", "this is one function with several parameters, not several arguments", "write ("+last+") -> ... to pass it as an argument of its own")
	}
}

// special emits the calls that are operators in all but spelling. Variables do
// not shadow them.
func (c *compiler) special(e *ast.Call, args []ast.Expr) bool {
	n := len(args)
	switch name := e.Name.Text; {
	case name == "not" && n == 1:
		c.operands(e, args...)
		c.op(code.OpNot)
	case name == "and" && n >= 2:
		c.operands(e, args...)
		c.op(code.OpAnd, int64(n))
	case name == "or" && n >= 2:
		c.operands(e, args...)
		c.op(code.OpOr, int64(n))
	case name == "if" && (n == 2 || n == 3), name == "multiIf" && n >= 2:
		c.choose(e, args)
	case name == "ifNull" && n == 2:
		c.expr(args[0])
		c.at(e)
		notNull := c.jump(code.OpJumpIfStackNotNull)
		c.op(code.OpPop)
		c.expr(args[1])
		c.land(notNull)
	case name == "sql" && n == 1:
		c.tree(args[0])
	default:
		return false
	}
	return true
}

// choose emits condition and value pairs and the value that is left when no
// condition holds. The reference leaves nothing when that is missing.
func (c *compiler) choose(e *ast.Call, args []ast.Expr) {
	var ends []int
	for ; len(args) >= 2; args = args[2:] {
		c.expr(args[0])
		c.at(e)
		otherwise := c.jump(code.OpJumpIfFalse)
		c.expr(args[1])
		c.at(e)
		if len(args) > 2 || !c.opts.Exact {
			ends = append(ends, c.jump(code.OpJump))
		}
		c.land(otherwise)
	}
	if len(args) == 1 {
		c.expr(args[0])
	} else if !c.opts.Exact {
		c.op(code.OpNull)
	}
	for _, end := range ends {
		c.land(end)
	}
}
