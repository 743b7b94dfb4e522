package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// try emits the body under a handler, and the catch sections behind it. The
// handler's distance counts from its operand, unlike that of jumps.
func (c *compiler) try(s *ast.Try) {
	if s.Finally != nil {
		c.fail(s.Finally, "finally blocks are not yet supported", "put the code after the try statement")
		return
	}
	if len(s.Catches) == 0 {
		c.fail(s, "try statement must have at least one catch block", "add catch (e) { ... }")
		return
	}
	handler := c.jump(code.OpTry)
	c.block(s.Body)
	c.at(s)
	c.op(code.OpPopTry)
	done := c.jump(code.OpJump)
	c.tokens[handler] = int64(len(c.tokens) - handler)
	c.catches(s)
	c.land(done)
}

// catches emits the sections. The machine has put the error on the stack, where
// it is the variable e; its type becomes the variable type.
func (c *compiler) catches(s *ast.Try) {
	c.openScope()
	e := c.slot("e")
	c.op(code.OpGetLocal, int64(e))
	c.op(code.OpString, "type")
	c.op(code.OpGetProperty)
	typ := c.slot("type")
	var ends []int
	for _, clause := range s.Catches {
		ends = append(ends, c.catch(clause, e, typ))
	}
	c.at(s)
	c.op(code.OpPop)
	c.op(code.OpThrow)
	for _, end := range ends {
		c.land(end)
	}
	c.closeScope()
}

// catch emits one section and returns the jump that leaves it. The reference
// makes the test of a typed section jump one short when the section has a
// variable of its own.
func (c *compiler) catch(clause ast.Catch, e, typ int) int {
	c.at(clause)
	typed := clause.Type != nil && clause.Type.Text != "Error"
	mismatch := 0
	if typed {
		c.op(code.OpString, clause.Type.Text)
		c.op(code.OpGetLocal, int64(typ))
		c.op(code.OpEq)
		mismatch = c.jump(code.OpJumpIfFalse)
	}
	c.openScope()
	if clause.Var != nil && clause.Var.Text != "e" {
		c.op(code.OpGetLocal, int64(e))
		c.declare(*clause.Var)
	}
	c.block(clause.Body)
	c.at(clause)
	pops := c.closeScope()
	end := c.jump(code.OpJump)
	if typed {
		c.land(mismatch)
		if c.opts.Exact {
			c.tokens[mismatch] = c.tokens[mismatch].(int64) - int64(pops)
		}
	}
	return end
}
