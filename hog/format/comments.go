package format

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/token"
)

// comment is one comment as it will be written.
type comment struct {
	text string
	// start and end say that it begins and ends a line, and blank that a blank line comes before it.
	start, end, blank bool
	// newLines is how many lines end between it and what is before it.
	newLines int
}

// lines returns the lines of the comment. Those of a starred one are without their indent.
func (c comment) lines() []string {
	list, cut := strings.Split(c.text, "\n"), c.starred()
	for i, s := range list {
		s = strings.TrimRight(s, " \t\r\v\f")
		if i > 0 && cut {
			s = strings.TrimLeft(s, " \t")
		}
		list[i] = s
	}
	return list
}

// starred reports whether every line after the first begins with a star, which is kept under the star of the first.
func (c comment) starred() bool {
	for i, s := range strings.Split(c.text, "\n") {
		if i > 0 && !strings.HasPrefix(strings.TrimLeft(s, " \t"), "*") {
			return false
		}
	}
	return true
}

// attach gives each comment to the token before or after it.
func (f *builder) attach() {
	f.before, f.after = make([][]comment, len(f.tokens)), make([][]comment, len(f.tokens))
	f.blank = make([]bool, len(f.tokens))
	all := lexer.Comments(f.text, f.scanned)
	from := 0
	for i, tok := range f.tokens {
		var between []comment
		for len(all) > 0 && all[0].Pos() < tok.Pos() {
			between = append(between, f.comment(all[0], from))
			from, all = all[0].Stop(), all[1:]
		}
		newLines, blank := lineEnds(f.text.Body[from:tok.Pos()])
		f.blank[i] = blank
		f.share(i, between, newLines)
		from = tok.Stop()
	}
}

func (f *builder) comment(c lexer.Comment, from int) comment {
	s := strings.ReplaceAll(f.text.Body[c.Pos():c.Stop()], "\r\n", "\n")
	n, blank := lineEnds(f.text.Body[from:c.Pos()])
	if from == 0 {
		n++ // the start of the text is the start of a line
	}
	return comment{text: s, end: c.ToLineEnd, blank: blank, newLines: n}
}

// lineEnds counts the line ends in what is between two tokens, white space and dropped semicolons, and reports whether
// a blank line is among them.
func lineEnds(s string) (n int, blank bool) {
	for part := range strings.SplitSeq(s, ";") {
		ends := strings.Count(part, "\n") + strings.Count(part, "\r") - strings.Count(part, "\r\n")
		n += ends
		blank = blank || ends > 1
	}
	return n, blank
}

// share attaches the comments before token i, which newLines follow. Those on the line of the token before stay there,
// unless the line goes on with token i; then they belong to that, and so do those on lines of their own.
func (f *builder) share(i int, list []comment, newLines int) {
	tok, same := f.tokens[i], 0
	for same < len(list) && list[same].newLines == 0 {
		same++
	}
	if same > 0 {
		toLineEnd, opened := list[same-1].end, opens(f.tokens[i-1])
		// Alone in brackets, one of several lines breaks them, and is on a line of its own then.
		breaks := opened && closes(tok) && strings.Contains(list[same-1].text, "\n")
		lastOnLine := toLineEnd || same < len(list) || newLines > 0 || breaks
		switch {
		case opened && lastOnLine && !toLineEnd:
			f.before[i] = owned(list[:same])
		case lastOnLine, !opened && (closes(tok) || tok.Kind == ","):
			f.after[i-1] = list[:same]
		default:
			f.before[i] = list[:same]
		}
		list = list[same:]
	}
	own := len(list)
	for n := newLines; own > 0 && n == 0 && !list[own-1].end && (tok.Kind == ";" || !closes(tok)); own-- {
		n = list[own-1].newLines
	}
	f.before[i] = slices.Concat(f.before[i], owned(list[:own]), list[own:])
}

// owned marks comments that have lines of their own.
func owned(list []comment) []comment {
	for i := range list {
		list[i].start = i == 0 || list[i].newLines > 0
		list[i].end = i == len(list)-1 || list[i+1].newLines > 0
	}
	return list
}

func opens(tok token.Token) bool { return tok.Kind == "(" || tok.Kind == "[" || tok.Kind == "{" }

func closes(tok token.Token) bool {
	switch tok.Kind {
	case ")", "]", "}", ";", token.EOF:
		return true
	}
	return false
}
