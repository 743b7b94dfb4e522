package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// between emits a range test that is false when any of its operands is null.
//
// The reference's form computes in local slots counted from the frame's start,
// which go wrong whenever other values are on the stack. Unless Exact asks for
// it, variables and constants are compared where they are; other operands are
// passed to a function made on the spot, so that each is evaluated once and
// stands in a slot of its own.
func (c *compiler) between(e *ast.Between) {
	switch {
	case c.opts.Exact:
		c.exactBetween(e)
	case simple(e.Operand) && simple(e.Low) && simple(e.High):
		c.simpleBetween(e)
	default:
		c.operands(e, e.Operand, e.Low, e.High)
		c.op(code.OpCallable, "between", int64(3), int64(0), int64(0))
		start := len(c.tokens)
		c.inRange(e.Negated, rangeSlots{operand: 0, low: 1, high: 2})
		c.op(code.OpReturn)
		c.tokens[start-1] = int64(len(c.tokens) - start)
		c.op(code.OpClosure, int64(0))
		c.op(code.OpCallLocal, int64(3))
	}
}

// simple reports whether evaluating the expression more than once is cheap and unnoticed.
func simple(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Constant:
		return e.Value != nil
	case *ast.Field:
		return true
	}
	return false
}

// simpleBetween compares operands in place. Constants need no null test.
func (c *compiler) simpleBetween(e *ast.Between) {
	tests := 0
	for _, operand := range []ast.Expr{e.Low, e.High, e.Operand} {
		if _, isField := operand.(*ast.Field); isField {
			c.op(code.OpNull)
			c.operands(e, operand)
			c.op(code.OpNotEq)
			tests++
		}
	}
	aboveLow, belowHigh := bounds(e.Negated)
	c.operands(e, e.Low, e.Operand)
	c.op(aboveLow)
	c.operands(e, e.High, e.Operand)
	c.op(belowHigh)
	if !e.Negated {
		c.op(code.OpAnd, int64(tests+2))
		return
	}
	c.op(code.OpOr, int64(2))
	if tests > 0 {
		c.op(code.OpAnd, int64(tests+1))
	}
}

// bounds returns the comparisons with the low and the high bound.
func bounds(negated bool) (low, high code.Op) {
	if negated {
		return code.OpLt, code.OpGt
	}
	return code.OpGtEq, code.OpLtEq
}

// rangeSlots are the local slots of a range test's operands.
type rangeSlots struct{ operand, low, high int }

// inRange emits the test on local slots and leaves its result on the stack.
func (c *compiler) inRange(negated bool, s rangeSlots) {
	for _, slot := range []int{s.low, s.high, s.operand} {
		c.op(code.OpGetLocal, int64(slot))
		c.op(code.OpNull)
		c.op(code.OpNotEq)
	}
	c.op(code.OpAnd, int64(3))
	aboveLow, belowHigh := bounds(negated)
	join := code.OpAnd
	if negated {
		join = code.OpOr
	}
	isNull := c.jump(code.OpJumpIfFalse)
	c.op(code.OpGetLocal, int64(s.low))
	c.op(code.OpGetLocal, int64(s.operand))
	c.op(aboveLow)
	c.op(code.OpGetLocal, int64(s.high))
	c.op(code.OpGetLocal, int64(s.operand))
	c.op(belowHigh)
	c.op(join, int64(2))
	done := c.jump(code.OpJump)
	c.land(isNull)
	c.op(code.OpFalse)
	c.land(done)
}

// exactBetween emits the reference's form: a slot for the result, below three
// slots for the operands that are dropped at the end.
func (c *compiler) exactBetween(e *ast.Between) {
	c.op(code.OpNull)
	result := c.hidden()
	c.openScope()
	var s rangeSlots
	c.expr(e.Operand)
	s.operand = c.hidden()
	c.expr(e.Low)
	s.low = c.hidden()
	c.expr(e.High)
	s.high = c.hidden()
	c.at(e)
	c.inRange(e.Negated, s)
	c.op(code.OpSetLocal, int64(result))
	c.closeScope()
	c.fn.forget()
}
