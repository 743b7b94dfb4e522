package format

import (
	"strings"
	"unicode/utf8"
)

const (
	// width is how long lines should be at most, in characters.
	width = 100
	// indentWidth is how many spaces a level is.
	indentWidth = 4
	// maxIndent is the deepest level that is shown: more would only make the text long.
	maxIndent = 25
)

// printer writes docs and decides which lines are broken. White space is written with the text after it, so no line
// ends in it. A comment up to the end of its line is always followed by a line break, whatever the doc says.
type printer struct {
	out []byte
	// col is the width of the current line; -1 when nothing is on it, not even its indent.
	col int
	// start is the width of the indent of the current line, and code says that more than comments is on it.
	start int
	code  bool
	// margins are the comments behind code so far.
	margins []margin
	// indent is the level of what is printed now.
	indent int
	// gap says that a space comes before the next text on the line.
	gap bool
	// afterNote says that a comment stands just before, and mustBreak that nothing may follow it on its line.
	afterNote, mustBreak bool
}

// piece is a doc with the state that it is printed in.
type piece struct {
	indent int
	flat   bool
	doc    doc
}

func (p *printer) print(d doc) {
	if len(p.out) == 0 {
		p.col = -1
	}
	stack := []piece{{doc: d}}
	for len(stack) > 0 {
		next := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		p.indent = next.indent
		switch d := next.doc.(type) {
		case text:
			p.write(string(d))
			p.code = true
		case ifBroken:
			if !next.flat {
				p.write(string(d))
			}
		case space:
			p.gap = p.col >= 0
		case line:
			p.line(d, next)
		case note:
			p.note(d.comment)
		default:
			stack = p.expand(stack, next)
		}
	}
}

// expand puts the parts of a doc on the stack.
func (p *printer) expand(stack []piece, next piece) []piece {
	switch d := next.doc.(type) {
	case *cat:
		for i := len(d.parts) - 1; i >= 0; i-- {
			stack = append(stack, piece{next.indent, next.flat, d.parts[i]})
		}
	case nest:
		stack = append(stack, piece{next.indent + 1, next.flat, d.body})
	case *group:
		flat := !d.breaks && (next.flat || p.fits(piece{next.indent, true, d.body}, stack))
		stack = append(stack, piece{next.indent, flat, d.body})
	case either:
		flat := piece{next.indent, true, d.list}
		switch hug := (piece{next.indent, false, d.hug}); {
		case !d.broken() && (next.flat || p.fits(flat, stack)):
			return append(stack, flat)
		case p.fits(hug, stack):
			return append(stack, hug)
		}
		stack = append(stack, piece{next.indent, false, d.list})
	}
	return stack
}

func (p *printer) write(s string) {
	if s == "" {
		return
	}
	switch {
	case p.mustBreak:
		p.newLine(p.indent, false)
		fallthrough
	case p.col < 0:
		p.startLine()
	case p.gap, p.afterNote && !strings.ContainsAny(s[:1], ")]},;"):
		p.out = append(p.out, ' ')
		p.col++
	}
	p.gap, p.afterNote = false, false
	p.out = append(p.out, s...)
	if end := strings.LastIndexByte(s, '\n'); end >= 0 {
		p.col, s = 0, s[end+1:]
	}
	p.col += utf8.RuneCountInString(s)
}

func (p *printer) startLine() {
	p.col = min(p.indent, maxIndent) * indentWidth
	p.start, p.code = p.col, false
	for range p.col {
		p.out = append(p.out, ' ')
	}
}

// newLine ends the current line, and leaves a blank one if asked to.
func (p *printer) newLine(indent int, blank bool) {
	if p.col >= 0 {
		p.out = append(p.out, '\n')
	}
	if blank {
		p.out = append(p.out, '\n')
	}
	p.indent, p.col = indent, -1
	p.gap, p.afterNote, p.mustBreak = false, false, false
}

func (p *printer) line(l line, at piece) {
	switch {
	case l.hard || !at.flat:
		p.newLine(at.indent, l.blank)
	case !l.soft:
		p.gap = p.col >= 0
	}
}

// note writes a comment.
func (p *printer) note(c comment) {
	switch {
	case p.mustBreak, c.start && p.col >= 0:
		p.newLine(p.indent, c.blank)
	case p.col >= 0:
		p.gap = p.gap || c.end || !strings.ContainsAny(string(p.out[len(p.out)-1:]), "([{")
	}
	if c.end && p.code && p.col >= 0 {
		p.margins = append(p.margins, margin{len(p.out), p.col, p.start})
	}
	lines := c.lines()
	p.write(lines[0])
	for _, s := range lines[1:] {
		p.out = append(p.out, '\n')
		p.col = 0
		if c.starred() {
			p.startLine()
			s = " " + s
		}
		p.out = append(p.out, s...)
		p.col += utf8.RuneCountInString(s)
	}
	p.afterNote, p.mustBreak = true, c.end
}
