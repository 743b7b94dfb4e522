package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// simDestination is the other side, which is well and unwell as the plan says.
type simDestination struct {
	plan    *simPlan
	judge   *simJudge
	stream  *simStream
	process *simProcess
}

func (d *simDestination) Send(ctx context.Context, events []pipeline.Event) error {
	d.judge.begin(events)
	whole := true
	took, said := make([]bool, len(events)), pipeline.EventErrors(pipeline.Permanent(errPanic), len(events))
	defer func() { d.judge.end(events, took, said, whole) }()
	lane := d.judge.events[events[0].UUID].lane
	d.stream.mu.Lock()
	dice := d.stream.lanes[lane].dice
	mood, flaw, pick := d.plan.mood(time.Now()), dice.Float64(), dice.Uint64()
	wait := time.Duration(1 + dice.Int64N(int64(20*time.Millisecond)))
	if dice.IntN(20) == 0 {
		wait = time.Duration(dice.Int64N(int64(25 * time.Second)))
	}
	d.stream.mu.Unlock()
	if mood == "hang" {
		wait = time.Hour
	}
	var err error
	select {
	case <-time.After(wait):
		err = d.answer(events, mood, flaw, pick, took)
	case <-ctx.Done():
		err = ctx.Err()
	case <-d.process.dead:
		err = errKilled
	}
	var partial *pipeline.BatchError
	whole = !errors.As(err, &partial)
	copy(said, pipeline.EventErrors(err, len(events)))
	return err
}

var errDown = errors.New("connection refused")

// answer decides what the other side takes and says.
func (d *simDestination) answer(events []pipeline.Event, mood string, flaw float64, pick uint64, took []bool) error {
	switch {
	case mood == "down", mood == "flaky" && flaw < 0.3:
		return errDown
	case mood == "limit" && flaw < 0.5:
		return pipeline.RetryAfter(errors.New("429"), time.Duration(flaw*20*float64(time.Second)))
	}
	failed := map[int]error{}
	blocked := map[string]bool{} // persons of whom an event fails for now, so that what is behind it must not be taken
	for i := range events {
		e := d.judge.events[events[i].UUID]
		switch {
		case e.nature == "panic":
			clear(took)
			panic("out of range")
		case e.nature == "poison" && d.plan.wholesale:
			clear(took)
			return pipeline.Permanent(errors.New("400"))
		case e.nature == "poison":
			failed[i] = pipeline.Permanent(errors.New("never"))
			continue
		case blocked[e.person], e.nature == "stubborn", mood == "flaky" && flaw < 0.7 && pick>>(i%64)&1 == 1:
			failed[i], blocked[e.person] = errDown, true
			continue
		}
		took[i] = true
	}
	switch {
	case mood == "flaky" && flaw > 0.95:
		return errors.New("connection reset") // after everything was taken
	case len(failed) > 0:
		return &pipeline.BatchError{Failed: failed}
	}
	return nil
}
