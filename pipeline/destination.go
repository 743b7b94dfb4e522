package pipeline

import (
	"context"
	"time"
)

// Destination delivers events to one place outside.
//
// Send is called with at least one and at most Batch.Events events, in lane order, never with two events of one person at the same time
// from different calls; calls for different lanes run at once. The result tells what happened:
//
//   - nil: every event is safely at the other side.
//   - *BatchError: only the listed events failed, each with an error of its own. Behind one that may be tried again, no later event of the
//     same person was delivered by this call, or strict order would be broken.
//   - any other error: all of them failed. Permanent means never again, RetryAfter not before a time, anything else may be tried again.
//   - the context's error, when ctx ended: nothing is known; the events go back untouched.
//
// Send does not retry, sleep, or change what is in the slice, and keeps neither it nor a pointer into it: its memory is used again. It passes the
// event's UUID as idempotency key wherever the other side takes one.
type Destination interface {
	Send(ctx context.Context, events []Event) error
}

// Opener is a Destination, Warehouse or Source with something to open. Open is called once, before any other method; its error stops
// the start and says what to do.
type Opener interface {
	Open(ctx context.Context) error
}

// Closer is a component with something to close. Close is called once, after the last call of any other method has returned.
type Closer interface {
	Close() error
}

// Checker is a component that can prove its configuration against the other side (credentials, permissions, reachability) without
// changing anything there. The check command calls it when asked to go online.
type Checker interface {
	Check(ctx context.Context) error
}

// Batch says how many events a destination takes at once. Whichever limit is reached first ends a batch.
type Batch struct {
	Events int           // at most this many events; 1 means one event a call
	Bytes  int           // at most about this many bytes of event lines
	Wait   time.Duration // an incomplete batch is sent when its first event has waited this long; 0 sends what is there
}
