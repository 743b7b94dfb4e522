package compile

import (
	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// forInSlots are the local slots of a loop over a container: the lists of its
// keys and values, the position, the last position, and the loop's variables.
// keys and key are used only when the loop has a key variable.
type forInSlots struct{ keys, values, index, limit, key, value int }

// forIn emits a loop over the elements of a container, which is read once.
func (c *compiler) forIn(s *ast.ForIn) {
	c.openScope()
	slots := c.forInSetup(s)
	start := len(c.tokens)
	c.op(code.OpGetLocal, int64(slots.limit))
	c.op(code.OpGetLocal, int64(slots.index))
	c.op(code.OpLtEq)
	end := c.jump(code.OpJumpIfFalse)
	if s.Key != nil {
		c.element(slots.keys, slots.index, slots.key)
	}
	c.element(slots.values, slots.index, slots.value)
	c.stmt(s.Body)
	c.at(s)
	c.op(code.OpGetLocal, int64(slots.index))
	c.op(code.OpInteger, int64(1))
	c.op(code.OpPlus)
	c.op(code.OpSetLocal, int64(slots.index))
	c.jumpBack(start)
	c.land(end)
	c.closeScope()
}

// forInSetup emits what comes before the loop.
func (c *compiler) forInSetup(s *ast.ForIn) (slots forInSlots) {
	container := c.hidden()
	c.operands(s, s.Container)
	if s.Key != nil {
		slots.keys = c.derived("keys", container)
	}
	slots.values = c.derived("values", container)
	slots.index = c.hidden()
	c.op(code.OpInteger, int64(1))
	slots.limit = c.derived("length", slots.values)
	if s.Key != nil {
		slots.key = c.declare(*s.Key)
		c.op(code.OpNull)
	}
	slots.value = c.declare(s.Value)
	c.op(code.OpNull)
	return slots
}

// derived emits a hidden local that holds a library function's result for
// another local, and returns its slot.
func (c *compiler) derived(function string, of int) int {
	slot := c.hidden()
	c.op(code.OpGetLocal, int64(of))
	c.op(code.OpCallGlobal, function, int64(1))
	return slot
}

// element emits target := list[index] on local slots.
func (c *compiler) element(list, index, target int) {
	c.op(code.OpGetLocal, int64(list))
	c.op(code.OpGetLocal, int64(index))
	c.op(code.OpGetProperty)
	c.op(code.OpSetLocal, int64(target))
}
