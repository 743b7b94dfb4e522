package bench

import (
	"context"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// recorder is the warehouse with a watch: it notes when events are committed.
type recorder struct {
	pipeline.Warehouse
	ledger *ledger
	hold   <-chan struct{} // closed when it may begin to take events; nil for at once
}

// Send implements pipeline.Destination.
func (r *recorder) Send(ctx context.Context, events []pipeline.Event) error {
	if r.hold != nil {
		select {
		case <-r.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := r.Warehouse.Send(ctx, events)
	now := time.Now()
	committed := make([]int, 0, len(events))
	for i, failed := range pipeline.EventErrors(err, len(events)) {
		if failed == nil {
			if n, ours := r.ledger.gen.number([]byte(events[i].UUID)); ours {
				committed = append(committed, n)
			}
		}
	}
	r.ledger.add(committed, now)
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
