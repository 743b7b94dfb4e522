package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// call emits a call by name. With two argument lists the second is emitted
// first and passed to what the first call returns, which is compiled before it.
// The reference takes only the second for that of a special call, and then
// drops the first.
func (c *compiler) call(e *ast.Call) {
	c.plainCall(e)
	switch {
	case !e.Parametric:
		c.named(e, e.Args)
	case c.opts.Exact && c.special(e, e.Args):
	default:
		first := c.cut(func() {
			if c.opts.Exact {
				c.byName(e, e.Params)
			} else {
				c.named(e, e.Params)
			}
		})
		c.operands(e, e.Args...)
		c.paste(first)
		c.op(code.OpCallLocal, int64(len(e.Args)))
	}
}

func (c *compiler) named(e *ast.Call, args []ast.Expr) {
	c.warnLambda(args)
	if !c.special(e, args) {
		c.byName(e, args)
	}
}

// byName emits a call of a variable or of a global function.
func (c *compiler) byName(e *ast.Call, args []ast.Expr) {
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
	case name == "if" && n > 3 && c.opts.Exact:
		c.choose(e, args[:2]) // the reference drops what does not fit
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
	emit := c.lastFirst(args)
	var ends []int
	for ; len(emit) >= 2; emit = emit[2:] {
		emit[0]()
		c.at(e)
		otherwise := c.jump(code.OpJumpIfFalse)
		emit[1]()
		c.at(e)
		if len(emit) > 2 || !c.opts.Exact {
			ends = append(ends, c.jump(code.OpJump))
		}
		c.land(otherwise)
	}
	if len(emit) == 1 {
		emit[0]()
	} else if !c.opts.Exact {
		c.op(code.OpNull)
	}
	for _, end := range ends {
		c.land(end)
	}
}

// lastFirst returns what emits the arguments of a choice. When there is more than one condition, they have been compiled
// from the last pair to the first, which is the order in which the reference numbers captured variables.
func (c *compiler) lastFirst(args []ast.Expr) []func() {
	emit := make([]func(), len(args))
	if len(args) <= 3 {
		for i, arg := range args {
			emit[i] = func() { c.expr(arg) }
		}
		return emit
	}
	for end := len(args); end > 0; {
		start := (end - 1) / 2 * 2
		for i, arg := range args[start:end] {
			p := c.cut(func() { c.expr(arg) })
			emit[start+i] = func() { c.paste(p) }
		}
		end = start
	}
	return emit
}
