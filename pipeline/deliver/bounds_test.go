package deliver

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

type sendFunc func(ctx context.Context, events []pipeline.Event) error

func (f sendFunc) Send(ctx context.Context, events []pipeline.Event) error { return f(ctx, events) }

// staged runs a stage of one lane over a model of the stream with frames of one event each.
func staged(t *testing.T, frames int, target Target) (stage *Stage, s *simStream, stop func() time.Duration) {
	t.Helper()
	plan := &simPlan{policy: Policy{First: time.Second, Max: time.Second, Factor: 1, GiveUp: 48 * time.Hour}}
	for i := range frames {
		plan.events = append(plan.events, &simEvent{uuid: string(rune('a' + i)), person: "u", nature: "panic", touched: true, overtaken: true})
	}
	s = newSimStream(1, 1, newSimJudge(plan))
	target.Pipeline, target.Name, target.Retry = "p", "d", plan.policy
	stage = newStage(target, outside{
		lanes: 1, chance: func() float64 { return 0 }, bury: s.bury(s.process), journal: s.journal(s.process),
		open: func(_ context.Context, lane, inFlight int) (queue, error) {
			return &simQueue{stream: s, process: s.process, lane: lane, inFlight: inFlight}, nil
		},
	}, slog.New(slog.DiscardHandler))
	s.breaker = stage.Breaker
	for _, e := range plan.events {
		s.publish(0, []pipeline.Event{{UUID: e.uuid, Name: "n", DistinctID: e.person}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stage.Run(ctx) }()
	return stage, s, func() time.Duration {
		began := time.Now()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		return time.Since(began)
	}
}

// A call of Send that ignores the end of its context is waited for while the stage runs, since nothing may be sent beside it, and left alone
// when the stage is to stop.
func TestSendThatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, leave, sent := 0, make(chan struct{}), ""
		_, s, stop := staged(t, 1, Target{SendTimeout: 10 * time.Second, Destination: sendFunc(func(_ context.Context, events []pipeline.Event) error {
			calls++
			<-leave
			sent = events[0].UUID
			return nil
		})})
		time.Sleep(time.Hour)
		synctest.Wait()
		if calls != 1 {
			t.Errorf("after an hour\n got %d calls\nwant 1", calls)
		}
		if took := stop(); took > 10*time.Second+sendGrace+settleTime {
			t.Errorf("the stop took %s", took)
		}
		if s.empty() {
			t.Error("the event of a call that never ended is gone")
		}
		close(leave)
		synctest.Wait()
		if sent != "a" {
			t.Errorf("event of a call that was left alone\n got %q\nwant what it was called with: its memory is still in use", sent)
		}
	})
}

// A long call keeps its frames, also while they wait for their batch to fill.
func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		target := Target{Batch: pipeline.Batch{Events: 1000, Wait: 2 * time.Minute}, SendTimeout: 10 * time.Minute}
		target.Destination = sendFunc(func(context.Context, []pipeline.Event) error {
			calls++
			time.Sleep(5 * time.Minute)
			return nil
		})
		_, s, stop := staged(t, 3, target)
		time.Sleep(8 * time.Minute)
		synctest.Wait()
		if calls != 1 || !s.empty() {
			t.Errorf("after a batch that waited 2 minutes and took 5: %d calls, all settled %t, want 1 and true", calls, s.empty())
		}
		stop()
	})
}

// What is delivered is not sent again because the dead letter of another event of its frame cannot be stored.
func TestDeadLettersThatCannotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := map[string]int{}
		stage, s, stop := staged(t, 0, Target{Batch: pipeline.Batch{Events: 2}, Destination: sendFunc(func(_ context.Context, events []pipeline.Event) error {
			for _, e := range events {
				sent[e.UUID]++
			}
			return &pipeline.BatchError{Failed: map[int]error{1: pipeline.Permanent(errors.New("never"))}}
		})})
		take := func(full bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.full = full
		}
		take(true)
		for _, id := range []string{"x", "y"} {
			s.judge.mu.Lock()
			s.judge.events[id] = &simEvent{uuid: id, nature: "panic", touched: true, overtaken: true}
			s.judge.mu.Unlock()
		}
		s.publish(0, []pipeline.Event{{UUID: "x", Name: "n", DistinctID: "u"}, {UUID: "y", Name: "n", DistinctID: "u"}})
		time.Sleep(10 * time.Minute)
		take(false)
		time.Sleep(time.Minute)
		stop()
		if sent["x"] != 1 || sent["y"] != 1 || s.judge.events["y"].letters != 1 || !s.empty() {
			t.Errorf("sent %v, %d letters, all settled %t; want each once, 1 and true", sent, s.judge.events["y"].letters, s.empty())
		}
		if c := stage.Counts(); c.Delivered.Load() != 1 || c.Dead.Load() != 1 {
			t.Errorf("counts\n got %d delivered, %d dead\nwant 1 1", c.Delivered.Load(), c.Dead.Load())
		}
	})
}

// While a destination is down, its events wait without attempts; once it is back, they go on at once.
func TestOutageBurnsNoAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var isDown atomic.Bool
		isDown.Store(true)
		var calls atomic.Int64
		stage, s, stop := staged(t, 20, Target{Batch: pipeline.Batch{Events: 1}, Breaker: DefaultBreaker(), Destination: sendFunc(func(context.Context, []pipeline.Event) error {
			calls.Add(1)
			if isDown.Load() {
				return errDown
			}
			return nil
		})})
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if st := stage.Breaker(); st.State != BreakerOpen && st.State != BreakerHalfOpen || st.LastError != errDown.Error() {
			t.Errorf("after a day of failures\n got %+v\nwant an open breaker", st)
		}
		if limit := int64(24*60/2 + 100); calls.Load() > limit {
			t.Errorf("in a day of failures\n got %d calls\nwant at most %d", calls.Load(), limit)
		}
		isDown.Store(false)
		time.Sleep(DefaultBreaker().Max + 10*time.Second)
		if st := stage.Breaker(); st.State != BreakerClosed || !s.empty() {
			t.Errorf("after it is back\n got %+v, all settled %t\nwant closed and true", st, s.empty())
		}
		stop()
	})
}
