// Package deliver is the second stage: it takes frames of events that are due for one destination, puts batches together, calls Send, and
// settles every event.
//
// Each lane of a destination is worked by one goroutine, one batch at a time, so that one person's events are never sent at once. The
// outcome of each event decides what becomes of it:
//
//	delivered                 acknowledged
//	failed, may be retried    put back with a delay that grows with every attempt, until the retry policy gives up
//	failed for good           dead letter with the reason; acknowledged once that is stored
//	unknown (shutting down)   put back untouched
//
// When some events of a frame failed, only those come back. A batch that is refused as a whole for good is halved until the events that
// spoil it stand alone.
package deliver
