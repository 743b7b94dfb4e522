package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Permanent marks err as final: the same events will never be accepted, so they go to the dead letters at once.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error that it wraps, was marked by Permanent.
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// RetryAfter marks err as worth another try, but not before d has passed (a rate limit that names its time).
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{err, d}
}

// RetryDelay returns the time given to RetryAfter, and whether err carries one.
func RetryDelay(err error) (time.Duration, bool) {
	var r *retryAfterError
	if errors.As(err, &r) {
		return r.after, true
	}
	return 0, false
}

type retryAfterError struct {
	error
	after time.Duration
}

func (e *retryAfterError) Unwrap() error { return e.error }

// Response is the beginning of what the other side answered, with stars in place of secrets.
type Response struct {
	Status string `json:"status"`         // such as "422 Unprocessable Entity"
	Body   string `json:"body,omitempty"` // at most MaxResponse bytes
}

// MaxResponse is how much of an answer's body a Response holds, in bytes.
const MaxResponse = 2 << 10

// Answered adds to err what the other side answered, so that the dead letter can show it.
func Answered(err error, r Response) error {
	if err == nil {
		return nil
	}
	return &answeredError{err, r}
}

// ResponseOf returns what was given to Answered for err or an error that it wraps, or nil.
func ResponseOf(err error) *Response {
	var a *answeredError
	if errors.As(err, &a) {
		return &a.response
	}
	return nil
}

type answeredError struct {
	error
	response Response
}

func (e *answeredError) Unwrap() error { return e.error }

// ErrorClass is the kind of a transform's failure in a word: what an error in err says by a method ErrorClass, else "error".
func ErrorClass(err error) string {
	var c interface{ ErrorClass() string }
	if errors.As(err, &c) {
		return c.ErrorClass()
	}
	return "error"
}

// BatchError says that some events of a batch failed. Events whose index is not listed are safely delivered. Each listed error is judged
// on its own: Permanent, RetryAfter, or unmarked, which means that another try may help.
type BatchError struct {
	Failed map[int]error
}

// Error counts the failed events and quotes the first by index.
func (e *BatchError) Error() string {
	indexes := make([]int, 0, len(e.Failed))
	for i := range e.Failed {
		indexes = append(indexes, i)
	}
	if len(indexes) == 0 {
		return "no event failed"
	}
	slices.Sort(indexes)
	var b strings.Builder
	fmt.Fprintf(&b, "%d events failed, first event %d: %v", len(indexes), indexes[0], e.Failed[indexes[0]])
	return b.String()
}

// EventErrors spreads the result of Send over n events: errs[i] is nil when event i is safely delivered.
func EventErrors(err error, n int) []error {
	errs := make([]error, n)
	var batch *BatchError
	if errors.As(err, &batch) {
		for i, failed := range batch.Failed {
			if i >= 0 && i < n {
				errs[i] = failed
			}
		}
		return errs
	}
	for i := range errs {
		errs[i] = err
	}
	return errs
}
