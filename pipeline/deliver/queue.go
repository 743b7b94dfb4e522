package deliver

import (
	"context"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Bus is what the stage needs of the bus.
type Bus interface {
	Lanes() int
	Queue(ctx context.Context, pipeline, destination string, lane, inFlight int) (*bus.Queue, error)
	Bury(ctx context.Context, letters []bus.DeadLetter) error
	Tracer() *trace.Tracer
	Journal(r *bus.Record) *bus.Stored
	Erasures() *bus.Erasures
}

// queue hands out the frames of one lane, in order, those that are sent once more after all others. *bus.Queue says what the methods do.
type queue interface {
	Fetch(ctx context.Context, limit bus.FetchLimit) ([]delivery, error)
	Settled()
	Alive() context.Context
	Close() error
}

// delivery is one frame in hand; *bus.Delivery says what the methods do.
type delivery interface {
	content
	attempt
	settlement
}

type content interface {
	Frame() bus.Frame
	FrameIn(room []pipeline.Event) bus.Frame
	Sequence() uint64
	Trace() trace.Context
	Replayed() bool
	origin
}

// origin says where a frame comes from, for the journal.
type origin interface {
	Origin() string
	Key() uint64
	After() uint64
}

type attempt interface {
	Attempts() int
	FirstAt() time.Time
	InProgress() error
}

// settlement ends with exactly one of its methods.
type settlement interface {
	Ack(ctx context.Context) error
	putBack
}

type putBack interface {
	Delay(delay time.Duration) error
	Release() error
	successor
}

type successor interface {
	Retry(ctx context.Context, delay time.Duration) error
	Remainder(ctx context.Context, events []pipeline.Event, delay time.Duration) error
}

var _ delivery = (*bus.Delivery)(nil)

// outside is everything that a stage works with beside its destination.
type outside struct {
	lanes  int
	open   func(ctx context.Context, lane, inFlight int) (queue, error)
	bury   func(ctx context.Context, letters []bus.DeadLetter) error
	chance func() float64 // from 0 up to 1, for jitter
	tracer *trace.Tracer  // may be nil
	// journal begins to store a record; what it returns waits for that.
	journal func(r *bus.Record) (wait func(ctx context.Context) error)
	// erasures may be nil, which knows nobody.
	erasures erasures
}

// erasures knows whose events are not to be delivered any more; *bus.Erasures says what the methods do.
type erasures interface {
	Has(event *pipeline.Event) bool
	Begin() (end func())
}

type nobody struct{}

func (nobody) Has(*pipeline.Event) bool { return false }
func (nobody) Begin() (end func())      { return func() {} }

// on makes a bus the outside of a target.
func on(b Bus, t *Target, chance func() float64) outside {
	open := func(ctx context.Context, lane, inFlight int) (queue, error) {
		from, err := b.Queue(ctx, t.Pipeline, t.Name, lane, inFlight)
		if err != nil {
			return nil, fmt.Errorf("lane %d: %w", lane, err)
		}
		return busQueue{from}, nil
	}
	journal := func(r *bus.Record) func(context.Context) error { return b.Journal(r).Wait }
	return outside{lanes: b.Lanes(), open: open, bury: b.Bury, chance: chance, tracer: b.Tracer(), journal: journal, erasures: b.Erasures()}
}

// busQueue is *bus.Queue with the type that queue wants.
type busQueue struct{ *bus.Queue }

func (q busQueue) Fetch(ctx context.Context, limit bus.FetchLimit) ([]delivery, error) {
	got, err := q.Queue.Fetch(ctx, limit)
	out := make([]delivery, len(got))
	for i, d := range got {
		out[i] = d
	}
	return out, err
}
