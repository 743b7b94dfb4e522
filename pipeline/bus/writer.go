package bus

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// maxPile bounds the bytes that wait in a Writer.
const maxPile = 64 << 20

// maxSpare bounds the buffers that a Writer keeps to use again, however many lanes it has.
const maxSpare = 16

// embeddedFlying is how many frames are on their way to the embedded server at once: one that is being synced and one that is next. It
// writes one at a time, so that more would not be stored sooner; held back, they grow, and each sync stores more events. To an outside
// server, where the way is long, each lane has one.
const embeddedFlying = 2

// Writer appends events to the EVENTS stream. Calls at the same time share frames (a group commit): each lane has at most one frame on
// its way, and what arrives meanwhile piles up for the next. Under load frames are large, and without load nothing waits.
type Writer struct {
	bus   *Bus
	lanes []lane
	piled atomic.Int64 // bytes handed to lanes and not settled
	limit int64
}

// NewWriter makes a Writer. Append works while Run runs.
func (b *Bus) NewWriter() *Writer {
	flying := b.Lanes()
	if !b.Shared() {
		flying = embeddedFlying
	}
	return newWriter(b, b.MaxFrame(), flying)
}

func newWriter(b *Bus, frame FrameLimit, flying int) *Writer {
	w := &Writer{bus: b, limit: maxPile, lanes: make([]lane, b.Lanes())}
	slots, spare := make(chan struct{}, flying), make(chan *pile, maxSpare)
	for i := range w.lanes {
		w.lanes[i] = lane{number: i, limit: frame, piled: &w.piled, wake: make(chan struct{}, 1), slots: slots, spare: spare}
	}
	return w
}

// Append stores events and returns nil once the stream has acknowledged all of them. The order within a lane is the order of calls and
// of the events in a call. It may be called concurrently.
//
// *EventTooLargeError and ErrOverloaded are returned at once, with nothing published. ErrUnavailable means that at least one frame was
// not acknowledged, and ctx's error that the caller stopped waiting; the events may be stored then, or some of them. Appending them
// again with the same UUIDs is right in all cases: what is stored twice has the same UUID.
func (w *Writer) Append(ctx context.Context, events []pipeline.Event) error {
	size, err := w.measure(events)
	if err != nil || len(events) == 0 {
		return err
	}
	if piled := w.piled.Add(size); piled > w.limit && piled > size {
		w.piled.Add(-size)
		return fmt.Errorf("%w: %d bytes are waiting to be written", ErrOverloaded, piled-size)
	}
	call := calls.Get().(*call)
	if w.bus.tracer != nil {
		call.trace = trace.ContextOf(ctx)
	}
	call.left.Store(1) // held until everything is handed over
	w.hand(events, call)
	call.settle(nil)
	select {
	case <-call.done:
		err := call.err
		call.err, call.trace = nil, trace.Context{}
		calls.Put(call)
		return err
	case <-ctx.Done():
		return fmt.Errorf("append: %w", context.Cause(ctx))
	}
}

// Accepts returns ErrOverloaded when so much waits to be stored that Append would refuse.
func (w *Writer) Accepts() error {
	if piled := w.piled.Load(); piled >= w.limit {
		return fmt.Errorf("%w: %d bytes are waiting to be written", ErrOverloaded, piled)
	}
	return nil
}

// Pending returns how many bytes of events wait to be stored, and how many may at most.
func (w *Writer) Pending() (bytes, limit int64) { return w.piled.Load(), w.limit }

func (w *Writer) measure(events []pipeline.Event) (int64, error) {
	limit := w.bus.maxEvent()
	var total int64
	for i := range events {
		size := events[i].Size()
		if size > limit {
			return 0, &EventTooLargeError{Index: i, Size: size, Limit: limit}
		}
		total += int64(size)
	}
	return total, nil
}

// hand gives each lane its events of the call at once. Were they handed over piece by piece, a frame that fails in between would take the
// first pieces with it and let the others through, and the call's repetition would come after them.
func (w *Writer) hand(events []pipeline.Event, c *call) {
	c.lanes = c.lanes[:0]
	for i := range events {
		if i > 0 && events[i].DistinctID == events[i-1].DistinctID {
			c.lanes = append(c.lanes, c.lanes[i-1]) // the usual case of an SDK's batch
			continue
		}
		c.lanes = append(c.lanes, uint8(LaneOf(events[i].DistinctID, len(w.lanes))))
	}
	var done [256]bool
	for i, n := range c.lanes {
		if !done[n] {
			done[n] = true
			w.lanes[n].add(events[i:], c.lanes[i:], c)
		}
	}
}

// Run publishes what Append hands over until ctx ends. It then publishes what has been handed over already, refuses the rest and
// returns nil. It is called once.
func (w *Writer) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for i := range w.lanes {
		group.Go(func() { w.lanes[i].run(ctx, w.bus.publishFrame) })
	}
	group.Wait()
	return nil
}

// call is one Append. It is done when every frame that holds events of it has been settled.
type call struct {
	left  atomic.Int32
	trace trace.Context // of the request that calls
	mu    sync.Mutex
	err   error         // of the first frame that failed
	done  chan struct{} // takes one token when left reaches 0
	lanes []uint8       // scratch: of each event
}

var calls = sync.Pool{New: func() any { return &call{done: make(chan struct{}, 1)} }}

func (c *call) settle(err error) {
	if err != nil {
		c.mu.Lock()
		if c.err == nil {
			c.err = err
		}
		c.mu.Unlock()
	}
	if c.left.Add(-1) == 0 {
		c.done <- struct{}{}
	}
}
