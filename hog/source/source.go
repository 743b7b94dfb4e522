// Package source holds program text under its file name. Tokens and syntax
// nodes carry byte offsets only; line, column and the caret snippet are worked
// out here when an error is shown, so that tabs and multi-byte characters are
// treated in one place.
package source

import (
	"strings"
	"unicode/utf8"
)

// Text is one source file or one piece of configuration holding Hog code.
type Text struct {
	// Name is shown in errors: a file path, or a place such as "prickle.yaml: slack.text".
	Name string
	// Body is the text that offsets refer to.
	Body string
}

// New returns a text under the given name.
func New(name, body string) *Text { return &Text{Name: name, Body: body} }

// Span is a range of bytes in a text: Start is included, End is not.
type Span struct{ Start, End int32 }

// Pos returns the offset of the first byte.
func (s Span) Pos() int { return int(s.Start) }

// Stop returns the offset after the last byte.
func (s Span) Stop() int { return int(s.End) }

// To returns the span from the start of s to the end of other.
func (s Span) To(other Span) Span { return Span{s.Start, other.End} }

// Position returns the line and the column of a byte offset, both counted from
// 1; columns count characters. Offsets outside the text are moved into it.
func (t *Text) Position(offset int) (line, col int) {
	offset = min(max(offset, 0), len(t.Body))
	before := t.Body[:offset]
	lineStart := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[lineStart:]) + 1
}

// snippetWidth bounds the shown part of a line in characters, so that minified
// programs do not fill the screen.
const snippetWidth = 100

// Snippet returns the line that holds the start of the span, and below it a
// caret line that marks the part of the span on that line.
func (t *Text) Snippet(s Span) string {
	start := min(max(s.Pos(), 0), len(t.Body))
	lineStart := strings.LastIndexByte(t.Body[:start], '\n') + 1
	line := t.Body[lineStart:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	line = strings.TrimSuffix(line, "\r")
	from := min(start-lineStart, len(line))
	to := min(max(s.Stop()-lineStart, from), len(line))
	before, marked := []rune(line[:from]), utf8.RuneCountInString(line[from:to])
	shown := []rune(line)
	if len(before) > snippetWidth/2 {
		cut := len(before) - snippetWidth/2
		before, shown = before[cut:], shown[cut:]
	}
	shown = shown[:min(len(shown), snippetWidth)]
	marked = min(max(marked, 1), max(len(shown)-len(before), 1))
	return string(shown) + "\n" + blank(before) + strings.Repeat("^", marked)
}

// blank replaces everything but tabs by spaces, so that the caret stands under
// its character whatever the width of a tab is.
func blank(runes []rune) string {
	var b strings.Builder
	for _, r := range runes {
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
