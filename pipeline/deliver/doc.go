// Package deliver is the second stage: it takes frames of events that are due for one destination, puts batches together, calls Send, and
// settles every event.
//
// Each lane of a destination is worked by one goroutine, one batch at a time, so that one person's events are never sent at once. The
// outcome of each event decides what becomes of it:
//
//	delivered                 acknowledged
//	failed, may be retried    put back with a delay that grows with every attempt, until the retry policy gives up
//	rate limited              the same, not before the time that was named, until when nothing else is sent either
//	failed for good           dead letter with the reason; acknowledged once that is stored
//	unknown (shutting down)   put back untouched
//
// A short delay leaves the frame where it is (a refusal with a delay); a longer one puts it into the stream anew by a schedule. When some
// events of a frame failed, only those come back. A batch that is refused as a whole for good is halved until the events that spoil it stand
// alone.
//
// # Order
//
// Relaxed order lets what comes back be overtaken. In strict order the bus hands out one frame of a lane at a time, and a frame keeps its
// place until all of it is delivered or dead-lettered: the server holds the order, through crashes, lost calls and changes of process.
// What of the frame is done already is remembered by the worker, so that only the rest is sent again.
//
// # Outages
//
// A breaker for all lanes of a destination opens when batches fail in a row and nothing is delivered. Then nothing is fetched: events wait in
// the queue without attempts, and now and then one frame goes to see.
//
// # Again
//
// Frames that are sent once more (bus.ReplayTopic) are taken while no other frame waits in the lane, and are counted apart.
//
// TestSimulation plays random histories over a model of the stream and checks all of this; make sim plays a million.
package deliver
