// Package replay sends captured events through a pipeline once more: all that the event log holds from one time to another, to all of the
// pipeline's destinations or to one, for example a new one.
//
// # Live traffic
//
// A replay has no part in the lanes. The process that holds the lease reads the log itself, takes the events through the transforms and
// conditions (process.Replayer), and puts what becomes of them into queues of their own (bus.ReplayTopic), which a destination's lanes turn to
// while no live frame waits (bus.Queue). What that leaves to share is processor and disk. Therefore a replay takes one goroutine, puts no
// more than a bounded number of frames up for a destination, and stops while captured frames wait to be processed (pacer). The
// alternative, publishing the old events to the log again for one pipeline, would put them in front of what is captured, store everything
// twice and let the log's limit throw newer events out.
//
// # Where it is
//
// A Job is a record in bus.State, with a position in the log: the frame and the event in it that come next. Events are sent in steps that depend on
// nothing but the log, the job and the position, under ids made of the job and the position. A process that was killed between a step and the
// writing of the position makes the same step again, and the queues recognise it.
//
// # What arrives
//
// Events keep their uuids and times. A warehouse that has an event keeps the row it has; an HTTP destination sees the Idempotency-Key that it saw
// the first time.
package replay
