package bus

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// pile is a frame in the making.
type pile struct {
	Builder
	lane   int
	packed []byte // memory for packing it
	size   int64  // by Event.Size, as it was added to the Writer's piled bytes
	calls  []*call
	traces []trace.Context // of the calls that are traced
}

// packing returns memory to pack the payload into, which is used again when the pile is.
func (p *pile) packing() []byte {
	if n := s2.MaxEncodedLen(len(p.payload)); cap(p.packed) < n {
		p.packed = make([]byte, n)
	}
	return p.packed
}

// lane is a Writer's queue for one lane: frames in order, of which the last one may still grow.
type lane struct {
	number int
	limit  FrameLimit
	piled  *atomic.Int64 // the Writer's
	wake   chan struct{}
	slots  chan struct{} // the Writer's
	spare  chan *pile    // the Writer's

	mu     sync.Mutex
	queue  []*pile
	closed bool
}

var errWriterStopped = errors.New("the writer has stopped")

// add encodes the events that are this lane's, by lanes, into the open frame, and further ones as they fill up.
func (l *lane) add(events []pipeline.Event, lanes []uint8, c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		for i := range events {
			if int(lanes[i]) == l.number {
				l.piled.Add(-int64(events[i].Size()))
			}
		}
		c.left.Add(1)
		c.settle(unavailable(errWriterStopped))
		return
	}
	for i := range events {
		if int(lanes[i]) == l.number {
			l.put(&events[i], c)
		}
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) put(e *pipeline.Event, c *call) {
	p := l.open(e)
	p.size += int64(e.Size())
	if n := len(p.calls); n == 0 || p.calls[n-1] != c {
		p.calls = append(p.calls, c)
		if c.trace.Sampled() {
			p.traces = append(p.traces, c.trace)
		}
		c.left.Add(1)
	}
	p.Add(e)
}

// open returns the frame that the next event goes into.
func (l *lane) open(e *pipeline.Event) *pile {
	if n := len(l.queue); n > 0 && l.queue[n-1].Takes(e, l.limit) {
		return l.queue[n-1]
	}
	var p *pile
	select {
	case p = <-l.spare:
		p.lane = l.number
	default:
		p = &pile{lane: l.number}
	}
	l.queue = append(l.queue, p)
	return p
}

// run publishes frames one after the other. When one cannot be stored, those behind it are refused too: they would wait as long and
// fail as well, and their callers have been waiting already.
func (l *lane) run(ctx context.Context, publish func(context.Context, *pile) error) {
	for l.ready(ctx) {
		err := l.slot()
		if err == nil {
			p := l.take()
			// ctx only says to stop taking more; what has been taken is finished, within publishTimeout.
			err = publish(context.WithoutCancel(ctx), p)
			<-l.slots
			l.settle(p, err)
		}
		if err != nil {
			for _, behind := range l.takeAll() {
				l.settle(behind, err)
			}
		}
	}
}

// slot waits for the right to publish, not longer than for an acknowledgement: that long means that the other lanes get none.
func (l *lane) slot() error {
	late := time.NewTimer(publishTimeout)
	defer late.Stop()
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-late.C:
		return unavailable(errors.New("stream EVENTS does not acknowledge"))
	}
}

// ready waits for a frame. It returns false once ctx has ended and nothing is left; the lane is closed then.
func (l *lane) ready(ctx context.Context) bool {
	for {
		l.mu.Lock()
		waiting := len(l.queue) > 0
		l.closed = l.closed || !waiting && ctx.Err() != nil
		closed := l.closed
		l.mu.Unlock()
		if waiting || closed {
			return waiting
		}
		select {
		case <-l.wake:
		case <-ctx.Done():
		}
	}
}

// take removes the first frame.
func (l *lane) take() *pile {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.queue[0]
	l.queue = append(l.queue[:0], l.queue[1:]...)
	return p
}

func (l *lane) takeAll() []*pile {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.queue
	l.queue = nil
	return all
}

func (l *lane) settle(p *pile, err error) {
	l.piled.Add(-p.size)
	for _, c := range p.calls {
		c.settle(err)
	}
	if cap(p.payload) > 2*l.limit.Bytes {
		return
	}
	clear(p.calls)
	p.Reset()
	p.size, p.calls, p.traces = 0, p.calls[:0], p.traces[:0]
	select {
	case l.spare <- p:
	default:
	}
}
