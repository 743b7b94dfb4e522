package code

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/source"
)

// lineIndex finds the line of an offset without counting from the beginning each time.
type lineIndex struct {
	text   *source.Text
	starts []int
}

func newLineIndex(text *source.Text) lineIndex {
	if text == nil {
		return lineIndex{}
	}
	starts := []int{0}
	for at := range len(text.Body) {
		if text.Body[at] == '\n' {
			starts = append(starts, at+1)
		}
	}
	return lineIndex{text, starts}
}

// number is the line of an offset, counted from 1, or 0 when there is no source.
func (l lineIndex) number(offset int) int {
	if l.text == nil || offset < 0 || offset > len(l.text.Body) {
		return 0
	}
	n, found := slices.BinarySearch(l.starts, offset)
	if found {
		n++
	}
	return n
}

// line is the n-th line without the space around it, cut when it is long.
func (l lineIndex) line(n int) string {
	line, _, _ := strings.Cut(l.text.Body[l.starts[n-1]:], "\n")
	runes := []rune(strings.TrimSpace(line))
	if len(runes) > sourceWidth {
		return string(runes[:sourceWidth]) + "…"
	}
	return string(runes)
}
