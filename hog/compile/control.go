package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

func (c *compiler) ifElse(s *ast.If) {
	c.operands(s, s.Cond)
	otherwise := c.jump(code.OpJumpIfFalse)
	c.stmt(s.Then)
	c.at(s)
	if s.Else == nil {
		c.land(otherwise)
		return
	}
	end := c.jump(code.OpJump)
	start := len(c.tokens)
	c.stmt(s.Else)
	if len(c.tokens) == start {
		// An else without code gets no jump over it.
		c.tokens, c.offsets = c.tokens[:end-1], c.offsets[:end-1]
		c.land(otherwise)
		return
	}
	c.tokens[otherwise] = int64(start - otherwise - 1)
	c.land(end)
}

func (c *compiler) while(s *ast.While) {
	start := len(c.tokens)
	c.operands(s, s.Cond)
	end := c.jump(code.OpJumpIfFalse)
	c.stmt(s.Body)
	c.at(s)
	c.jumpBack(start)
	c.land(end)
}

// loop emits for (init; cond; step). The step is compiled before the body, which is the order in which the reference
// numbers captured variables. The reference takes nothing for a missing
// condition and leaves the values of expressions in the head on the stack.
func (c *compiler) loop(s *ast.For) {
	if s.Init != nil {
		c.openScope()
		c.head(s.Init)
	}
	start := len(c.tokens)
	if s.Cond != nil {
		c.operands(s, s.Cond)
	} else if !c.opts.Exact {
		c.op(code.OpTrue)
	}
	var step piece
	if s.Step != nil {
		step = c.cut(func() { c.step(s.Step) })
	}
	c.at(s)
	end := c.jump(code.OpJumpIfFalse)
	c.stmt(s.Body)
	c.paste(step)
	c.at(s)
	c.jumpBack(start)
	c.land(end)
	if s.Init != nil {
		c.closeScope()
	}
}

// head emits the first or last part of a for.
func (c *compiler) head(s ast.Stmt) {
	if e, ok := s.(*ast.ExprStmt); ok && c.opts.Exact {
		c.expr(e.Expr)
		return
	}
	c.stmt(s)
}

func (c *compiler) step(s ast.Stmt) {
	if let, ok := s.(*ast.Let); ok && !c.opts.Exact {
		c.fail(let, "the step of `for` can not declare a variable", "assign to a variable that is declared before the loop")
		return
	}
	c.head(s)
}
