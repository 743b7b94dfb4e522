package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

// Writer is the one goroutine that changes a store, or sees to it. Calls of Send that wait at the same time share one write, so that a store sees few
// large ones; what else changes the store runs between them by Do. Fill in the fields, then call Start.
type Writer struct {
	// Store is the store's name, the beginning of every error: "duckdb".
	Store string
	// ProjectID goes into the ids of persons.
	ProjectID int
	// Insert stores rows and returns nil once they are safe. What it has stored of them before an error it must know again, since they come again. No
	// UUID occurs twice among them. The rows are the Writer's and are used again afterwards. ctx ends with Stop only: the rows belong to several calls, and one that gives up must not take the
	// others with it.
	Insert func(ctx context.Context, rows []EventRow) error
	// Fault reports whether the error of an Insert is about a value in one of the rows. The rows are then halved until the bad ones
	// stand alone, which fail for good; of any other error all of them fail for now.
	Fault func(err error) bool
	// Quotes reports whether the text of a fault quotes the event, so that it must not be shown. Nil means never.
	Quotes func(err error) bool
	// Sizes bounds and paces the writes.
	Sizes Sizes
	// Parallel is how many writes are under way at once, which Insert must allow; 0 is one. It is for a store that works while the next write is put
	// together, and that sees copies of an event in two writes. Only full ones overlap: small ones would become smaller.
	Parallel int
	// After does what is due between two writes, or calls of Do, once the one before is answered; nil is nothing.
	After func()

	jobs    chan job
	ctx     context.Context
	cancel  context.CancelFunc
	stopped chan struct{} // closed by the goroutine
	free    chan *room    // one for each write that may begin
}

// room is what a write is put together in.
type room struct {
	rows []EventRow
	seen map[uuid.UUID]int
}

// Sizes says how much one write holds, and how long what comes waits for more. Events and Bytes end a write whichever comes first.
type Sizes struct {
	Events int // at most about this many
	Bytes  int // at most about this many bytes of properties; 0 is no bound
	// After a write of fewer than Enough events the next one waits for as long as it took, Rest at most: a write costs something whatever is in it. An
	// idle store makes that short, and on a busy one more events come meanwhile.
	Enough int
	Rest   time.Duration
	// Pace is for stores that have work with each write long after it: the next one waits for that long after a write of no events, not at all
	// after one of Enough, and in between in proportion.
	Pace time.Duration
}

// job is one call of Send or Do on its way through the writer. It is answered exactly once.
type job struct {
	ctx  context.Context
	send *send // nil for Do
	run  func() error
	done chan error // takes one value without blocking
}

// ErrClosed is the error of calls that come after Stop.
var ErrClosed = errors.New("the warehouse is closed")

// Start starts the goroutine.
func (w *Writer) Start() {
	w.jobs = make(chan job)
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.stopped = make(chan struct{})
	w.free = make(chan *room, max(w.Parallel, 1))
	for range cap(w.free) {
		w.free <- &room{seen: map[uuid.UUID]int{}}
	}
	go w.write()
}

// Stop cancels what is being written and waits for the goroutine's end. Calls from then on fail.
func (w *Writer) Stop() {
	w.cancel()
	<-w.stopped
}

// Send stores events and returns nil when they are safe, as pipeline.Destination says.
func (w *Writer) Send(ctx context.Context, events []pipeline.Event) error {
	s := &send{ctx: ctx, events: events, done: make(chan error, 1)}
	return w.submit(job{ctx: ctx, send: s, done: s.done})
}

// Do runs a function that changes the store while nothing else does.
func (w *Writer) Do(ctx context.Context, run func() error) error {
	return w.submit(job{ctx: ctx, run: run, done: make(chan error, 1)})
}

// submit hands a job to the writer and waits for its end. A job that the writer has not taken up yet is withdrawn when its context ends.
// One that is under way is waited for: it uses the caller's memory, and its outcome is worth knowing.
func (w *Writer) submit(j job) error {
	if err := j.ctx.Err(); err != nil {
		return err
	}
	select {
	case w.jobs <- j:
		return <-j.done
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-w.stopped:
		return fmt.Errorf("%s: %w", w.Store, ErrClosed)
	}
}

func (w *Writer) write() {
	defer close(w.stopped)
	defer w.alone(func() {}) // what is under way ends first
	var next *job
	var rested time.Time // when the next write may begin
	for {
		if next == nil {
			select {
			case j := <-w.jobs:
				next = &j
			case <-w.ctx.Done():
				return
			}
		}
		j := *next
		next = nil
		if j.send == nil {
			w.alone(func() {
				j.done <- j.run()
				w.tidy()
			})
			continue
		}
		r := <-w.free // before the rest is gathered: what comes meanwhile shares the write
		var group []*send
		var n int
		var full bool
		group, n, full, next = w.gather([]*send{j.send}, time.Until(rested))
		began := time.Now()
		if full {
			go w.commit(group, r)
			continue
		}
		w.commit(group, r)
		if now := time.Now(); n < w.Sizes.Enough {
			rested = now.Add(w.Sizes.rest(n, now.Sub(began)))
		}
	}
}

// alone runs a function while no write is under way.
func (w *Writer) alone(run func()) {
	var rooms []*room
	for range cap(w.free) {
		rooms = append(rooms, <-w.free)
	}
	run()
	for _, r := range rooms {
		w.free <- r
	}
}

func (w *Writer) tidy() {
	if w.After != nil {
		w.After()
	}
}

// rest is how long the next write waits after one of n events that took so long.
func (s Sizes) rest(n int, took time.Duration) time.Duration {
	return max(min(took, s.Rest), s.Pace*time.Duration(s.Enough-n)/time.Duration(s.Enough))
}

// gather adds the events that wait already, or come within the rest, to a group, so that they share a write. It returns their number too, whether the
// write is full, and the first job of another kind that it came upon.
func (w *Writer) gather(group []*send, rest time.Duration) (_ []*send, n int, full bool, _ *job) {
	n, size := len(group[0].events), group[0].size()
	for rested := time.After(rest); n < w.Sizes.Events && (w.Sizes.Bytes == 0 || size < w.Sizes.Bytes); {
		j, ok := w.another(rested)
		switch {
		case !ok:
			return group, n, false, nil
		case j.send == nil:
			return group, n, false, &j
		}
		group = append(group, j.send)
		n += len(j.send.events)
		size += j.send.size()
	}
	return group, n, true, nil
}

// another takes a job that waits, or comes before the rest is over.
func (w *Writer) another(rested <-chan time.Time) (job, bool) {
	select {
	case j := <-w.jobs:
		return j, true
	default:
	}
	select {
	case j := <-w.jobs:
		return j, true
	case <-rested:
		return job{}, false
	}
}
