// Package compile turns a syntax tree into portable bytecode.
//
// The bytecode is that of the reference compiler, token for token, when
// Options.Exact is set. Otherwise the few forms that misbehave there are
// replaced by forms that work on any conforming machine.
package compile

import (
	"slices"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/source"
)

// Options say what to emit and what to check.
type Options struct {
	// Exact emits the reference's form everywhere, defects included: typed
	// catches that jump one short, `between` on absolute slots, if(c, t)
	// without a value, if with more than three arguments, special calls with
	// two lists, and for loops without a condition or with an expression as
	// their step. Code to be run should leave it unset.
	Exact bool
	// Functions are the functions that can be called by name, the library's
	// and the host's. When nil, calls are not checked.
	Functions map[string]Arity
	// Globals are the first names of globals that can be read. When nil, reads
	// are not checked.
	Globals map[string]bool
}

// Arity is how many arguments a function takes. Max is Unbounded for any number.
type Arity struct{ Min, Max int }

// Unbounded is the Max of a function with any number of arguments.
const Unbounded = -1

// Info tells what a program uses from outside. The lists hold source offsets.
type Info struct {
	// Globals are the first names of the globals read.
	Globals map[string][]int32
	// Functions are the functions called by name that the program does not declare.
	Functions map[string][]int32
	// Warnings are things that are legal and hardly meant.
	Warnings source.ErrorList
}

// Program compiles statements. Errors are a source.ErrorList.
func Program(tree *ast.Program, opts Options) (code.Bytecode, Info, error) {
	c := newCompiler(tree.Source, opts)
	c.openScope()
	for _, s := range tree.Body {
		c.stmt(s)
	}
	c.closeScope()
	return c.result()
}

// Expression compiles one expression, whose value is left on the stack. Errors
// are a source.ErrorList.
func Expression(tree *ast.Expression, opts Options) (code.Bytecode, Info, error) {
	c := newCompiler(tree.Source, opts)
	c.expr(tree.Expr)
	return c.result()
}

// Template compiles a template, which is an expression once it is parsed.
func Template(tree *ast.Expression, opts Options) (code.Bytecode, Info, error) {
	return Expression(tree, opts)
}

// version is the version of the bytecode format that is emitted.
const version = 1

type compiler struct {
	opts    Options
	text    *source.Text
	tokens  []any
	offsets []int32
	// offset is the place that emitted tokens are put down to.
	offset   int32
	fn       *function
	errs     source.ErrorList
	info     Info
	unknown  []unknownCall
	declared map[string]bool
}

func newCompiler(text *source.Text, opts Options) *compiler {
	c := &compiler{
		opts: opts, text: text, fn: newFunction(nil), declared: map[string]bool{},
		info: Info{Globals: map[string][]int32{}, Functions: map[string][]int32{}},
	}
	c.put("_H", int64(version))
	return c
}

func (c *compiler) result() (code.Bytecode, Info, error) {
	c.reportUnknownCalls()
	c.info.Warnings = c.info.Warnings.Sort()
	if err := c.errs.Sort().Err(); err != nil {
		return code.Bytecode{}, c.info, err
	}
	return code.Bytecode{Tokens: c.tokens, Offsets: c.offsets, Source: c.text}, c.info, nil
}

// put appends operands.
func (c *compiler) put(tokens ...any) {
	for _, t := range tokens {
		c.tokens = append(c.tokens, t)
		c.offsets = append(c.offsets, c.offset)
	}
}

// op appends an opcode and its operands.
func (c *compiler) op(op code.Op, operands ...any) {
	c.put(op)
	c.put(operands...)
}

// piece is code that was cut out, to be put elsewhere. It can be moved, since jumps are relative.
type piece struct {
	tokens  []any
	offsets []int32
}

// cut takes out what the function emits.
func (c *compiler) cut(emit func()) piece {
	start := len(c.tokens)
	emit()
	p := piece{slices.Clone(c.tokens[start:]), slices.Clone(c.offsets[start:])}
	c.tokens, c.offsets = c.tokens[:start], c.offsets[:start]
	return p
}

func (c *compiler) paste(p piece) {
	c.tokens = append(c.tokens, p.tokens...)
	c.offsets = append(c.offsets, p.offsets...)
}

// at makes the start of the node the place of what is emitted next.
func (c *compiler) at(n ast.Node) { c.offset = n.Range().Start }

// jump appends a jump whose distance is not known yet and returns the place of
// its operand.
func (c *compiler) jump(op code.Op) int {
	c.op(op, int64(0))
	return len(c.tokens) - 1
}

// land makes the jump with its operand at the given place lead to the end of
// what has been emitted.
func (c *compiler) land(operand int) { c.tokens[operand] = int64(len(c.tokens) - operand - 1) }

// jumpBack appends a jump to an earlier token.
func (c *compiler) jumpBack(target int) {
	c.op(code.OpJump, int64(target-(len(c.tokens)+2)))
}

func (c *compiler) fail(n ast.Node, message, hint string) { c.failRule("", n, message, hint) }

// failRule notes a fault under the name of its check.
func (c *compiler) failRule(rule string, n ast.Node, message, hint string) {
	err := c.text.Errorf(n.Range(), "%s", message)
	err.Rule, err.Hint = rule, hint
	c.errs = append(c.errs, err)
}

func (c *compiler) warn(n ast.Node, rule, message, hint string) {
	err := c.text.Errorf(n.Range(), "%s", message)
	err.Rule, err.Hint = rule, hint
	c.info.Warnings = append(c.info.Warnings, err)
}
