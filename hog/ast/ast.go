// Package ast holds the syntax tree of Hog. The shapes are those of the
// reference parser, so that bytecode made of them can be compared: operators
// that the language defines as functions (`||`, `??`, `? :`) are Calls, and
// a run of `and` is one node.
package ast

import "github.com/prickle-dev/prickle/hog/source"

// Node is any part of a tree.
type Node interface {
	// Range returns the place of the node in its text.
	Range() source.Span
}

// Expr is a node that has a value.
type Expr interface {
	Node
	expr()
}

// Stmt is a node that is executed.
type Stmt interface {
	Node
	stmt()
}

// Place is embedded in each node and holds where it is in the text.
type Place struct{ Span source.Span }

// Range returns the place of the node in its text.
func (p Place) Range() source.Span { return p.Span }

// Name is an identifier with its place; Text has its quotes removed.
type Name struct {
	Place
	Text string
}

// Program is a whole text of statements.
type Program struct {
	Source *source.Text
	Body   []Stmt
}

// Expression is a text that is one expression, or a template.
type Expression struct {
	Source *source.Text
	Expr   Expr
}
