package bench

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

const (
	idlePerS   = 20 // events a second: nothing is at work when the next one comes
	idleWarmUp = 10 // events before the first that counts
)

// idle is one event at a time on a system that does nothing else, from the begin of its request to its arrival at a webhook.
var idle = Case{
	Name: "idle", Summary: "capture to webhook on an idle system, one event at a time",
	defaults: Options{For: time.Minute, Batch: 1, Connections: 1},
	prepare: func(s *stand) string {
		r := s.receive("hook", nil)
		return project(pipelines("bench", "[]", []string{"webhook: {url: \"" + r.url + "\"}"}))
	},
	measure: func(ctx context.Context, s *stand) error {
		return measureIdle(ctx, s, "webhook", s.receivers[0].ledger)
	},
}

// freshness is the same to the warehouse: until a query finds the event.
var freshness = Case{
	Name: "freshness", Summary: "capture to a query of the warehouse on an idle system, one event at a time",
	defaults: Options{For: time.Minute, Batch: 1, Connections: 1},
	prepare:  func(s *stand) string { return project(pipelines("bench", "[]", []string{s.store()})) },
	measure:  func(ctx context.Context, s *stand) error { return measureIdle(ctx, s, "warehouse", s.warehouse) },
}

func measureIdle(ctx context.Context, s *stand, name string, place *ledger) error {
	s.say("sending one event at a time for %v", s.For)
	var took latencies
	pace := rate.NewLimiter(idlePerS, 1)
	begin := time.Now()
	for n := 0; n < idleWarmUp || time.Since(begin) < s.For && (s.Events == 0 || n < s.Events+idleWarmUp); n++ {
		if n == idleWarmUp {
			place.listen(s.load.watch(&took))
		}
		if err := pace.Wait(ctx); err != nil {
			return err
		}
		if _, _, _, err := s.load.send(ctx, span{events: 1}); err != nil {
			return err
		}
		if err := s.settle(ctx, place); err != nil {
			return err
		}
	}
	p := took.take(50, 99)
	s.figure("to "+name+" p50", "ms", p[0])
	s.figure("to "+name+" p99", "ms", p[1])
	return nil
}
