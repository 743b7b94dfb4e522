package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// at makes a transform that counts events and calls do at one of them.
func at(event int64, do func()) (apply transform, seen *atomic.Int64) {
	seen = new(atomic.Int64)
	return func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		if seen.Add(1) == event {
			do()
		}
		return append(out, e), nil
	}, seen
}

// A stop and a cancel in the middle of a step let it end, and what was sent is written down: nothing is sent again, however late it goes on.
func TestNothingIsSentTwice(t *testing.T) {
	const step, all = 500, 4000
	for name, end := range map[string]func(p *project, stop func()) error{
		"stop":   func(_ *project, stop func()) error { stop(); return nil },
		"cancel": func(p *project, _ func()) error { _, err := p.runner.Cancel(context.Background(), 1); return err },
	} {
		t.Run(name, func(t *testing.T) {
			reached, ended := make(chan struct{}), make(chan struct{})
			apply, seen := at(step+step/2, func() {
				close(reached)
				<-ended
			})
			p := newProject(t, large, apply)
			p.capture("e", slices.Repeat([]int{400}, all/400)...)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- p.runner.Run(ctx) }()
			q := p.request()
			q.Destination, q.Rate = "crm", 4*step
			p.start(q)
			<-reached
			err := end(p, cancel)
			close(ended)
			if err != nil {
				t.Fatal(err)
			}
			tick := time.NewTicker(time.Millisecond)
			defer tick.Stop()
			for p.runner.Active() {
				<-tick.C
			}
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			j, _, err := p.runner.store.get(t.Context(), 1)
			if err != nil || j.Counts.Sent != seen.Load() || j.Counts.Sent < 2*step || j.Counts.Sent == all {
				t.Errorf("written down\n got %+v, %v\nwant all of the %d events that were sent", j, err, seen.Load())
			}
			if j.State == Cancelled {
				if _, err := p.runner.Resume(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
			p.run()
			if j := p.ended(1); j.State != Done || j.Counts.Sent != all || seen.Load() != all {
				t.Errorf("in the end\n got %+v, %d events through the transforms\nwant each of %d once", j, seen.Load(), all)
			}
		})
	}
}

// A slow replay that is cancelled sends nothing more, however long its next turn would be.
func TestCancelOfASlowReplay(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 3)
	p.run()
	q := p.request()
	q.Rate = 0.0001
	j := p.start(q)
	if w := waiting(t, p, j.ID); w.Waiting != "at most 0.0001 events are sent a second" || w.Counts.Sent != 1 {
		t.Errorf("job\n got %+v\nwant one event sent, and a wait for the rate", w)
	}
	if _, err := p.runner.Cancel(t.Context(), j.ID); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for p.runner.Active() {
		<-tick.C
	}
	if j := p.ended(j.ID); j.State != Cancelled || j.Counts.Sent != 1 {
		t.Errorf("job\n got %+v\nwant cancelled after one event", j)
	}
}

// A job belongs to whoever claimed it last. A write whose answer was lost is one's own all the same.
func TestClaim(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 1)
	p.start(p.request())
	one, first, err := p.runner.claim(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	two, second, err := p.runner.claim(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.runner.checkpoint(t.Context(), one, first); !errors.Is(err, errStopped) {
		t.Errorf("the one that lost it\n got %v\nwant %v", err, errStopped)
	}
	for range 3 {
		two.Counts.Sent++
		if _, err := p.runner.checkpoint(t.Context(), two, second); err != nil { // by a revision that is not the last any more
			t.Errorf("the one that has it\n got %v", err)
		}
	}
	if j, err := p.runner.Get(t.Context(), 1); err != nil || j.Counts.Sent != 3 {
		t.Errorf("job\n got %+v, %v\nwant 3 sent", j, err)
	}
}

// When the position cannot be written for a while, the pass goes on.
func TestPositionThatCannotBeWritten(t *testing.T) {
	p := newProject(t, large, nil)
	p.capture("e", 1900, 1900, 1900)
	j := p.start(p.request())
	pass, err := p.runner.pass(j, false)
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	pass.save = func(context.Context) error {
		failed++
		return fmt.Errorf("write: %w", bus.ErrUnavailable)
	}
	if err := pass.run(t.Context()); err != nil || failed == 0 || j.Counts.Sent != 5700 || j.Position.Frame != 4 {
		t.Errorf("a pass\n got %v, %d failures, %+v\nwant all sent", err, failed, j)
	}
}

// A pipeline that a reload takes out of the project is not waited for any more.
func TestPipelineThatIsTakenOut(t *testing.T) {
	p := newProject(t, large, nil)
	if err := p.bus.Subscriber("old").SubscribeInitialize(bus.EventsTopic(0)); err != nil {
		t.Fatal(err)
	}
	p.names.Store(&[]string{"web", "old"})
	for range 40 {
		p.capture("e", 1)
	}
	p.run()
	j := p.start(p.request())
	if w := waiting(t, p, j.ID); !strings.Contains(w.Waiting, `captured frames wait for pipeline "old"`) {
		t.Errorf("waiting\n got %q", w.Waiting)
	}
	p.names.Store(&[]string{"web"})
	if j := p.ended(j.ID); j.State != Done || j.Counts.Sent != 40 {
		t.Errorf("job\n got %+v\nwant done", j)
	}
}
