package wire

import (
	"fmt"
	"net/http"
)

// Refusal is why a request is not taken. It is an error, and what the client is told; it never holds a token or a part of the body.
type Refusal struct {
	Status int            // HTTP status
	Code   string         // for programs, for example "missing_distinct_id"
	Detail string         // for people
	Events []EventProblem // the events that are wrong, when the trouble lies with events
}

// EventProblem is what is wrong with one event of a request.
type EventProblem struct {
	Index  int    `json:"index"`          // from 0
	UUID   string `json:"uuid,omitempty"` // of an event that is too large
	Code   string `json:"code"`
	Detail string `json:"detail"`

	tooLarge bool
}

// SizeDetail says that something is too large.
func SizeDetail(size, limit int) string {
	return fmt.Sprintf("%d bytes, the limit is %d", size, limit)
}

// Error is the detail.
func (r *Refusal) Error() string { return r.Detail }

// Invalid is a refusal with status 400.
func Invalid(code, format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// TooLarge is a refusal with status 413, which makes SDKs halve their batch.
func TooLarge(code, format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusRequestEntityTooLarge, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Unauthorized is a refusal with status 401.
func Unauthorized(code, format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusUnauthorized, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Forbidden is a refusal with status 403.
func Forbidden(code, format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// RefuseEvents makes one refusal of a request out of the problems of its events: 413 when one of them is too large, else 400. nil when
// there are none.
func RefuseEvents(problems []EventProblem) error {
	if len(problems) == 0 {
		return nil
	}
	first := problems[0]
	for _, p := range problems {
		if p.tooLarge {
			first = p
			break
		}
	}
	r := Invalid(first.Code, "event %d: %s", first.Index, first.Detail)
	if first.tooLarge {
		r.Status = http.StatusRequestEntityTooLarge
	}
	if n := len(problems) - 1; n > 0 {
		r.Detail = fmt.Sprintf("%s; %d more events are wrong", r.Detail, n)
	}
	r.Events = problems
	return r
}
