package vm

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// plainText is a pattern that is a text and nothing more, such as ^https://example\.com/, as many are. It needs no automaton.
type plainText struct {
	text       string
	start, end bool // whether it is only at the start of what is searched, and only at the end
}

// plainTextOf is the pattern as a plain text, or nil when it is more than that.
func plainTextOf(tree *syntax.Regexp) *plainText {
	parts := []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	p := &plainText{}
	if p.start = parts[0].Op == syntax.OpBeginText; p.start {
		parts = parts[1:]
	}
	if last := len(parts) - 1; last >= 0 && parts[last].Op == syntax.OpEndText {
		p.end, parts = true, parts[:last]
	}
	if len(parts) != 1 || parts[0].Op != syntax.OpLiteral || parts[0].Flags&syntax.FoldCase != 0 {
		return nil
	}
	for _, r := range parts[0].Rune {
		if r >= utf8.RuneSelf {
			return nil // which may stand for what is no UTF-8, too
		}
	}
	p.text = string(parts[0].Rune)
	return p
}

func (p *plainText) occursIn(text string) bool {
	switch {
	case p.start && p.end:
		return text == p.text
	case p.start:
		return strings.HasPrefix(text, p.text)
	case p.end:
		return strings.HasSuffix(text, p.text)
	}
	return strings.Contains(text, p.text)
}
