package exprs

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"github.com/prickle-dev/prickle/pipeline"
)

// Field is a part of the event that the configuration names, as a target or to be taken out. Exactly one of its fields is set.
type Field struct {
	Name       bool     // event.name or event.event
	DistinctID bool     // event.distinct_id
	Path       []string // event.properties.<path>
}

// ParseField reads a field that is named as in an expression: event.name, event.distinct_id, event.properties.cart.total,
// event.properties["first-name"]. The other parts of an event cannot be changed and are refused, as is the list of properties as a whole.
// The error is a *pipeline.ConfigError.
func ParseField(code pipeline.Code) (Field, error) {
	steps, ok := steps(code.Text)
	switch {
	case !ok || len(steps) == 0:
		return Field{}, fieldError(code, "want a field such as event.properties.email, got %q",
			`a name that is not made of letters, digits, _ and $ is written event.properties["first-name"]`)
	case steps[0] != "event":
		return Field{}, fieldError(code, "want a field of the event, got %q", "did you mean event.properties."+code.Text+"?")
	case len(steps) == 2 && (steps[1] == "name" || steps[1] == "event"):
		return Field{Name: true}, nil
	case len(steps) == 2 && steps[1] == "distinct_id":
		return Field{DistinctID: true}, nil
	case len(steps) > 2 && steps[1] == "properties":
		return Field{Path: steps[2:]}, nil
	case len(steps) == 2 && steps[1] == "properties":
		return Field{}, fieldError(code, "want one property, got %q", "name it, for example event.properties.email")
	case len(steps) == 2 && eventFields[steps[1]].isSet():
		return Field{}, fieldError(code, "%q cannot be changed", "event.name, event.distinct_id and event.properties can")
	}
	return Field{}, fieldError(code, "the event has no field %q", "did you mean event.properties."+strings.TrimPrefix(code.Text, "event.")+"?")
}

func fieldError(code pipeline.Code, format, hint string) error {
	err := pipeline.Errorf(code.Pos, format, code.Text)
	err.Hint = hint
	return err
}

func (r read) isSet() bool { return r.text != nil || r.time != nil || r.properties }

// steps returns the names of a chain a.b["c"].
func steps(text string) ([]string, bool) {
	tree, err := parser.Parse(text)
	if err != nil {
		return nil, false
	}
	var names []string
	for node := tree.Node; ; {
		switch n := node.(type) {
		case *ast.IdentifierNode:
			names = append(names, n.Value)
			slices.Reverse(names)
			return names, true
		case *ast.MemberNode:
			name, ok := n.Property.(*ast.StringNode)
			if !ok || n.Optional {
				return nil, false
			}
			names = append(names, name.Value)
			node = n.Node
		default:
			return nil, false
		}
	}
}
