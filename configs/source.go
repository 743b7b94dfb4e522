package configs

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/prickle-dev/prickle/pipeline"
)

// source is the text of one file.
type source struct {
	name  string // as the user named it
	raw   []byte // as it was read, without a byte order mark
	lines []string
}

func newSource(name, text string) *source {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return &source{name: name, lines: strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n")}
}

func (s *source) pos(line, col int) pipeline.Pos {
	return pipeline.Pos{File: s.name, Line: max(line, 1), Col: max(col, 1)}
}

// line is the n-th line, counted from 1, or "".
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// from is what stands at pos and after it on its line.
func (s *source) from(pos pipeline.Pos) string {
	line := s.line(pos.Line)
	for range pos.Col - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return line
}

// textPlace finds the first character of a scalar's text, and the indentation of the lines after the first.
func (s *source) textPlace(n *yaml.Node) (pos pipeline.Pos, indent int) {
	pos = s.pos(n.Line, n.Column)
	if n.Anchor != "" || n.Tag == "!" || n.Style&yaml.TaggedStyle != 0 {
		pos = s.skipProperties(pos)
	}
	switch {
	case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		pos.Col++
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		indent = s.blockIndent(pos.Line+1, n.Value)
		pos.Line, pos.Col = pos.Line+1, indent+1
	}
	return pos, indent
}

// skipProperties steps over anchors and tags, which YAML counts to the scalar they stand before.
func (s *source) skipProperties(pos pipeline.Pos) pipeline.Pos {
	for pos.Line <= len(s.lines) {
		rest := s.from(pos)
		text := strings.TrimLeft(rest, " \t")
		pos.Col += len(rest) - len(text)
		switch {
		case text == "" || text[0] == '#':
			pos.Line, pos.Col = pos.Line+1, 1
		case text[0] == '&' || text[0] == '!':
			word, _, _ := strings.Cut(text, " ")
			pos.Col += utf8.RuneCountInString(word)
		default:
			return pos
		}
	}
	return pos
}

// blockIndent compares the first line of a block scalar that is not blank with the same line of its text.
func (s *source) blockIndent(line int, text string) int {
	for ; line <= len(s.lines); line++ {
		if strings.TrimSpace(s.line(line)) != "" {
			return max(leadingSpaces(s.line(line))-leadingSpaces(strings.TrimLeft(text, "\n")), 0)
		}
	}
	return 0
}

func leadingSpaces(line string) int {
	return len(line) - len(strings.TrimLeft(line, " "))
}
