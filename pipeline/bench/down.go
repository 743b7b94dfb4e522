package bench

import (
	"context"
	"time"
)

// down is the whole path with three destinations, one of which answers 500 in the second of three phases. The first and the third are alike:
// what lies between them is what a comparison is worth.
var down = Case{
	Name: "down", Summary: "three destinations, all up, then one down: what the others keep of their rate",
	defaults: Options{For: time.Minute, Batch: 100, Connections: 16},
	prepare: func(s *stand) string {
		up, failing := s.receive("up", nil), s.receive("failing", nil)
		return project(wholePath(s.store(), up.arrays(full), failing.arrays(full, comesBack)))
	},
	measure: measureDown,
}

// full is how long a batch of a destination waits where only throughput matters, so that a receiver gets few requests.
const full = 200 * time.Millisecond

// comesBack has a destination that is down tried every few seconds, so that a measurement does not wait for minutes after it is up again.
const comesBack = "retry: {max: 5s}, breaker: {probe: 1s, max: 5s}"

func measureDown(ctx context.Context, s *stand) error {
	up, failing := s.receivers[0], s.receivers[1]
	phase := func(places ...*ledger) (perS float64, err error) {
		n, _, arrived, err := s.burst(ctx, span{events: s.Events, time: s.For}, places...)
		return perSecond(n, arrived), err
	}
	before, err := phase(s.warehouse, up.ledger, failing.ledger)
	if err != nil {
		return err
	}
	s.say("one destination answers 500")
	failing.down.Store(true)
	meanwhile, err := phase(s.warehouse, up.ledger)
	if err != nil {
		return err
	}
	held := s.load.sent() - failing.total()
	s.say("it is up again; %d events wait for it", held)
	failing.down.Store(false)
	if err := s.settle(ctx, failing.ledger); err != nil {
		return err
	}
	after, err := phase(s.warehouse, up.ledger, failing.ledger)
	if err != nil {
		return err
	}
	s.figure("all up", "events/s", before)
	s.figure("one down, the others", "events/s", meanwhile)
	s.figure("all up again", "events/s", after)
	s.figure("one down against all up", "%", 100*meanwhile/((before+after)/2))
	s.figure("all up again against all up", "%", 100*after/before)
	s.figure("waited for the one down", "events", float64(held))
	return nil
}
