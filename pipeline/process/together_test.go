package process_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// lossy is a bus that stores dead letters and then says that it could not, for a number of times.
type lossy struct {
	*bus.Bus
	left atomic.Int64
}

func (l *lossy) Bury(ctx context.Context, letters []bus.DeadLetter) error {
	err := l.Bus.Bury(ctx, letters)
	if err == nil && l.left.Add(-1) >= 0 {
		return errors.New("the answer is lost")
	}
	return err
}

// Frames that wait are worked together: what a destination wants of all of them comes in one frame, with a record of each in the journal. When they
// have to be worked again, nothing is stored twice.
func TestFramesAreWorkedTogether(t *testing.T) {
	const frames = 12
	b := &lossy{Bus: pipelinetest.Bus(t, func(c *bus.Config) { c.Lanes = 1 })}
	b.left.Store(2)
	gate := make(chan struct{})
	s := process.New(process.Pipeline{
		Name: "p",
		Chain: process.Chain{{Name: "gate", Counts: new(process.StepCounts), Transform: transform(
			func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
				<-gate
				if e.Name == "bad" {
					return nil, errors.New("no")
				}
				return append(out, e), nil
			})}},
		Routes: []process.Route{
			{Destination: "all", Frame: limit},
			{Destination: "few", Frame: limit, When: condition(func(e *pipeline.Event) (bool, error) { return e.Name == "e7" || e.Name == "e9", nil })},
		},
	}, b, slog.New(slog.DiscardHandler))
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	written, ended := make(chan error, 1), make(chan error, 1)
	w := b.NewWriter()
	go func() { written <- w.Run(ctx) }()
	go func() { ended <- s.Run(ctx) }()
	var want []string
	for i := range frames {
		name := fmt.Sprint("e", i)
		want = append(want, name)
		if err := w.Append(t.Context(), []pipeline.Event{event("anna", name), event("anna", "bad")}); err != nil {
			t.Fatal(err)
		}
	}
	close(gate)
	few, _ := received(t, b.Bus, "few", 2)
	if diff := cmp.Diff(map[string][]string{"anna": {"e7", "e9"}}, few); diff != "" {
		t.Errorf("the few (-want +got)\n%s", diff)
	}
	all, _ := received(t, b.Bus, "all", frames)
	if diff := cmp.Diff(map[string][]string{"anna": want}, all); diff != "" {
		t.Errorf("all (-want +got)\n%s", diff)
	}
	if got := letters(t, b.Bus, frames); len(got) != frames {
		t.Errorf("%d dead letters, want %d", len(got), frames)
	}
	if n := b.Stats()["DELIVER"].Frames.Load(); n > 10 {
		t.Errorf("%d frames were made of %d", n, frames)
	}
	together := 0
	for _, r := range records(t, b.Bus, frames) {
		if r.In != 2 || r.Dead["gate.error"].N != 1 || r.To["all"].N != 1 {
			t.Errorf("record of %s: %+v", r.Frame, r)
		}
		if r.Last > r.Sequence {
			together++
		}
	}
	if together == 0 {
		t.Error("no record says that frames were worked together")
	}
	cancel()
	if err := errors.Join(<-written, <-ended); err != nil {
		t.Error(err)
	}
	if c := s.Counts(); c.In.Load() != 2*frames || c.Passed.Load() != frames || c.Dead.Load() != frames {
		t.Errorf("counted %d in, %d passed, %d dead", c.In.Load(), c.Passed.Load(), c.Dead.Load())
	}
}

// records waits for the records of so many frames, and returns the last of each.
func records(t *testing.T, b *bus.Bus, frames int) map[uint64]*bus.ProcessRecord {
	t.Helper()
	for {
		found := map[uint64]*bus.ProcessRecord{}
		r, err := b.JournalRange(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = b.ReadJournal(t.Context(), r.First, r.Last, func(e bus.JournalEntry) error {
			if e.Process != nil {
				found[e.Process.Sequence] = e.Process
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) >= frames {
			return found
		}
	}
}

// unwritten is a bus whose journal never finishes to write a record of frames that are worked together.
type unwritten struct {
	*bus.Bus
	begun chan struct{} // closed with the first of those
	once  sync.Once
}

func (u *unwritten) Journal(r *bus.Record) *bus.Stored {
	if r.Process != nil && r.Process.Last > 0 {
		u.once.Do(func() { close(u.begun) })
		return new(bus.Stored)
	}
	return u.Bus.Journal(r)
}

// Nothing is handed on of frames that are worked together before the journal has them, or a crash in between would bring them in other company.
func TestNothingIsHandedOnBeforeItIsRecorded(t *testing.T) {
	b := &unwritten{Bus: pipelinetest.Bus(t, func(c *bus.Config) { c.Lanes = 1 }), begun: make(chan struct{})}
	gate := make(chan struct{})
	s := process.New(process.Pipeline{
		Name: "p",
		Chain: process.Chain{{Name: "gate", Counts: new(process.StepCounts), Transform: transform(
			func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
				<-gate
				return append(out, e), nil
			})}},
		Routes: []process.Route{{Destination: "all", Frame: limit}},
	}, b, slog.New(slog.DiscardHandler))
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	written, ended := make(chan error, 1), make(chan error, 1)
	w := b.NewWriter()
	go func() { written <- w.Run(ctx) }()
	go func() { ended <- s.Run(ctx) }()
	for i := range 4 {
		if err := w.Append(t.Context(), []pipeline.Event{event("anna", fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	close(gate)
	<-b.begun
	cancel() // it waits for the record as long as it may
	if err := errors.Join(<-written, <-ended); err != nil {
		t.Error(err)
	}
	if n := b.Stats()["DELIVER"].Events.Load(); n != 1 {
		t.Errorf("%d events were handed on, want that of the first frame, which is worked alone", n)
	}
}
