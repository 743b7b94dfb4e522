package bench

import (
	"context"
	"errors"
	"time"
)

// livePerS is the traffic that goes on while a queue drains, in events a second.
const livePerS = 2000

// soon is how long a batch of the live traffic waits: it is part of its latency.
const soon = 20 * time.Millisecond

// recovery is a destination that comes back to a long queue, while another one is served all along.
var recovery = Case{
	Name: "recovery", Summary: "a queue behind a destination that was down: how fast it drains, and what the others notice",
	defaults: Options{Events: 1_000_000, For: 20 * time.Second, Batch: 100, Connections: 16},
	prepare: func(s *stand) string {
		live, returning := s.receive("live", nil), s.receive("returning", nil)
		return project(pipelines("bench", "[]", []string{live.arrays(soon), returning.arrays(soon, comesBack)}))
	},
	measure: measureRecovery,
}

func measureRecovery(ctx context.Context, s *stand) error {
	live, returning := s.receivers[0], s.receivers[1]
	before, err := s.steady(ctx, live)
	if err != nil {
		return err
	}
	returning.down.Store(true)
	if _, _, _, err := s.burst(ctx, span{events: s.Events}, live.ledger); err != nil {
		return err
	}
	queued := s.load.sent()
	var took latencies
	live.listen(s.load.watch(&took))
	s.say("%d events wait; the destination is up again", queued-returning.total())
	d, err := s.drain(ctx, returning, queued, func() error {
		returning.down.Store(false)
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.settle(ctx, live.ledger); err != nil {
		return err
	}
	during := took.take(50, 99)
	s.figure("drained", "events/s", d.perS)
	s.figure("first of them after", "s", d.first.Seconds())
	s.figure("live p50 before", "ms", before[0])
	s.figure("live p99 before", "ms", before[1])
	s.figure("live p50 meanwhile", "ms", during[0])
	s.figure("live p99 meanwhile", "ms", during[1])
	return nil
}

// steady sends the live traffic alone, and tells the median and the 99th percentile of its way to a receiver.
func (s *stand) steady(ctx context.Context, live *receiver) ([]float64, error) {
	s.say("sending a steady %d events/s for %v", livePerS, s.For)
	var took latencies
	live.listen(s.load.watch(&took))
	defer live.listen(nil)
	if _, _, _, err := s.load.send(ctx, span{time: s.For, perS: livePerS}); err != nil {
		return nil, err
	}
	err := s.settle(ctx, s.places()...)
	return took.take(50, 99), err
}

// drained tells how a queue became empty.
type drained struct {
	perS  float64       // from the first event to the last
	first time.Duration // from the begin until the first event
}

// drain has begin bring to a receiver what waits for it, and sends steadily until the events below queued have all come, or no more of them do.
func (s *stand) drain(ctx context.Context, returning *receiver, queued int, begin func() error) (d drained, err error) {
	queue := newLedger(s.gen)
	queue.lost = returning.total() // which it had before
	var first time.Time
	returning.listen(func(i int, at time.Time) {
		if i >= queued {
			return // of the live traffic
		}
		if first.IsZero() {
			first = at
		}
		queue.add([]int{i}, at)
	})
	begun := time.Now()
	if err := begin(); err != nil {
		return d, err
	}
	drained, sent := make(chan struct{}), make(chan error, 1)
	go func() {
		_, _, _, err := s.load.send(ctx, span{until: drained, perS: livePerS})
		sent <- err
	}()
	err = queue.wait(ctx, queued, s.patience, queue.total)
	close(drained)
	err = errors.Join(err, <-sent)
	returning.listen(nil)
	n, last, _ := queue.state()
	d.perS, d.first = perSecond(n, last.Sub(first)), first.Sub(begun)
	return d, err
}
