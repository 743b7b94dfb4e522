package bus

import (
	"errors"
	"fmt"
)

var (
	// ErrOverloaded says that too many bytes are waiting to be written. Nothing of the call was published.
	ErrOverloaded = errors.New("the bus is overloaded")
	// ErrUnavailable says that the stream did not acknowledge in time or refused (full, disk low, server gone). It wraps the cause.
	// Unless the cause is a refusal, it is unknown whether the events are stored.
	ErrUnavailable = errors.New("the bus is unavailable")
	// ErrMoved says that the lane is another process's by now. What is in hand and not sent yet is best released.
	ErrMoved = errors.New("the lane is another process's")
	// ErrInterrupted says that what was handed out last may have got lost on the way. Nothing more comes before all in hand is settled.
	ErrInterrupted = errors.New("frames may have got lost on the way")
	// ErrNotFound says that there is no dead letter with the given id (any more).
	ErrNotFound = errors.New("no such dead letter")
)

// EventTooLargeError says that one event is larger than a message of the bus may be. Nothing was published.
type EventTooLargeError struct {
	Index int // of the event in the call
	Size  int // in bytes
	Limit int // in bytes
}

// Error names the event by index and both sizes.
func (e *EventTooLargeError) Error() string {
	return fmt.Sprintf("event %d is too large: %d bytes, and the bus takes %d", e.Index, e.Size, e.Limit)
}

func unavailable(cause error) error {
	if errors.Is(cause, ErrUnavailable) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, cause)
}
