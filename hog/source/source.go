// Package source holds program text under its file name. Tokens and syntax
// nodes carry byte offsets only; line, column and the caret snippet are worked
// out here when an error is shown, so that tabs and multi-byte characters are
// treated in one place.
package source

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// Text is one source file or one piece of configuration holding Hog code.
type Text struct {
	// Name is shown in errors: a file path, or a place such as "prickle.yaml: slack.text".
	Name string
	// Body is the text that offsets refer to.
	Body string

	marked sync.Once
	marks  []mark // every markEvery bytes, when the text is longer
}

// mark is a known place, from which those after it are counted.
type mark struct{ offset, line, col int }

const markEvery = 1024

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
	from := mark{0, 1, 1}
	if offset >= markEvery {
		t.marked.Do(t.setMarks)
		if after := sort.Search(len(t.marks), func(i int) bool { return t.marks[i].offset > offset }); after > 0 {
			from = t.marks[after-1]
		}
	}
	to := from.advance(t.Body[from.offset:offset])
	return to.line, to.col
}

// advance is the place behind the text that follows a place.
func (m mark) advance(text string) mark {
	m.offset += len(text)
	if lineStart := strings.LastIndexByte(text, '\n') + 1; lineStart > 0 {
		m.line += strings.Count(text, "\n")
		m.col, text = 1, text[lineStart:]
	}
	m.col += utf8.RuneCountInString(text)
	return m
}

// setMarks marks starts of characters, as a piece of one would count as several.
func (t *Text) setMarks() {
	at := mark{0, 1, 1}
	for len(t.Body)-at.offset >= markEvery {
		end := at.offset + markEvery
		for end < len(t.Body) && !utf8.RuneStart(t.Body[end]) {
			end++
		}
		at = at.advance(t.Body[at.offset:end])
		t.marks = append(t.marks, at)
	}
}

// snippetWidth bounds the shown part of a line in characters, so that minified
// programs do not fill the screen.
const snippetWidth = 100

// Snippet returns the line that holds the start of the span, and below it a
// caret line that marks the part of the span on that line.
func (t *Text) Snippet(s Span) string {
	start := min(max(s.Pos(), 0), len(t.Body))
	first := start
	for n := 0; n < snippetWidth/2 && first > 0 && t.Body[first-1] != '\n'; n++ {
		_, size := utf8.DecodeLastRuneInString(t.Body[:first])
		first -= size
	}
	line := t.Body[first:min(len(t.Body), first+snippetWidth*utf8.UTFMax+1)] // more than is shown
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	line = strings.TrimSuffix(line, "\r")
	from := min(start-first, len(line))
	to := min(max(s.Stop()-first, from), len(line))
	before, marked := []rune(line[:from]), utf8.RuneCountInString(line[from:to])
	shown := []rune(line)
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
