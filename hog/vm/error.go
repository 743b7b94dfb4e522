package vm

import (
	"fmt"
	"strings"
)

// ErrorKind classes the ways a run can fail. Branch on it, never on the text.
type ErrorKind string

// The kinds of errors.
const (
	KindThrown     ErrorKind = "thrown"      // the program threw and nobody caught
	KindType       ErrorKind = "type"        // an operation met a value of the wrong type
	KindName       ErrorKind = "name"        // an unknown global or function
	KindData       ErrorKind = "data"        // a library function refused its argument, for instance bad JSON
	KindArgument   ErrorKind = "argument"    // too many or too few arguments
	KindBytecode   ErrorKind = "bytecode"    // bytecode that no compiler would write
	KindHost       ErrorKind = "host"        // the host's function or global failed
	KindCanceled   ErrorKind = "canceled"    // the context ended
	KindSteps      ErrorKind = "steps"       // Limits.Steps
	KindTime       ErrorKind = "time"        // Limits.Time
	KindMemory     ErrorKind = "memory"      // Limits.Memory
	KindDepth      ErrorKind = "depth"       // Limits.Depth
	KindAsyncSteps ErrorKind = "async steps" // Limits.AsyncSteps
	KindOutput     ErrorKind = "output"      // Limits.Output
	KindStringSize ErrorKind = "string size" // Limits.StringSize
	KindRegexSize  ErrorKind = "regex size"  // Limits.RegexSize
	KindInternal   ErrorKind = "internal"    // a defect of this package
)

// IsLimit reports whether the kind is a limit that was reached.
func (k ErrorKind) IsLimit() bool {
	switch k {
	case KindSteps, KindTime, KindMemory, KindDepth, KindAsyncSteps, KindOutput, KindStringSize, KindRegexSize:
		return true
	}
	return false
}

// StackFrame is one entry of the call stack of an error.
type StackFrame struct {
	// Function is the name of a function, "lambda", or "" for the program itself.
	Function string
	// Chunk is the name under which the code of the frame was imported, "" for the program that was run.
	Chunk string
	// File, Line and Col are where the frame stood, counted from 1; Line is 0 when the source is not known.
	File      string
	Line, Col int
}

// Error is a run that failed.
type Error struct {
	Kind ErrorKind
	// Message is the text of the reference machine where it has one.
	Message string
	// File, Line and Col are where the program stood, counted from 1; Line is 0 when the source is not known.
	File      string
	Line, Col int
	// Chunk is the name under which the code of the innermost frame was imported, "" for the program that was run.
	Chunk string
	// Snippet is the source line with a caret under the place, or "".
	Snippet string
	// Stack is the calls, outermost first.
	Stack []StackFrame
	// Thrown is the error value of KindThrown.
	Thrown Value
	// Cause is the host's error of KindHost and KindCanceled.
	Cause error
}

// Error is the place, as far as it is known, and the message on one line.
func (e *Error) Error() string {
	return placeText(e.File, e.Line, e.Col, e.Chunk) + e.Message
}

// Unwrap is the host's error, if there is one.
func (e *Error) Unwrap() error { return e.Cause }

// Backtrace is the call stack as text, outermost call first, one per line. Frames whose source is not known have no place.
func (e *Error) Backtrace() string {
	var b strings.Builder
	for _, f := range e.Stack {
		name := f.Function
		if name == "" {
			name = "program"
		}
		fmt.Fprintf(&b, "%sin %s\n", placeText(f.File, f.Line, f.Col, f.Chunk), name)
	}
	return b.String()
}

// placeText is a place in front of a message: that in the source, else the chunk's name, if there is one.
func placeText(file string, line, col int, chunk string) string {
	switch {
	case line > 0:
		return fmt.Sprintf("%s:%d:%d: ", file, line, col)
	case chunk != "":
		return fmt.Sprintf("chunk %q: ", chunk)
	}
	return ""
}

func errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Errorf is the error that a library function returns to end the run.
func Errorf(kind ErrorKind, format string, args ...any) error {
	return errorf(kind, format, args...)
}

// thrown carries an error value out of a function so that the program can catch it.
type thrown struct{ value Value }

func (t *thrown) Error() string { return t.value.String() }

// Throw is an error that, returned by a function, the program can catch as the error value v (see NewError).
func Throw(v Value) error { return &thrown{value: v} }

// maxMessage is how many bytes of a message are kept: programs can put any value into one.
const maxMessage = 10_000

// clip cuts a message that is too long.
func clip(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}
