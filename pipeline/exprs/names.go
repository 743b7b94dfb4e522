package exprs

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"

	"github.com/prickle-dev/prickle/pipeline"
)

// globals are the names that an expression can start from, and those that it cannot yet.
var globals = []string{"event", "project", "source", "person", "groups"}

// nameCheck reports the names that the resolver has left in the tree.
type nameCheck struct{ *resolver }

// Visit checks one node.
func (c nameCheck) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.IdentifierNode); ok && !c.own[n] && !c.declared[n.Value] {
		c.unknownName(n)
	}
}

// call reports a call that can reach nothing: expr's own functions are nodes of another kind.
func (r *resolver) call(n *ast.CallNode) {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		r.own[callee] = true
		r.fail(callee, "unknown function "+callee.Value, suggest(callee.Value, functionNames()))
	case *ast.CallNode:
		r.fail(callee, "this is a value, not a function", "")
	}
}

func (r *resolver) unknownName(n *ast.IdentifierNode) {
	if r.names != nil && n.Value != "project" && n.Value != "source" {
		hint := suggest(n.Value, r.known())
		if hint == "" {
			hint = "known names are " + strings.Join(r.known(), ", ")
		}
		r.fail(n, "unknown name "+n.Value, hint)
		return
	}
	switch n.Value {
	case "event", "project", "source":
		r.fail(n, n.Value+" is not a value by itself", "name one of its fields, for example "+examples[n.Value])
		return
	case "person", "groups":
		r.fail(n, n.Value+" is not available in expressions yet", "expressions see event, project and source")
		return
	}
	if before, ok := r.dashed(n); ok {
		r.fail(n, "unknown name "+n.Value, "a name with a dash is written "+before)
		return
	}
	if _, ok := eventFields[n.Value]; ok {
		r.fail(n, "unknown name "+n.Value, "did you mean event."+n.Value+"?")
		return
	}
	r.fail(n, "unknown name "+n.Value, suggest(n.Value, globals))
}

// known are the names that an expression can start from when event is not among them.
func (r *resolver) known() []string { return append(slices.Clone(r.names), "project", "source") }

var examples = map[string]string{"event": "event.name or event.properties.plan", "project": "project.name", "source": "source.name"}

// dashed recognises event.properties.first-name, which is a subtraction, and returns what was meant.
func (r *resolver) dashed(n *ast.IdentifierNode) (string, bool) {
	before := string([]rune(r.code.Text)[:n.Location().From])
	chain, ok := strings.CutSuffix(before, "-")
	if !ok {
		return "", false
	}
	start := strings.LastIndex(chain, "event.properties.")
	if start < 0 || strings.ContainsAny(chain[start:], " \t\n()[]\"'") {
		return "", false
	}
	chain = chain[start:]
	dot := strings.LastIndexByte(chain, '.')
	return chain[:dot] + `["` + chain[dot+1:] + "-" + n.Value + `"]`, true
}

func (r *resolver) unknownField(base *ast.IdentifierNode, name *ast.StringNode, known []string) {
	of := base.Value
	hint := of + " has " + strings.Join(known, ", ")
	if best := nearest(name.Value, known); best != "" {
		hint = "did you mean " + of + "." + best + "?"
	} else if of == "event" {
		hint = "did you mean event.properties." + name.Value + "?"
	}
	r.own[base] = true
	r.fail(name, of+" has no field "+name.Value, hint)
}

func (r *resolver) fail(at ast.Node, message, hint string) {
	err := configError(r.code, at.Location(), message)
	err.Hint = hint
	if !slices.ContainsFunc(r.errs, func(e *pipeline.ConfigError) bool { return *e == *err }) { // expr shares nodes, as in 1 < x < 3
		r.errs = append(r.errs, err)
	}
}

// err returns all mistakes in the order of the text.
func (r *resolver) err() error {
	slices.SortStableFunc(r.errs, func(a, b *pipeline.ConfigError) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	errs := make([]error, len(r.errs))
	for i, e := range r.errs {
		errs[i] = e
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return errors.Join(errs...)
}

// suggest returns the hint that names the nearest of the known names, or "".
func suggest(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return "did you mean " + best + "?"
	}
	return ""
}

// nearest returns the known name that name is most likely a slip of, or "".
func nearest(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(k)); d < distance && d < len(name) {
			best, distance = k, d
		}
	}
	return best
}

func fieldNames(fields map[string]read) []string { return slices.Sorted(maps.Keys(fields)) }

func functionNames() []string { return slices.Sorted(slices.Values(builtin.Names)) }
