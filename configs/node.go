package configs

import (
	"go.yaml.in/yaml/v4"

	"github.com/prickle-dev/prickle/pipeline"
)

type kind int

const (
	scalar kind = iota
	list
	mapping
)

// node is one value of a file: YAML with aliases and merge keys resolved, variables put in, and places of our own.
type node struct {
	kind kind
	pos  pipeline.Pos

	// Of a scalar.
	text    string       // with variables put in
	written string       // without; what messages may quote
	quoted  bool         // in quotes or a block: text, whatever it looks like
	filled  bool         // a variable was put in
	broken  bool         // a variable is missing, which has been reported
	textPos pipeline.Pos // of the first character of text
	indent  int          // of the lines after the first

	list    []*node
	entries []entry
}

// entry is one line of a mapping. Names are unique.
type entry struct {
	name  string
	pos   pipeline.Pos
	value *node
}

// value is the scalar as YAML understands it: nil, bool, int, int64, uint64, float64, time.Time or string.
func (n *node) value() any {
	if n.quoted {
		return n.text
	}
	return n.bare()
}

// bare is value without regard to the quotes that YAML needs around a variable inside { }.
func (n *node) bare() any {
	if n.quoted && !n.filled || n.filled && n.text == "" {
		return n.text
	}
	var v any
	plain := yaml.Node{Kind: yaml.ScalarNode, Value: n.text}
	if err := plain.Decode(&v); err != nil {
		return n.text
	}
	return v
}

// empty says that nothing stands after the key, or null.
func (n *node) empty() bool {
	return n.kind == scalar && !n.quoted && !n.filled && !n.broken && n.bare() == nil
}

func (n *node) find(name string) (entry, bool) {
	for _, e := range n.entries {
		if e.name == name {
			return e, true
		}
	}
	return entry{}, false
}

// split parts a mapping into the entries with the given names and the others.
func (n *node) split(names ...string) (named, others *node) {
	a, b := *n, *n
	a.entries, b.entries = nil, nil
	for _, e := range n.entries {
		to := &b
		for _, name := range names {
			if e.name == name {
				to = &a
			}
		}
		to.entries = append(to.entries, e)
	}
	return &a, &b
}

// code is the scalar with its place.
func (n *node) code() pipeline.Code {
	return pipeline.Code{Text: n.text, Pos: n.textPos, Indent: n.indent}
}

// what names the kind of value for a message that may quote it.
func (n *node) what() string {
	switch {
	case n.kind == mapping:
		return "a mapping"
	case n.kind == list:
		return "a list"
	case n.empty():
		return "nothing"
	}
	return quote(n.written)
}
