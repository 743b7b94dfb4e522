package bench

import (
	"context"
	"time"
)

// queue is a warehouse that gets everything at once: what it can take, and what the way from the queue to it costs, without capture and transforms
// beside it.
var queue = Case{
	Name: "queue", Summary: "a full queue before the warehouse, which was held back: how fast it drains",
	defaults: Options{Events: 300_000, Batch: 100, Connections: 16},
	prepare: func(s *stand) string {
		s.hold = make(chan struct{})
		return project(pipelines("bench", "[]", []string{s.store()}))
	},
	measure: measureQueue,
}

func measureQueue(ctx context.Context, s *stand) error {
	s.say("sending while the warehouse is held back")
	n, _, captured, err := s.load.send(ctx, span{events: s.Events, time: s.For})
	if err != nil {
		close(s.hold)
		return err
	}
	s.figure("capture", "events/s", perSecond(n, captured))
	var first time.Time
	s.warehouse.listen(func(_ int, at time.Time) {
		if first.IsZero() {
			first = at
		}
	})
	s.say("%d events wait; the warehouse takes them", n)
	begun := time.Now()
	close(s.hold)
	if err := s.settle(ctx, s.warehouse); err != nil {
		return err
	}
	s.warehouse.listen(nil)
	last := latest(s.warehouse)
	s.figure("from the queue to the warehouse", "events/s", perSecond(n, last.Sub(begun)))
	s.figure("first of them after", "s", first.Sub(begun).Seconds())
	return nil
}
