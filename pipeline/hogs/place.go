package hogs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/pipeline"
)

// place translates places inside a Hog text into places of the user's files.
type place struct {
	code pipeline.Code
	file bool // the text is a file of its own, so that its source lines can be shown
}

// ofFile is the place of a text that is a whole file.
func ofFile(path, text string) place {
	return place{pipeline.Code{Text: text, Pos: pipeline.Pos{File: path, Line: 1, Col: 1}}, true}
}

func (p place) name() string { return p.code.Pos.File }

// compileError turns the errors of a compilation into ConfigErrors, joined.
func (p place) compileError(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, p.compileError(e))
		}
		return errors.Join(errs...)
	}
	var e *source.Error
	if !errors.As(err, &e) {
		return &pipeline.ConfigError{Pos: p.code.Pos, Message: err.Error()}
	}
	c := &pipeline.ConfigError{Pos: p.code.At(e.Span.Pos()), Message: e.Message, Hint: p.hint(e)}
	if p.file {
		c.Snippet = strings.TrimSuffix(e.Snippet, "\n")
	}
	return c
}

// runError describes a run that failed.
func (p place) runError(err error) error {
	var e *hog.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", p.code.Pos, err)
	}
	pos := p.code.Pos
	if e.Line > 0 {
		pos = p.code.At(p.offset(e.Line, e.Col))
	}
	return &RunError{Pos: pos, Kind: e.Kind, Message: e.Message, cause: e}
}

// RunError is a Hog program that failed on an event.
type RunError struct {
	Pos     pipeline.Pos
	Kind    hog.ErrorKind
	Message string
	cause   *hog.Error
}

// Error is the place and the message.
func (e *RunError) Error() string {
	if place := e.Pos.String(); place != "" {
		return place + ": " + e.Message
	}
	return e.Message
}

// ErrorClass is "limit" for a limit of any kind that was reached, else the kind.
func (e *RunError) ErrorClass() string {
	if e.Kind.IsLimit() {
		return "limit"
	}
	return string(e.Kind)
}

// Unwrap gives the machine's own error, which has the call stack.
func (e *RunError) Unwrap() error { return e.cause }

// offset turns a line and a column in characters into an offset in bytes.
func (p place) offset(line, col int) int {
	start := 0
	for range line - 1 {
		next := strings.IndexByte(p.code.Text[start:], '\n')
		if next < 0 {
			return len(p.code.Text)
		}
		start += next + 1
	}
	for i := range p.code.Text[start:] {
		if col--; col == 0 {
			return start + i
		}
	}
	return len(p.code.Text)
}

// notHere are functions of PostHog's host that a run on an event cannot have: it does no I/O.
var notHere = []string{"fetch", "sleep", "postHogCapture", "sendEmail", "sendPushNotification"}

// dashed is what stands before a name that was meant to be the second half of event.properties.first-name.
var dashed = regexp.MustCompile(`(event\.properties(?:\.[\w$]+)*)\.([\w$]+)-$`)

// hint adds to the compiler's hints what it cannot know about events.
func (p place) hint(e *source.Error) string {
	at := min(e.Span.Pos(), len(p.code.Text))
	name := p.code.Text[at:min(max(e.Span.Stop(), at), len(p.code.Text))]
	if m := dashed.FindStringSubmatch(p.code.Text[:at]); m != nil {
		return fmt.Sprintf("a name with a dash is written %s['%s-%s']", m[1], m[2], name)
	}
	for _, f := range notHere {
		if name == f || strings.HasPrefix(name, f+"(") {
			return "transforms and templates reach nothing outside; a destination can"
		}
	}
	return e.Hint
}

// missing is the error for a global that is not available, at its first mention.
func (p place) missing(name, hint string) error {
	err := pipeline.Errorf(p.mention(regexp.QuoteMeta(name)), "%s is not available here", name)
	err.Hint = hint
	return err
}

// mention is the place of the first whole word that matches, or else the beginning.
func (p place) mention(pattern string) pipeline.Pos {
	if at := regexp.MustCompile(`\b` + pattern + `\b`).FindStringIndex(p.code.Text); at != nil {
		return p.code.At(at[0])
	}
	return p.code.Pos
}
