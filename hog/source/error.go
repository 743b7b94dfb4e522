package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is a fault at a place in a text: a syntax error, a compile error, or a
// run-time fault that was traced back to its source.
type Error struct {
	// File is the name of the text; may be empty.
	File string
	// Line and Col count from 1; Col counts characters.
	Line, Col int
	// Message says what is wrong.
	Message string
	// Rule names the check that found the fault, for tools that report by check; may be empty.
	Rule string
	// Incomplete marks a text that ends where more has to follow, and that more text could mend.
	Incomplete bool
	// Hint says what to write instead; may be empty.
	Hint string
	// Snippet is the source line and a caret line, see Text.Snippet.
	Snippet string
	// Span is the marked range in the text.
	Span Span
}

// Errorf returns an error at a span of the text.
func (t *Text) Errorf(s Span, format string, args ...any) *Error {
	line, col := t.Position(s.Pos())
	return &Error{
		File: t.Name, Line: line, Col: col, Span: s,
		Message: fmt.Sprintf(format, args...),
		Snippet: t.Snippet(s),
	}
}

// Place returns "file:line:col", without the file when it has no name.
func (e *Error) Place() string {
	if e.File == "" {
		return fmt.Sprintf("%d:%d", e.Line, e.Col)
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Col)
}

// Error returns place, message, hint, source line and caret, each on its own line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Place() + ": " + e.Message)
	if e.Hint != "" {
		b.WriteString("\n  hint: " + e.Hint)
	}
	for line := range strings.SplitSeq(e.Snippet, "\n") {
		if line != "" {
			b.WriteString("\n    " + line)
		}
	}
	return b.String()
}

// ErrorList is several errors found in one pass over a text.
type ErrorList []*Error

// maxShown is how many errors of a list its text shows; one mistake can cause thousands.
const maxShown = 50

// Error returns the first errors, each as Error.Error prints it, and how many more there are.
func (l ErrorList) Error() string {
	var parts []string
	for _, e := range l[:min(len(l), maxShown)] {
		parts = append(parts, e.Error())
	}
	if more := len(l) - maxShown; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "\n")
}

// Unwrap returns the single errors, for errors.As.
func (l ErrorList) Unwrap() []error {
	errs := make([]error, len(l))
	for i, e := range l {
		errs[i] = e
	}
	return errs
}

// Sort orders the list by place and drops repeats of the same message at the same place.
func (l ErrorList) Sort() ErrorList {
	slices.SortStableFunc(l, func(a, b *Error) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	return slices.CompactFunc(l, func(a, b *Error) bool {
		return a.Span.Start == b.Span.Start && a.Message == b.Message
	})
}

// Err returns the list as an error, or nil when it is empty.
func (l ErrorList) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}
