package capture

import (
	"context"
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/pipeline"
)

// Log stores captured events.
//
// Append returns nil only once every event is stored so that it survives a crash. It is called from many goroutines at once, with at
// least one event.
//
// The events and all bytes and strings they hold live in memory that capture uses again for other requests after Append has returned
// nil: an implementation copies what it keeps. After an error the memory is left alone, so an implementation may give up on a call whose
// context has ended while its own goroutine still reads the events.
type Log interface {
	Append(ctx context.Context, events []pipeline.Event) error
}

// What an error of Log.Append means for the answer, found with errors.Is. Any other error is answered with 500.
var (
	// ErrOverloaded means that the log takes no more at the moment: 503, and clients try again soon.
	ErrOverloaded = errors.New("event log is overloaded")
	// ErrUnavailable means that the log cannot be reached or is full: 503, and clients try again later.
	ErrUnavailable = errors.New("event log is unavailable")
)

// EventTooLargeError means that an event will never fit, and that nothing of the call was stored: 413, and clients that can, split their
// batch. A batch of Segment's is stored without the event.
type EventTooLargeError struct {
	Index int // of the event in the call
	Size  int // in bytes, with everything that is stored of it
	Limit int // in bytes
}

// Error names the event by index, and both sizes.
func (e *EventTooLargeError) Error() string {
	return fmt.Sprintf("event %d is too large for the event log: %d bytes, the limit is %d", e.Index, e.Size, e.Limit)
}
