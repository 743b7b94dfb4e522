package bench

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// recorder is the warehouse with a watch: it notes when each event was committed for the first time.
type recorder struct {
	pipeline.Warehouse
	gen generator

	mu        sync.Mutex
	committed []time.Time // by number of the event
	count     int
	changed   chan struct{} // closed and replaced whenever count grows
}

func newRecorder(w pipeline.Warehouse, g generator) *recorder {
	return &recorder{Warehouse: w, gen: g, changed: make(chan struct{})}
}

// Send implements pipeline.Destination.
func (r *recorder) Send(ctx context.Context, events []pipeline.Event) error {
	err := r.Warehouse.Send(ctx, events)
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, failed := range pipeline.EventErrors(err, len(events)) {
		if n, ours := r.gen.number(events[i].UUID); ours && failed == nil {
			if n >= len(r.committed) {
				r.committed = append(r.committed, make([]time.Time, n+1-len(r.committed))...)
			}
			if r.committed[n].IsZero() {
				r.committed[n] = now
				r.count++
			}
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return err
}

// Open implements pipeline.Opener.
func (r *recorder) Open(ctx context.Context) error {
	if o, ok := r.Warehouse.(pipeline.Opener); ok {
		return o.Open(ctx)
	}
	return nil
}

// Close implements pipeline.Closer.
func (r *recorder) Close() error {
	if c, ok := r.Warehouse.(pipeline.Closer); ok {
		return c.Close()
	}
	return nil
}

// wait returns when n events have been committed.
func (r *recorder) wait(ctx context.Context, n int) error {
	for {
		r.mu.Lock()
		count, changed := r.count, r.changed
		r.mu.Unlock()
		if count >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// last returns when the last of the events below n was committed.
func (r *recorder) last(n int) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.MaxFunc(r.committed[:min(n, len(r.committed))], time.Time.Compare)
}

// latencies returns, sorted, how long the events from from to to-1 took from start to their commit.
func (r *recorder) latencies(from, to int, start func(event int) time.Time) []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []time.Duration
	for i := from; i < to && i < len(r.committed); i++ {
		if s := start(i); !s.IsZero() && !r.committed[i].IsZero() {
			out = append(out, r.committed[i].Sub(s))
		}
	}
	slices.Sort(out)
	return out
}
