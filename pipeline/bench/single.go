package bench

import (
	"context"
	"time"
)

// single is capture with one event in a request, synced to disk before each answer. A webhook counts what was taken.
var single = Case{
	Name: "single", Summary: "capture with one event a request: requests a second, time of an answer",
	defaults: Options{For: time.Minute, Batch: 1, Connections: 64},
	prepare: func(s *stand) string {
		return project(pipelines("bench", "[]", []string{s.receive("all", nil).arrays(full)}))
	},
	measure: func(ctx context.Context, s *stand) error {
		s.load.answers = new(latencies)
		n, captured, _, err := s.burst(ctx, span{events: s.Events, time: s.For}, s.receivers[0].ledger)
		if err != nil {
			return err
		}
		s.figure("capture", "requests/s", perSecond(n, captured))
		p := s.load.answers.take(50, 99)
		s.figure("answer p50", "ms", p[0])
		s.figure("answer p99", "ms", p[1])
		return nil
	},
}
