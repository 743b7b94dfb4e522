package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/prickle-dev/prickle/pipeline"
)

// Bounds on what one project may hold; people write these files.
const (
	maxFileBytes = 1 << 20
	maxFiles     = 1000
	maxDepth     = 100
	maxNodes     = 100_000  // with aliases expanded
	maxText      = 16 << 20 // bytes of all values, with aliases expanded and variables put in
)

// parse makes a tree of a file's text. Nil without a mistake reported means that the file holds nothing.
func (l *loader) parse(src *source, text []byte) *node {
	if !l.readable(src, text) {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithUniqueKeys(false),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth), loaderlimits.AliasNone())))
	if err != nil {
		l.add(pipeline.Pos{File: src.name}, "yaml: %v", err)
		return nil
	}
	var doc, next yaml.Node
	if err := loader.Load(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			l.syntaxError(src, err)
		}
		return nil
	}
	if err := loader.Load(&next); err == nil {
		second := l.add(src.pos(next.Line, next.Column), "a file holds one YAML document, and here a second one begins")
		second.Hint = "move it to a file of its own and include that"
		if l.alone {
			second.Hint = "add what it holds to the first one, or move it to a file of its own"
		}
	} else if !errors.Is(err, io.EOF) {
		l.syntaxError(src, err)
	}
	c := converter{loader: l, src: src, active: map[*yaml.Node]bool{}}
	n := c.node(doc.Content[0], 0)
	if c.stopped {
		return nil
	}
	return n
}

// readable refuses what the YAML library would refuse without a place.
func (l *loader) readable(src *source, text []byte) bool {
	if !utf8.Valid(text) {
		for i, line := range src.lines {
			if !utf8.ValidString(line) {
				l.add(src.pos(i+1, 1), "this line is not UTF-8 text")
				return false
			}
		}
	}
	for i, line := range src.lines {
		for col, r := range []rune(line) {
			if r < ' ' && r != '\t' || r == 0x7f {
				l.add(src.pos(i+1, col+1), "control character %U is not allowed", r)
				return false
			}
		}
	}
	return true
}

// syntaxError places the library's error.
func (l *loader) syntaxError(src *source, err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		l.add(pipeline.Pos{File: src.name}, "yaml: %v", err)
		return
	}
	mark := e.Mark
	// What is never closed is found missing at the end of the file; the place to look at is where it was opened.
	if mark.Line == 0 || mark.Line >= len(src.lines) && e.ContextMark.Line > 0 {
		mark = e.ContextMark
	}
	message := e.Message
	if e.ContextMsg != "" {
		message = fmt.Sprintf("%s, %s", e.ContextMsg, e.Message)
	}
	at := src.pos(mark.Line, mark.Column)
	l.add(at, "yaml: %s", message).Hint = syntaxHint(src, at)
}

// syntaxHint looks at what stands at the place of a syntax error.
func syntaxHint(src *source, at pipeline.Pos) string {
	rest := src.from(at)
	before := strings.TrimSuffix(src.line(at.Line), rest)
	switch {
	case strings.HasPrefix(rest, "\t"):
		return "indent with spaces, not with tabs"
	case strings.HasSuffix(before, "$") && strings.HasPrefix(rest, "{"):
		return `inside { } and [ ] put quotes around "${NAME}"`
	case strings.HasPrefix(rest, ": "), rest == ":":
		return `put quotes around text that holds ": ", or check the indentation`
	case strings.HasPrefix(rest, `\`):
		return `inside double quotes write \\ for a backslash, or use single quotes`
	case rest != "" && strings.ContainsRune("@`%", rune(rest[0])):
		return "put quotes around text that begins with " + rest[:1]
	}
	return ""
}
