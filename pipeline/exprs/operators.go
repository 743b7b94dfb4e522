package exprs

import (
	"github.com/expr-lang/expr/ast"
)

// binary gives an operator the rules that the package comment promises.
func (r *resolver) binary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "and", "&&", "or", "||":
		r.condition(&n.Left)
		r.condition(&n.Right)
	case "<", ">", "<=", ">=":
		if isUnknown(n.Left) || isUnknown(n.Right) {
			patchCall(node, orderings[n.Operator], n.Left, n.Right)
		}
	case "==", "!=":
		r.equality(node, n)
	case "in":
		r.in(node, n)
	}
}

// condition makes nil false in a place that wants a condition.
func (r *resolver) condition(node *ast.Node) {
	if isUnknown(*node) {
		patchCall(node, truth, *node)
	}
}

// equality compares a read with a constant text without making a value of what is read: the condition that nearly every pipeline has.
func (r *resolver) equality(node *ast.Node, n *ast.BinaryNode) {
	left, right := n.Left, n.Right
	if _, ok := left.(*ast.StringNode); ok {
		left, right = right, left
	}
	text, constant := right.(*ast.StringNode)
	from, isRead := r.reads[left]
	if !constant || !isRead || from.time != nil {
		return
	}
	is := from.is(map[string]bool{text.Value: true})
	if n.Operator == "!=" {
		patchCall(node, func(env any) bool { return !is(env) }, r.environment())
		return
	}
	patchCall(node, is, r.environment())
}

func (r *resolver) in(node *ast.Node, n *ast.BinaryNode) {
	texts, constant := constantTexts(n.Right)
	from, isRead := r.reads[n.Left]
	switch {
	case constant && isRead && from.time == nil:
		patchCall(node, from.is(texts), r.environment())
	case constant && isUnknown(n.Left):
		patchCall(node, inTexts(texts), n.Left)
	case isUnknown(n.Left) || isUnknown(n.Right):
		patchCall(node, in, n.Left, n.Right)
	}
}

// constantTexts returns the elements of a list that holds nothing but texts.
func constantTexts(node ast.Node) (map[string]bool, bool) {
	list, ok := node.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		return nil, false
	}
	texts := make(map[string]bool, len(list.Nodes))
	for _, element := range list.Nodes {
		s, ok := element.(*ast.StringNode)
		if !ok {
			return nil, false
		}
		texts[s.Value] = true
	}
	return texts, true
}
