package format

import (
	"strings"
	"unicode/utf8"
)

// fitting looks ahead from a place on a line.
type fitting struct {
	left int
	todo []piece
	// inside says that the docs are of the piece asked about, not of what follows it. A group that follows may still be
	// broken; one inside is tried on one line.
	inside bool
	// gap says that a space comes before the next text.
	gap bool
}

// fits reports whether the piece, and what follows it up to the next place for a line break, fits on the rest of the
// line. The time is bounded by the width, because almost every doc writes something.
func (p *printer) fits(first piece, rest []piece) bool {
	f := fitting{left: width - max(p.col, min(p.indent, maxIndent)*indentWidth), todo: []piece{first}, inside: true}
	for f.left >= 0 {
		if len(f.todo) == 0 {
			if len(rest) == 0 {
				return true
			}
			f.todo, f.inside = append(f.todo, rest[len(rest)-1]), false
			rest = rest[:len(rest)-1]
		}
		next := f.todo[len(f.todo)-1]
		f.todo = f.todo[:len(f.todo)-1]
		if f.ends(next) {
			return f.left >= 0
		}
	}
	return false
}

// ends takes in one piece and reports whether the line ends in it.
func (f *fitting) ends(next piece) bool {
	switch d := next.doc.(type) {
	case text:
		return f.write(string(d))
	case ifBroken:
		if !next.flat {
			f.left -= len(d)
		}
	case space:
		f.gap = true
	case note:
		if d.broken() {
			return true
		}
		f.gap = true
		more := f.write(d.text)
		f.gap = true
		return more
	case line:
		f.gap = f.gap || !d.soft
		return d.hard || !next.flat
	default:
		f.expand(next)
	}
	return false
}

// write takes in text and reports whether it holds a line break. It looks at no more than could fit.
func (f *fitting) write(s string) bool {
	if f.gap && s != "" {
		f.left--
		f.gap = false
	}
	s = s[:min(len(s), (f.left+2)*utf8.UTFMax)]
	head, _, more := strings.Cut(s, "\n")
	f.left -= utf8.RuneCountInString(head)
	return more
}

func (f *fitting) expand(next piece) {
	flat := next.flat || f.inside
	switch d := next.doc.(type) {
	case *cat:
		for i := len(d.parts) - 1; i >= 0; i-- {
			f.todo = append(f.todo, piece{next.indent, next.flat, d.parts[i]})
		}
	case nest:
		f.todo = append(f.todo, piece{next.indent, next.flat, d.body})
	case *group:
		f.todo = append(f.todo, piece{next.indent, flat && !d.breaks, d.body})
	case either:
		if d.broken() {
			f.todo = append(f.todo, piece{next.indent, false, d.hug})
		} else {
			f.todo = append(f.todo, piece{next.indent, flat, d.list})
		}
	}
}
