// Package hogql describes syntax trees by the names and fields of the
// reference's node classes, in the order in which these declare them. A query
// that is a value of a program is made of these descriptions.
package hogql

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
)

// Node is one node of the reference's tree.
type Node struct {
	// Class is the name of the node's class.
	Class string
	// Fields are the fields of the class, in order. A field without a value is nil.
	Fields []Field
}

// Field is one field of a Node. The value is nil, a string, a bool, an int64, a
// float64, a *big.Int, an ast.Node, a Node, a List or a Map.
type Field struct {
	Name  string
	Value any
}

// List is several values.
type List []any

// Map is values by name, in order.
type Map []Field

// Get returns the value of a field, or nil.
func (n Node) Get(name string) any {
	if i := n.index(name); i >= 0 {
		return n.Fields[i].Value
	}
	return nil
}

func (n Node) set(name string, value any) {
	if i := n.index(name); i >= 0 {
		n.Fields[i].Value = value
	}
}

func (n Node) index(name string) int {
	return slices.IndexFunc(n.Fields, func(f Field) bool { return f.Name == name })
}

// node makes a Node from names and values in turn.
func node(class string, pairs ...any) Node {
	n := Node{Class: class, Fields: make([]Field, 0, len(pairs)/2)}
	for i := 0; i < len(pairs); i += 2 {
		n.Fields = append(n.Fields, Field{pairs[i].(string), pairs[i+1]})
	}
	return n
}

// Of describes one node of a tree. Those inside of it are left as they are.
func Of(n ast.Node) Node {
	switch n := n.(type) {
	case ast.Stmt:
		return statement(n)
	case ast.Expr:
		return expression(n)
	}
	return clause(n)
}

// optional is a value that is not there when it is empty.
func optional[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}

// list is a list of nodes.
func list[T ast.Node](nodes []T) List {
	out := make(List, len(nodes))
	for i, n := range nodes {
		out[i] = n
	}
	return out
}

// optionalList is a list that is not there when it is empty.
func optionalList[T ast.Node](nodes []T) any {
	if len(nodes) == 0 {
		return nil
	}
	return list(nodes)
}

func texts(names []ast.Name) List {
	out := make(List, len(names))
	for i, n := range names {
		out[i] = n.Text
	}
	return out
}

func optionalTexts(names []ast.Name) any {
	if len(names) == 0 {
		return nil
	}
	return texts(names)
}

func optionalText(name *ast.Name) any {
	if name == nil {
		return nil
	}
	return name.Text
}

// dotted is a chain of names as one text.
func dotted(chain []ast.Name) string {
	parts := make([]string, len(chain))
	for i, n := range chain {
		parts[i] = n.Text
	}
	return strings.Join(parts, ".")
}

// byName sorts a map, as the reference does with those that it writes as objects.
func byName(m Map) Map {
	slices.SortStableFunc(m, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return m
}
