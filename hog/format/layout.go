package format

import (
	"slices"
	"strings"
)

// doc is a piece of layout: text, and the places where a line may be broken.
type doc interface {
	// broken reports whether the doc holds a line break whatever the width, so that nothing around it fits on one line.
	broken() bool
}

type (
	// text is written as it is; it may hold line breaks of its own.
	text string
	// space is one space, or nothing at the start of a line.
	space struct{}
	// line is a line break where the group around it is broken, else a space, or nothing when it is soft.
	line struct{ soft, hard, blank bool }
	// note is a comment.
	note struct{ comment }
	// cat is docs one after the other.
	cat struct {
		parts  []doc
		breaks bool
	}
	// nest is a doc whose lines are indented by one level more.
	nest struct{ body doc }
	// group is a doc whose lines are all broken or none.
	group struct {
		body   doc
		breaks bool
		open   opening
		// bare is the body without its own indent, for use in brackets that indent already; may be nil.
		bare doc
	}
	// ifBroken is text for a group that is broken.
	ifBroken string
	// either is printed as the list on one line, else as the hug when its first line fits, else as the broken list.
	either struct{ list, hug doc }
)

// opening classes brackets by whether they look well broken in place, with the code around them on the lines of the
// brackets.
type opening int8

const (
	notOpen opening = iota
	openBlock
	openList
	openCall
)

// ending returns the class of the brackets that the doc ends in.
func ending(d doc) opening {
	switch d := d.(type) {
	case *group:
		return d.open
	case either:
		return openCall
	case *cat:
		if len(d.parts) > 0 {
			return ending(d.parts[len(d.parts)-1])
		}
	}
	return notOpen
}

func (text) broken() bool     { return false }
func (space) broken() bool    { return false }
func (l line) broken() bool   { return l.hard }
func (n note) broken() bool   { return n.start || n.end || strings.Contains(n.text, "\n") }
func (c *cat) broken() bool   { return c.breaks }
func (n nest) broken() bool   { return n.body.broken() }
func (g *group) broken() bool { return g.breaks }
func (ifBroken) broken() bool { return false }
func (e either) broken() bool { return e.list.broken() }

func join(parts ...doc) doc {
	parts = slices.DeleteFunc(parts, func(d doc) bool { return d == nil })
	if len(parts) == 1 {
		return parts[0]
	}
	return &cat{parts, slices.ContainsFunc(parts, doc.broken)}
}

func grouped(parts ...doc) *group {
	body := join(parts...)
	return &group{body: body, breaks: body.broken()}
}

// hugged returns the doc with the brackets that it ends in broken.
func hugged(d doc) doc {
	switch d := d.(type) {
	case *group:
		g := *d
		g.breaks = true
		return &g
	case either:
		return d.hug
	case *cat:
		last := len(d.parts) - 1
		return join(append(slices.Clone(d.parts[:last]), hugged(d.parts[last]))...)
	}
	return d
}

// endsBroken reports whether the doc is broken in the brackets that it ends in at most.
func endsBroken(d doc) bool {
	if c, ok := d.(*cat); ok {
		last := len(c.parts) - 1
		return !slices.ContainsFunc(c.parts[:last], doc.broken) && endsBroken(c.parts[last])
	}
	return true
}

// bare returns the doc as it stands alone in brackets that are indented: without an indent of its own.
func bare(d doc) doc {
	if g, ok := d.(*group); ok && g.bare != nil {
		return &group{body: g.bare, breaks: g.breaks}
	}
	return d
}
