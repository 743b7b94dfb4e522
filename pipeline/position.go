package pipeline

import (
	"fmt"
	"strings"
)

// Pos is a place in a configuration file. The zero Pos is no place.
type Pos struct {
	File string // as the user named it
	Line int    // from 1
	Col  int    // from 1, in characters
}

// String is file:line:col, the form that editors jump to.
func (p Pos) String() string {
	switch {
	case p.File == "" && p.Line == 0:
		return ""
	case p.Line == 0:
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Code is a piece of source code inside a configuration file: an expr condition or a Hog template. A Config struct that has a
// field of this type gets its place with it, so that a compile error can point into the file.
type Code struct {
	Text   string
	Pos    Pos // where the first character of Text stands
	Indent int // how many characters the lines after the first are indented by in the file (block scalars)
}

// At returns the place of the character at offset (in bytes) of the text.
func (c Code) At(offset int) Pos {
	if c.Pos.Line == 0 {
		return c.Pos
	}
	before := c.Text[:min(max(offset, 0), len(c.Text))]
	p := c.Pos
	if n := strings.Count(before, "\n"); n > 0 {
		p.Line += n
		p.Col = c.Indent + 1
		before = before[strings.LastIndexByte(before, '\n')+1:]
	}
	p.Col += len([]rune(before))
	return p
}

// File is the path of a file named in the configuration. Path is ready to open: a relative one has been joined to the folder of the
// configuration file that names it.
type File struct {
	Name string // as written
	Path string
	Pos  Pos
}

// Tree is free-form configuration (a request body, Slack blocks): text keeps its place, so that templates in it can be compiled. Exactly
// one of Text, List, Fields and Literal is meant: Text when it is not nil, then List, then Fields, else Literal.
type Tree struct {
	Pos     Pos
	Text    *Code
	List    []Tree
	Fields  Fields
	Literal any // nil, bool, int64, float64, or *big.Int for an integer beyond int64
}

// Fields is a mapping of the configuration in the order it was written.
type Fields []Field

// Field is one entry of Fields. Names are unique within one mapping.
type Field struct {
	Name  string
	Pos   Pos // of the name
	Value Tree
}

// Bytes is a number of bytes, written as a number or with a unit: 500, 64KB, 8MB, 1GB (powers of 1024).
type Bytes int64

// ConfigError is a mistake in the configuration or in a Hog file that the user can find and mend.
type ConfigError struct {
	Pos     Pos
	Message string // lower case, says what is wrong with which value
	Hint    string // what to write instead, or ""
	Snippet string // the source line and a caret line, or ""
}

// Errorf makes a ConfigError at pos.
func Errorf(pos Pos, format string, args ...any) *ConfigError {
	return &ConfigError{Pos: pos, Message: fmt.Sprintf(format, args...)}
}

// Error is "file:line:col: message", then the hint, then the snippet on lines of its own.
func (e *ConfigError) Error() string {
	var b strings.Builder
	if p := e.Pos.String(); p != "" {
		b.WriteString(p)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString("; ")
		b.WriteString(e.Hint)
	}
	if e.Snippet != "" {
		b.WriteByte('\n')
		b.WriteString(e.Snippet)
	}
	return b.String()
}
