package bench

import (
	"context"
	"time"
)

// path is the whole path: capture, a Hog function, the warehouse. It sends as fast as the instance takes events, which gives the throughput, and
// then at a steady fraction of that, which gives the time from the begin of a request until its events are committed: under full load that
// time would only tell how long the queue is.
var path = Case{
	Name: "path", Summary: "capture in batches, a Hog function, the warehouse: throughput, latency, memory",
	defaults: Options{Events: 300_000, Batch: 100, Connections: 16},
	prepare:  func(s *stand) string { return project(wholePath(s.store())) },
	measure:  measurePath,
}

const (
	// steadyShare of the throughput is the load of the second phase.
	steadyShare = 0.25
	// steadyTime is how long the second phase sends at most.
	steadyTime = 5 * time.Second
)

func measurePath(ctx context.Context, s *stand) error {
	perS, err := s.fullSpeed(ctx, s.warehouse)
	if err != nil {
		return err
	}
	s.figure("whole path", "events/s", perS)

	s.say("sending more at a steady %.0f events/s", perS*steadyShare)
	var took latencies
	s.warehouse.listen(s.load.watch(&took))
	if _, _, _, err := s.load.send(ctx, span{events: s.Events, time: steadyTime, perS: perS * steadyShare}); err != nil {
		return err
	}
	if err := s.settle(ctx, s.warehouse); err != nil {
		return err
	}
	p := took.take(50, 99)
	s.figure("to warehouse p50", "ms", p[0])
	s.figure("to warehouse p99", "ms", p[1])
	s.figure("load meanwhile", "events/s", perS*steadyShare)
	return nil
}

// fullSpeed is burst with its rates: it notes that of capture and the processor time of an event, load generator and receivers included, and
// returns events a second until all have arrived.
func (s *stand) fullSpeed(ctx context.Context, places ...*ledger) (perS float64, err error) {
	before := cpuTime()
	n, captured, arrived, err := s.burst(ctx, span{events: s.Events, time: s.For}, places...)
	s.figure("capture", "events/s", perSecond(n, captured))
	s.figure("processor time", "us/event", perEvent(cpuTime()-before, n))
	return perSecond(n, arrived), err
}

// burst sends as fast as events are taken and waits until they have arrived. It returns how many, in which time they were captured, and in
// which they arrived.
func (s *stand) burst(ctx context.Context, how span, places ...*ledger) (n int, captured, arrived time.Duration, err error) {
	if how.time > 0 {
		s.say("sending for %v as fast as events are taken", how.time)
	} else {
		s.say("sending %d events as fast as they are taken", how.events)
	}
	n, begin, captured, err := s.load.send(ctx, how)
	if err != nil {
		return n, captured, 0, err
	}
	err = s.settle(ctx, places...)
	return n, captured, latest(places...).Sub(begin), err
}

// perEvent is a time for each of n events, in microseconds.
func perEvent(took time.Duration, n int) float64 {
	return float64(took.Microseconds()) / float64(max(n, 1))
}

func perSecond(n int, in time.Duration) float64 {
	if in <= 0 {
		return 0 // nothing arrived
	}
	return float64(n) / in.Seconds()
}
