package format

import (
	"slices"
	"sort"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// builder turns tokens into docs. It moves through them once, from first to last.
type builder struct {
	facts
	text *source.Text
	// scanned are all tokens, and tokens those that are written.
	scanned, tokens []token.Token
	at              int
	// before and after are the comments of each token that are not written yet; blank tells of a blank line before it,
	// or before it and after its comments.
	before, after [][]comment
	blank         []bool
	// trail are the comments behind the last token. They are written where the next line break may be or with the next
	// token, so that they do not break the brackets that end before them.
	trail []comment
	// inCase says that when, then, else and end are of a case expression.
	inCase bool
	// loose says that words were read that no operator joins, so that the rules for a list may be others.
	loose bool
}

func newBuilder(program *ast.Program, tokens []token.Token, dropSemicolons bool) *builder {
	f := &builder{text: program.Source, scanned: tokens}
	f.gather(program)
	f.tokens = f.sift(dropSemicolons)
	f.attach()
	return f
}

// index returns the number of the scanned token at or after an offset.
func (f *builder) index(offset int) int {
	return sort.Search(len(f.scanned)-1, func(i int) bool { return f.scanned[i].Pos() >= offset })
}

func (f *builder) tok() token.Token { return f.tokens[f.at] }

func (f *builder) peek(n int) token.Token { return f.tokens[min(f.at+n, len(f.tokens)-1)] }

func (f *builder) is(kind token.Kind) bool { return f.tokens[f.at].Kind == kind }

// source returns the token as it is written in the source.
func (f *builder) source(tok token.Token) string { return f.text.Body[tok.Pos():tok.Stop()] }

// next writes the current token as it is, with its comments.
func (f *builder) next() doc { return f.put(f.source(f.tok())) }

// keyword writes the current token in the spelling that it has as a keyword.
func (f *builder) keyword() doc {
	return f.put(spelling(f.tok().Kind, strings.ToLower(f.source(f.tok()))))
}

// spelling returns the one spelling that is used of several that mean the same.
func spelling(kind token.Kind, s string) string {
	switch kind {
	case token.Fn:
		return "fn"
	case "=":
		return "=="
	case "<>":
		return "!="
	case "~":
		return "=~"
	case "~*":
		return "=~*"
	}
	return s
}

// put writes s in place of the current token.
func (f *builder) put(s string) doc {
	d := join(f.lead(), text(s))
	f.skip()
	return d
}

// skip passes over the current token and keeps the comments behind it.
func (f *builder) skip() {
	f.trail = append(f.trail, f.after[f.at]...)
	f.at = min(f.at+1, len(f.tokens)-1)
}

// ahead writes s in place of the current token, in front of comments that end a line: these then stay at a line's end.
func (f *builder) ahead(s string) doc {
	if !endLine(f.trail) && !endLine(f.before[f.at]) {
		return f.put(s)
	}
	d := join(f.flushInline(), text(s))
	f.postpone()
	f.skip()
	return d
}

// flushInline writes the comments behind the last token up to the first that begins or ends a line.
func (f *builder) flushInline() doc {
	n := 0
	for n < len(f.trail) && !f.trail[n].start && !f.trail[n].end {
		n++
	}
	list := f.trail[:n]
	f.trail = f.trail[n:]
	return notes(list)
}

// postpone puts the comments before the current token behind it.
func (f *builder) postpone() {
	for _, c := range f.before[f.at] {
		c.blank = false
		f.trail = append(f.trail, c)
	}
	f.before[f.at] = nil
}

func endLine(list []comment) bool {
	return slices.ContainsFunc(list, func(c comment) bool { return c.start || c.end })
}

// flush writes the comments behind the last token.
func (f *builder) flush() doc {
	list := f.trail
	f.trail = nil
	return notes(list)
}

// lead writes the comments before the current token, so that they stand outside of the groups that begin with it.
func (f *builder) lead() doc {
	list := slices.Concat(f.trail, f.before[f.at])
	f.trail, f.before[f.at] = nil, nil
	return notes(list)
}

func notes(list []comment) doc {
	if len(list) == 0 {
		return nil
	}
	parts := make([]doc, len(list))
	for i, c := range list {
		parts[i] = note{c}
	}
	return join(parts...)
}

// line is a line break or a space, after the comments of the line that it ends.
func (f *builder) line() doc { return join(f.flush(), line{}) }

// softLine is a line break or nothing.
func (f *builder) softLine() doc { return join(f.flush(), line{soft: true}) }

// nested lays out a part of a line, indented by one level if comments make it begin on a line of its own.
func (f *builder) nested(part func() doc) doc {
	ownLine := endLine(f.trail) || endLine(f.before[f.at])
	d := part()
	if ownLine {
		return nest{d}
	}
	return d
}

// value lays out the expression after a word or an assignment.
func (f *builder) value() doc {
	return join(space{}, f.nested(func() doc { return f.expr(lowest) }))
}

// until writes the tokens up to an offset as they are in the source, with whatever is between them.
func (f *builder) until(offset int) doc {
	first := f.tok()
	d := f.lead()
	last := f.at
	for last+1 < len(f.tokens) && f.tokens[last+1].Pos() < offset {
		last++
	}
	f.at = last
	d = join(d, text(f.text.Body[first.Pos():f.tok().Stop()]))
	f.skip()
	return d
}

// closing returns the offset where the bracket or template at the current token has its end.
func (f *builder) closing(open, end token.Kind) int {
	depth := 0
	for _, tok := range f.tokens[f.at:] {
		switch tok.Kind {
		case open:
			depth++
		case end:
			if depth--; depth == 0 {
				return tok.Stop()
			}
		}
	}
	return f.tok().Stop()
}

// breaksAfter reports whether the source has a line break between the current token and the one before it.
func (f *builder) breaksBefore() bool {
	return f.at > 0 && strings.ContainsAny(f.text.Body[f.tokens[f.at-1].Stop():f.tok().Pos()], "\n\r")
}
