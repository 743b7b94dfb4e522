package configs

import (
	"errors"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// Errors are the mistakes of a project, sorted by file, line and column. Files stand in the order in which they were read.
type Errors []*pipeline.ConfigError

// Error is each mistake's text, separated by newlines.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives each mistake to errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, err := range e {
		out[i] = err
	}
	return out
}

// AsErrors flattens err, however joined and wrapped, into single mistakes. An error that is no ConfigError becomes one without a place.
// Nil gives none.
func AsErrors(err error) []*pipeline.ConfigError {
	if err == nil {
		return nil
	}
	if c, ok := err.(*pipeline.ConfigError); ok { //nolint:errorlint // one level at a time, so that nothing joined beside it is lost
		return []*pipeline.ConfigError{c}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*pipeline.ConfigError
		for _, e := range joined.Unwrap() {
			out = append(out, AsErrors(e)...)
		}
		return out
	}
	// What a wrapper says is left out only when the mistakes inside have places, which say more.
	if inner := errors.Unwrap(err); inner != nil {
		if all := AsErrors(inner); placed(all) {
			return all
		}
	}
	return []*pipeline.ConfigError{{Message: err.Error()}}
}

func placed(all []*pipeline.ConfigError) bool {
	for _, e := range all {
		if e.Pos == (pipeline.Pos{}) {
			return false
		}
	}
	return len(all) > 0
}

// report collects mistakes.
type report struct{ errs Errors }

// add reports a mistake; the caller may give it a hint.
func (r *report) add(pos pipeline.Pos, format string, args ...any) *pipeline.ConfigError {
	e := pipeline.Errorf(pos, format, args...)
	r.errs = append(r.errs, e)
	return e
}
