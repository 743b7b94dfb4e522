package exprs

import (
	"reflect"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/prickle-dev/prickle/pipeline"
)

// resolver rewrites the parsed expression. Each chain of names below `event` becomes one call that reads just that; operators whose
// operands are only known at run time become calls of the functions in ops.go. Nodes are visited from the leaves up, so a chain grows by
// one name at a time.
type resolver struct {
	code     pipeline.Code
	project  pipeline.Project
	names    []string          // properties that stand for themselves, in place of `event`; nil when there are none
	reads    map[ast.Node]read // the calls that read the event
	own      map[ast.Node]bool // identifiers that nameCheck passes over
	declared map[string]bool   // variables made by let
	errs     []*pipeline.ConfigError
}

func newResolver(code pipeline.Code, o options) *resolver {
	return &resolver{
		code: code, project: o.project, names: o.names,
		reads: map[ast.Node]read{}, own: map[ast.Node]bool{}, declared: map[string]bool{},
	}
}

// path returns the path when node reads one property and does nothing else.
func (r *resolver) path(node ast.Node) []string {
	f := r.reads[node]
	if f.properties && f.path == nil {
		return []string{}
	}
	return f.path
}

// Visit rewrites one node after its children.
func (r *resolver) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if slices.Contains(r.names, n.Value) {
			r.patchRead(node, read{properties: true, path: []string{n.Value}})
		}
	case *ast.MemberNode:
		r.member(node, n)
	case *ast.BinaryNode:
		r.binary(node, n)
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			r.condition(&n.Node)
		}
	case *ast.ConditionalNode:
		r.condition(&n.Cond)
	case *ast.BuiltinNode:
		if p, ok := predicateOf(n); ok && slices.Contains(conditional, n.Name) {
			r.condition(&p.Node)
		}
	case *ast.VariableDeclaratorNode:
		r.declare(n)
	case *ast.CallNode:
		r.call(n)
	}
}

// conditional lists the functions whose second argument is a condition.
var conditional = []string{"all", "none", "any", "one", "filter", "find", "findIndex", "findLast", "findLastIndex", "count"}

func predicateOf(n *ast.BuiltinNode) (*ast.PredicateNode, bool) {
	if len(n.Arguments) < 2 {
		return nil, false
	}
	p, ok := n.Arguments[1].(*ast.PredicateNode)
	return p, ok
}

// member resolves a.b and a["b"].
func (r *resolver) member(node *ast.Node, n *ast.MemberNode) {
	name, constant := n.Property.(*ast.StringNode)
	if base, ok := n.Node.(*ast.IdentifierNode); ok && constant && !r.declared[base.Value] {
		switch base.Value {
		case "event":
			if r.names != nil {
				return // and nameCheck refuses it
			}
			r.eventField(node, base, name)
			return
		case "project":
			r.projectField(node, base, name)
			return
		case "source":
			r.sourceField(node, base, name)
			return
		}
	}
	if base, ok := r.reads[n.Node]; ok && base.properties && constant {
		base.path = append(slices.Clone(base.path), name.Value)
		r.patchRead(node, base)
		return
	}
	if isUnknown(n.Node) && !isFree(n.Node) {
		patchCall(node, fetch, n.Node, n.Property)
	}
}

func (r *resolver) eventField(node *ast.Node, base *ast.IdentifierNode, name *ast.StringNode) {
	f, ok := eventFields[name.Value]
	if !ok {
		r.unknownField(base, name, fieldNames(eventFields))
		return
	}
	r.patchRead(node, f)
}

func (r *resolver) projectField(node *ast.Node, base *ast.IdentifierNode, name *ast.StringNode) {
	switch name.Value {
	case "id":
		ast.Patch(node, &ast.IntegerNode{Value: r.project.ID})
		(*node).SetType(reflect.TypeFor[int]())
		return
	case "name":
		ast.Patch(node, &ast.StringNode{Value: r.project.Name})
	case "url":
		ast.Patch(node, &ast.StringNode{Value: r.project.URL})
	default:
		r.unknownField(base, name, []string{"id", "name", "url"})
		return
	}
	(*node).SetType(reflect.TypeFor[string]())
}

func (r *resolver) sourceField(node *ast.Node, base *ast.IdentifierNode, name *ast.StringNode) {
	if name.Value != "name" {
		r.unknownField(base, name, []string{"name"})
		return
	}
	r.patchRead(node, eventFields["source"])
}

// patchRead puts the call that reads f in the place of node.
func (r *resolver) patchRead(node *ast.Node, f read) {
	patchCall(node, f.function(), r.environment())
	switch {
	case f.text != nil:
		(*node).SetType(reflect.TypeFor[string]())
	case f.time != nil:
		(*node).SetType(reflect.TypeFor[time.Time]())
	}
	r.reads[*node] = f
}

func (r *resolver) environment() ast.Node {
	env := &ast.IdentifierNode{Value: "$env"}
	r.own[env] = true
	return env
}

func (r *resolver) declare(n *ast.VariableDeclaratorNode) {
	if slices.Contains(globals, n.Name) || slices.Contains(r.names, n.Name) {
		r.fail(n, "the name "+n.Name+" is taken", "give the variable another name")
		return
	}
	r.declared[n.Name] = true
}

// patchCall puts a call of a Go function in the place of node.
func patchCall(node *ast.Node, function any, args ...ast.Node) {
	callee := &ast.ConstantNode{Value: function}
	callee.SetLocation((*node).Location())
	callee.SetType(reflect.TypeOf(function))
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: args})
}

// typeOf is the node's type as far as it is known while the tree is being rewritten.
func typeOf(node ast.Node) reflect.Type {
	if t := node.Type(); t.Kind() != reflect.Interface {
		return t
	}
	if call, ok := node.(*ast.CallNode); ok {
		if callee, ok := call.Callee.(*ast.ConstantNode); ok {
			return callee.Type().Out(0)
		}
	}
	return node.Type()
}

func isUnknown(node ast.Node) bool { return typeOf(node).Kind() == reflect.Interface }

// isFree reports whether node is one of the names that nameCheck will refuse, which must stay in sight for it.
func isFree(node ast.Node) bool {
	id, ok := node.(*ast.IdentifierNode)
	return ok && slices.Contains(globals, id.Value)
}
