// Package gen makes Hog programs at random, the same ones for the same seed, and shrinks those that fail.
//
// The programs are meant to be run on two machines that are compared: they use all of the language and of its library,
// print often, end soon, and mostly make sense. They are trees of a kind of their own, far simpler than a syntax tree, so
// that a failing program can be cut down piece by piece while it still fails.
package gen

import (
	"strings"
)

// sort says what a node may be replaced by while shrinking.
type sort int

const (
	fixed sort = iota // only as a whole
	expr              // by any expression
	stmt              // by any statement
	list              // its kids may be dropped, as long as least are left
)

// node is a piece of a program: texts with kids in between, or a list of kids.
type node struct {
	sort sort
	// text is what stands before, between and after the kids; a list has three: before, between all, after.
	text  []string
	kids  []*node
	least int
}

// gap is the place of a space in a text; Program.Spaces says which.
const gap = "\x01"

func (n *node) write(b *strings.Builder) {
	if n.sort != list {
		for i, kid := range n.kids {
			b.WriteString(n.text[i])
			kid.write(b)
		}
		b.WriteString(n.text[len(n.kids)])
		return
	}
	b.WriteString(n.text[0])
	for i, kid := range n.kids {
		if i > 0 {
			b.WriteString(n.text[1])
		}
		kid.write(b)
	}
	b.WriteString(n.text[2])
}

// walk visits the node and all below it, parents first.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, kid := range n.kids {
		kid.walk(visit)
	}
}

// Program is a program that knows its parts.
type Program struct {
	root   *node
	spaces []string
}

// Source is the text of the program.
func (p *Program) Source() string {
	var b strings.Builder
	p.root.write(&b)
	pieces := strings.Split(b.String(), gap)
	b.Reset()
	for i, piece := range pieces {
		if i > 0 {
			b.WriteString(p.spaces[i%len(p.spaces)])
		}
		b.WriteString(piece)
	}
	return b.String()
}

// Statements is the number of statements in the program.
func (p *Program) Statements() int {
	n := 0
	p.root.walk(func(n2 *node) {
		if n2.sort == stmt {
			n++
		}
	})
	return n
}

// form is a node of a text in which every § stands for a kid, and every space for a gap.
func form(s sort, text string, kids ...*node) *node {
	return &node{sort: s, text: strings.Split(strings.ReplaceAll(text, " ", gap), "§"), kids: kids}
}

// word is an expression without kids, taken as it is.
func word(text string) *node { return &node{sort: expr, text: []string{text}} }

// listing is a list of kids with the given texts around them.
func listing(open, between, end string, least int, kids []*node) *node {
	text := []string{open, strings.ReplaceAll(between, " ", gap), end}
	return &node{sort: list, text: text, kids: kids, least: least}
}
