package bench

import (
	"context"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
)

// replay is a new destination that gets the whole log at full speed, while another one is served all along. The live traffic is measured before,
// meanwhile and after: what lies between the first and the last is what a comparison is worth.
var replay = Case{
	Name: "replay", Summary: "the log is sent to a new destination at full speed: how fast, and what live events notice",
	defaults: Options{Events: 1_000_000, For: 20 * time.Second, Batch: 100, Connections: 16},
	prepare: func(s *stand) string {
		return project(pipelines("bench", "[hog: enrich.hog]", []string{s.receive("live", nil).arrays(soon)}))
	},
	measure: measureReplay,
}

func measureReplay(ctx context.Context, s *stand) error {
	live := s.receivers[0]
	if _, _, _, err := s.burst(ctx, span{events: s.Events}, live.ledger); err != nil {
		return err
	}
	before, err := s.steady(ctx, live)
	if err != nil {
		return err
	}
	late, err := s.addReceiver(ctx, "late", live)
	if err != nil {
		return err
	}
	logged := s.load.sent()
	s.say("a new destination gets the %d events of the log", logged)
	var took latencies
	live.listen(s.load.watch(&took))
	d, err := s.drain(ctx, late, logged, func() error {
		_, err := s.app.StartReplay(ctx, control.ReplayRequest{Destination: "late", Since: time.Now().Add(-24 * time.Hour), Until: time.Now()})
		return err
	})
	if err != nil {
		return err
	}
	if err := s.settle(ctx, live.ledger); err != nil {
		return err
	}
	during := took.take(50, 99)
	after, err := s.steady(ctx, live)
	if err != nil {
		return err
	}
	s.figure("replayed", "events/s", d.perS)
	s.noticed(before[1], during[1], after[1])
	return nil
}

// noticed gives what live events noticed of something, by their p99 in milliseconds. What lies between before and after is noise.
func (s *stand) noticed(before, during, after float64) {
	s.figure("live p99 before", "ms", before)
	s.figure("live p99 meanwhile", "ms", during)
	s.figure("live p99 after", "ms", after)
	s.figure("meanwhile against before and after", "%", 100*during/((before+after)/2))
	s.figure("after against before", "%", 100*after/before)
}

// addReceiver puts a further destination beside one that is there, as an operator does while the project runs.
func (s *stand) addReceiver(ctx context.Context, name string, beside *receiver) (*receiver, error) {
	late := s.receive(name, nil)
	if s.failed != nil {
		return nil, s.failed
	}
	if err := writeProject(s.dir, project(pipelines("bench", "[hog: enrich.hog]", []string{beside.arrays(soon), late.arrays(soon)}))); err != nil {
		return nil, err
	}
	_, err := s.app.Reload(ctx)
	return late, err
}
