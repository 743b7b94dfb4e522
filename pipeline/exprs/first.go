package exprs

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// nameTest is what a condition asks of the event's name before anything else, as most do: `event.name == "purchase" && …`. A project with many
// destinations asks it of every event for each, so it is answered without a machine.
type nameTest struct {
	names []string // of which the event's has to be one; none when there is no such test
	all   bool     // it is the whole condition
}

// firstTest finds the test at the begin of a condition that compiles. Behind another part it does not count, since that might fail.
func firstTest(text string) nameTest {
	tree, err := parser.Parse(text)
	if err != nil {
		return nameTest{}
	}
	node, all := tree.Node, true
	for {
		and, ok := node.(*ast.BinaryNode)
		if !ok || and.Operator != "&&" && and.Operator != "and" {
			return nameTest{namesOf(node), all}
		}
		node, all = and.Left, false
	}
}

// namesOf are the names that a node compares the event's with, nil when it does something else.
func namesOf(node ast.Node) []string {
	n, ok := node.(*ast.BinaryNode)
	if !ok {
		return nil
	}
	switch {
	case n.Operator == "==" && isEventName(n.Left):
		return texts(n.Right)
	case n.Operator == "==" && isEventName(n.Right):
		return texts(n.Left)
	case n.Operator == "in" && isEventName(n.Left):
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			return texts(list.Nodes...)
		}
	}
	return nil
}

// texts are the values of nodes that are all constant texts.
func texts(nodes ...ast.Node) []string {
	var out []string
	for _, node := range nodes {
		text, ok := node.(*ast.StringNode)
		if !ok {
			return nil
		}
		out = append(out, text.Value)
	}
	return out
}

// isEventName recognises event.name and event.event.
func isEventName(node ast.Node) bool {
	member, ok := node.(*ast.MemberNode)
	if !ok || member.Optional {
		return false
	}
	base, ok := member.Node.(*ast.IdentifierNode)
	name, ok2 := member.Property.(*ast.StringNode)
	return ok && ok2 && base.Value == "event" && (name.Value == "name" || name.Value == "event")
}

// settles answers the condition for an event's name, if that settles it.
func (t *nameTest) settles(name string) (holds, settled bool) {
	if t.names == nil {
		return false, false
	}
	holds = slices.Contains(t.names, name)
	return holds, t.all || !holds
}
