package compile

import (
	"fmt"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
)

// function is the program or a function being compiled.
type function struct {
	parent *function
	// locals are the variables in scope. Their index is their stack slot above
	// the start of the function's frame.
	locals []local
	// named are the indexes of the locals that have a name, innermost last.
	named    map[string][]int
	upvalues []upvalue
	// captures are the indexes of the upvalues.
	captures map[upvalue]int
	depth    int
}

func newFunction(parent *function) *function {
	return &function{parent: parent, named: map[string][]int{}, captures: map[upvalue]int{}}
}

type local struct {
	name     string
	depth    int
	captured bool
}

// upvalue says where a captured variable is found when the closure is made: in
// a local of the function around it, or among that one's own upvalues.
type upvalue struct {
	index   int
	isLocal bool
}

func (c *compiler) openScope() { c.fn.depth++ }

// closeScope forgets the variables of the scope and emits a pop for each, the
// last declared first. It returns how many there were.
func (c *compiler) closeScope() int {
	fn, count := c.fn, 0
	fn.depth--
	for len(fn.locals) > 0 && fn.locals[len(fn.locals)-1].depth > fn.depth {
		if fn.locals[len(fn.locals)-1].captured {
			c.op(code.OpCloseUpvalue)
		} else {
			c.op(code.OpPop)
		}
		fn.forget()
		count++
	}
	return count
}

// forget drops the last variable.
func (f *function) forget() {
	last := len(f.locals) - 1
	name := f.locals[last].name
	f.locals = f.locals[:last]
	if same := f.named[name]; len(same) > 0 && same[len(same)-1] == last {
		f.named[name] = same[:len(same)-1]
	}
}

// declare adds a variable to the current scope and returns its slot.
func (c *compiler) declare(name ast.Name) int {
	if i := c.fn.local(name.Text); i >= 0 && c.fn.locals[i].depth == c.fn.depth {
		c.fail(name, fmt.Sprintf("Variable `%s` already declared in this scope", name.Text), "assign with :=, or choose another name")
	}
	return c.slot(name.Text)
}

// slot adds a variable without checks.
func (c *compiler) slot(name string) int {
	i := c.hidden()
	c.fn.locals[i].name = name
	c.fn.named[name] = append(c.fn.named[name], i)
	return i
}

// hidden adds a variable that the source can not name.
func (c *compiler) hidden() int {
	c.fn.locals = append(c.fn.locals, local{depth: c.fn.depth})
	return len(c.fn.locals) - 1
}

// variable is where a name was found: a local slot or an upvalue of the
// current function.
type variable struct {
	index    int
	captured bool
}

// find looks a name up, from the innermost scope outwards.
func (c *compiler) find(name string) (variable, bool) {
	if i := c.fn.local(name); i >= 0 {
		return variable{index: i}, true
	}
	if i := c.fn.capture(name); i >= 0 {
		return variable{index: i, captured: true}, true
	}
	return variable{}, false
}

func (f *function) local(name string) int {
	if same := f.named[name]; len(same) > 0 {
		return same[len(same)-1]
	}
	return -1
}

// capture finds a variable of an enclosing function and returns its place
// among the upvalues of f, or -1.
func (f *function) capture(name string) int {
	if f.parent == nil {
		return -1
	}
	if i := f.parent.local(name); i >= 0 {
		f.parent.locals[i].captured = true
		return f.upvalue(upvalue{i, true})
	}
	if i := f.parent.capture(name); i >= 0 {
		return f.upvalue(upvalue{i, false})
	}
	return -1
}

func (f *function) upvalue(u upvalue) int {
	i, ok := f.captures[u]
	if !ok {
		i = len(f.upvalues)
		f.captures[u] = i
		f.upvalues = append(f.upvalues, u)
	}
	return i
}

func (c *compiler) load(v variable) {
	if v.captured {
		c.op(code.OpGetUpvalue, int64(v.index))
	} else {
		c.op(code.OpGetLocal, int64(v.index))
	}
}

func (c *compiler) store(v variable) {
	if v.captured {
		c.op(code.OpSetUpvalue, int64(v.index))
	} else {
		c.op(code.OpSetLocal, int64(v.index))
	}
}
