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
