package bench

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// capture is capture in batches, synced to disk before each answer, with a pipeline that reads all events and hands none on. They come out of the
// log, which is read after the instance has ended.
var capture = Case{
	Name: "capture", Summary: "capture in batches, with nothing to be delivered: events a second, time of an answer",
	defaults: Options{For: time.Minute, Batch: 100, Connections: 16},
	prepare:  readOnly,
	measure:  func(ctx context.Context, s *stand) error { return captured(ctx, s, "events/s") },
	after:    readLog,
}

// single is capture with one event in a request.
var single = Case{
	Name: "single", Summary: "capture with one event a request: requests a second, time of an answer",
	defaults: Options{For: time.Minute, Batch: 1, Connections: 64},
	prepare:  readOnly,
	measure:  func(ctx context.Context, s *stand) error { return captured(ctx, s, "requests/s") },
	after:    readLog,
}

func readOnly(s *stand) string {
	nobody := s.receive("nobody", func(int) bool { return false })
	return project(pipelines("bench", "[]", []string{nobody.arrays(full, `when: 'event.name == "none"'`)}))
}

func captured(ctx context.Context, s *stand, unit string) error {
	s.load.answers = new(latencies)
	before := cpuTime()
	n, took, _, err := s.burst(ctx, span{events: s.Events, time: s.For, perS: s.Rate})
	if err != nil {
		return err
	}
	s.figure("capture", unit, perSecond(n, took))
	s.figure("processor time", "us/event", perEvent(cpuTime()-before, n))
	p := s.load.answers.take(50, 99)
	s.figure("answer p50", "ms", p[0])
	s.figure("answer p99", "ms", p[1])
	return nil
}

// readLog looks every event up in the log of an instance that has ended.
func readLog(ctx context.Context, s *stand, dir string) (err error) {
	s.say("looking up %d events in the log", s.result.Events)
	config := bus.DefaultConfig()
	config.Dir = filepath.Join(dir, "data", "bus")
	b, err := bus.Open(ctx, config, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	last, err := b.LastInLog(ctx)
	if err != nil {
		return err
	}
	log := newLedger(s.gen)
	log.lose = s.lose
	var ids []int
	err = b.ReadLog(ctx, 1, last, func(f bus.LogFrame) error {
		ids = ids[:0]
		for i := range f.Events {
			n, _ := s.gen.number([]byte(f.Events[i].UUID))
			ids = append(ids, n)
		}
		log.add(ids, f.Stored)
		return nil
	})
	s.result.Lost += log.missing(s.result.Events)
	s.result.Repeated += log.repeated
	return err
}
