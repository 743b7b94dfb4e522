package compile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/prickle-dev/prickle/hog/ast"
)

// unknownCall is a call of a function that neither the host nor the code before
// it knows. It is reported at the end, when later declarations are known.
type unknownCall struct{ name ast.Name }

func (c *compiler) checkGlobal(e *ast.Field) {
	root := e.Chain[0]
	c.info.Globals[root.Text] = append(c.info.Globals[root.Text], root.Span.Start)
	_, isFunction := c.opts.Functions[root.Text]
	if c.opts.Globals == nil || c.opts.Globals[root.Text] || isFunction && len(e.Chain) == 1 {
		return
	}
	hint := c.closest(root.Text, maps.Keys(c.opts.Globals))
	switch root.Text {
	case "break", "continue":
		hint = "there is no `" + root.Text + "`; use a condition, or return from a function"
	default:
		if c.text.Body[root.Span.Start] == '"' {
			hint = "strings are written in single quotes: " + ast.QuoteString(root.Text)
		}
	}
	c.failRule("unknown-global", root, "Global variable not found: "+root.Text, hint)
}

func (c *compiler) checkCall(e *ast.Call, args []ast.Expr) {
	name := e.Name.Text
	c.info.Functions[name] = append(c.info.Functions[name], e.Name.Span.Start)
	if c.opts.Functions == nil {
		return
	}
	arity, ok := c.opts.Functions[name]
	if !ok {
		c.unknown = append(c.unknown, unknownCall{e.Name})
		return
	}
	switch n := len(args); {
	case n < arity.Min:
		c.failRule("arguments", e, fmt.Sprintf("Function %s requires at least %s", name, arguments(arity.Min)), arity.usage(n))
	case arity.Max != Unbounded && n > arity.Max:
		c.failRule("arguments", e, fmt.Sprintf("Function %s requires at most %s", name, arguments(arity.Max)), arity.usage(n))
	}
}

// arguments is plural for one, too: the machine's own message is.
func arguments(n int) string { return fmt.Sprintf("%d arguments", n) }

func (a Arity) usage(got int) string {
	switch {
	case a.Max == Unbounded:
		return fmt.Sprintf("it takes %d or more and is given %d", a.Min, got)
	case a.Min == a.Max:
		return fmt.Sprintf("it takes %d and is given %d", a.Min, got)
	}
	return fmt.Sprintf("it takes %d to %d and is given %d", a.Min, a.Max, got)
}

func (c *compiler) reportUnknownCalls() {
	for _, call := range c.unknown {
		hint := c.closest(call.name.Text, maps.Keys(c.opts.Functions))
		if c.declared[call.name.Text] {
			hint = "it is declared further down, or in another block; move the declaration before the call"
		}
		c.failRule("unknown-function", call.name, "Hog function `"+call.name.Text+"` is not implemented", hint)
	}
}

// closest suggests the known name that is most like the given one, if any is.
func (c *compiler) closest(name string, known func(func(string) bool)) string {
	best, distance := "", len(name)/3+2
	for _, candidate := range slices.Sorted(known) {
		if strings.EqualFold(candidate, name) {
			best = candidate
			break
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(candidate), strings.ToLower(name)); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean `" + best + "`?"
}
