package process_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/pipeline/process"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type transform func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error)

func (f transform) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	return f(e, out)
}

type condition func(e *pipeline.Event) (bool, error)

func (f condition) Match(e *pipeline.Event) (bool, error) { return f(e) }

func event(person, name string) pipeline.Event {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return pipeline.Event{
		UUID: uuid.Must(uuid.NewV7()).String(), Name: name, DistinctID: person, Source: "test", Timestamp: now, ReceivedAt: now,
		Properties: pipeline.Properties(`{"kept":1}`),
	}
}

// running starts a bus, its writer and a stage, all of which end with the test.
func running(t *testing.T, p process.Pipeline) (*bus.Bus, *bus.Writer, *process.Stage) {
	t.Helper()
	b := pipelinetest.Bus(t, func(c *bus.Config) { c.Lanes = 2 })
	w := b.NewWriter()
	s := process.New(p, b, slog.New(slog.DiscardHandler))
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- w.Run(ctx) }()
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}
	})
	return b, w, s
}

// received takes frames of a destination until n events have come, and returns their names by person, in order.
func received(t *testing.T, b *bus.Bus, destination string, n int) (names map[string][]string, events []pipeline.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	names = map[string][]string{}
	for lane := 0; len(events) < n; lane = (lane + 1) % b.Lanes() {
		d, err := b.Queue(ctx, "p", destination, lane, bus.InFlight)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Fetch(ctx, bus.FetchLimit{Frames: 100, Wait: 50 * time.Millisecond})
		if err != nil {
			t.Fatalf("%d of %d events for %q: %v", len(events), n, destination, err)
		}
		for _, f := range got {
			for _, e := range f.Frame().Events {
				names[e.DistinctID] = append(names[e.DistinctID], e.Name)
				events = append(events, e)
			}
			if err := f.Ack(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	return names, events
}

func letters(t *testing.T, b *bus.Bus, n int) []bus.DeadLetter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		all, err := b.DeadLetters(ctx, bus.DeadFilter{}, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) >= n {
			return all
		}
	}
	t.Fatalf("fewer than %d dead letters", n)
	return nil
}

// counted waits until a stage has counted so many events: it counts what has been handed on.
func counted(t *testing.T, s *process.Stage, in int64) *process.Counts {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for s.Counts().In.Load() < in && ctx.Err() == nil {
		runtime.Gosched()
	}
	return s.Counts()
}

var limit = bus.FrameLimit{Events: 500, Bytes: 1 << 20}

func TestRoutesInOrder(t *testing.T) {
	b, w, s := running(t, process.Pipeline{
		Name: "p",
		Chain: process.Chain{{Name: "filter", Counts: new(process.StepCounts), Transform: transform(
			func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
				if e.Name == "noise" {
					return out, nil
				}
				return append(out, e), nil
			})}},
		Routes: []process.Route{
			{Destination: "all", Frame: limit},
			{Destination: "odd", Frame: bus.FrameLimit{Events: 1, Bytes: 1 << 20}, When: condition(func(e *pipeline.Event) (bool, error) {
				return strings.HasSuffix(e.Name, "1"), nil
			})},
			{Destination: "none", Frame: limit, When: condition(func(*pipeline.Event) (bool, error) { return false, nil })},
		},
	})
	want := map[string][]string{}
	odd := map[string][]string{}
	for i := range 20 {
		var events []pipeline.Event
		for p := range 5 {
			person, name := fmt.Sprint("u", p), fmt.Sprint("e", i%2)
			events = append(events, event(person, name), event(person, "noise"))
			want[person] = append(want[person], name)
			if i%2 == 1 {
				odd[person] = append(odd[person], name)
			}
		}
		if err := w.Append(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	got, events := received(t, b, "all", 100)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order at the destination for all (-want +got)\n%s", diff)
	}
	if string(events[0].Properties) != `{"kept":1}` {
		t.Errorf("properties\n got %s\nwant {\"kept\":1}", events[0].Properties)
	}
	got, _ = received(t, b, "odd", 50)
	if diff := cmp.Diff(odd, got); diff != "" {
		t.Errorf("order at the destination with a condition (-want +got)\n%s", diff)
	}
	c := counted(t, s, 200)
	if c.In.Load() != 200 || c.Passed.Load() != 100 || c.Dropped.Load() != 100 || c.Dead.Load() != 0 || c.Copies.Load() != 150 {
		t.Errorf("counts\n got in %d passed %d dropped %d dead %d copies %d\nwant 200 100 100 0 150",
			c.In.Load(), c.Passed.Load(), c.Dropped.Load(), c.Dead.Load(), c.Copies.Load())
	}
}

func TestFailsClosed(t *testing.T) {
	fails := transform(func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		if e.Name == "bad" {
			return nil, errors.New("mask: no key")
		}
		e.Properties = pipeline.Properties(`{"masked":true}`)
		return append(out, e), nil
	})
	b, w, s := running(t, process.Pipeline{
		Name:   "p",
		Chain:  process.Chain{{Name: "mask", Transform: fails, Counts: new(process.StepCounts)}},
		Routes: []process.Route{{Destination: "all", Frame: limit}},
	})
	bad := event("u1", "bad")
	if err := w.Append(t.Context(), []pipeline.Event{event("u1", "good"), bad, event("u1", "after")}); err != nil {
		t.Fatal(err)
	}
	_, events := received(t, b, "all", 2)
	for _, e := range events {
		if string(e.Properties) != `{"masked":true}` {
			t.Errorf("event %s went on untransformed: %s", e.Name, e.Properties)
		}
	}
	got := letters(t, b, 1)
	l := got[0]
	if len(got) != 1 || l.Component != "mask" || l.Reason != "mask: no key" || l.Stage != bus.StageProcess || string(l.Event) != string(bad.AppendJSON(nil)) {
		t.Errorf("dead letters\n got %+v", got)
	}
	if d := counted(t, s, 3).Dead.Load(); d != 1 {
		t.Errorf("dead\n got %d\nwant 1", d)
	}
}

// A transform may make events larger than they were captured: frames are cut by what they are now, and what no frame can hold is a dead letter.
func TestEventsThatGrow(t *testing.T) {
	grow := transform(func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		size := 30 << 10
		if e.Name == "huge" {
			size = 9 << 20
		}
		e.Properties = e.Properties.Set([]byte(`"`+strings.Repeat("x", size)+`"`), "pad")
		return append(out, e), nil
	})
	b, w, _ := running(t, process.Pipeline{
		Name:   "p",
		Chain:  process.Chain{{Name: "grow", Transform: grow, Counts: new(process.StepCounts)}},
		Routes: []process.Route{{Destination: "all", Frame: limit}},
	})
	events := []pipeline.Event{event("u1", "huge")}
	for range 400 {
		events = append(events, event("u1", "e"))
	}
	if err := w.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	received(t, b, "all", 400)
	if l := letters(t, b, 1)[0]; !strings.Contains(l.Reason, "the bus takes") || len(l.Event) > 1000 {
		t.Errorf("dead letter\n got %s with %d bytes\nwant the event as it was captured", l.Reason, len(l.Event))
	}
}

// Two events may come with one UUID. A destination that takes one at a time gets both.
func TestSameUUIDTwice(t *testing.T) {
	b, w, _ := running(t, process.Pipeline{
		Name:   "p",
		Routes: []process.Route{{Destination: "single", Frame: bus.FrameLimit{Events: 1, Bytes: 1 << 20}}},
	})
	one, two := event("u1", "one"), event("u1", "two")
	two.UUID = one.UUID
	if err := w.Append(t.Context(), []pipeline.Event{one, two}); err != nil {
		t.Fatal(err)
	}
	names, _ := received(t, b, "single", 2)
	if diff := cmp.Diff(map[string][]string{"u1": {"one", "two"}}, names); diff != "" {
		t.Errorf("received (-want +got)\n%s", diff)
	}
}

func TestConditionThatFails(t *testing.T) {
	var mended atomic.Bool
	broken := condition(func(e *pipeline.Event) (bool, error) {
		if mended.Load() {
			return true, nil
		}
		return false, errors.New("cannot compare")
	})
	once := transform(func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		e.Name += "'"
		return append(out, e), nil
	})
	b, w, _ := running(t, process.Pipeline{
		Name:   "p",
		Chain:  process.Chain{{Name: "once", Transform: once, Counts: new(process.StepCounts)}},
		Routes: []process.Route{{Destination: "all", Frame: limit}, {Destination: "picky", Frame: limit, When: broken}},
	})
	if err := w.Append(t.Context(), []pipeline.Event{event("u1", "e")}); err != nil {
		t.Fatal(err)
	}
	received(t, b, "all", 1)
	l := letters(t, b, 1)[0]
	if l.Destination != "picky" || l.Component != "when" || l.Class != "when" || l.Reason != "cannot compare" {
		t.Errorf("dead letter\n got %+v", l)
	}

	// Replayed, it is asked for again by that destination alone, and not transformed a second time.
	mended.Store(true)
	if err := b.Replay(t.Context(), l.ID); err != nil {
		t.Fatal(err)
	}
	names, _ := received(t, b, "picky", 1)
	if diff := cmp.Diff(map[string][]string{"u1": {"e'"}}, names); diff != "" {
		t.Errorf("replayed (-want +got)\n%s", diff)
	}
	if st, err := b.Status(t.Context()); err != nil || slices.ContainsFunc(st.Consumers, func(c bus.ConsumerStatus) bool {
		return c.Destination == "all" && c.Pending > 0
	}) {
		t.Errorf("the replay reached another destination: %+v, %v", st.Consumers, err)
	}
}

// A stop may come at any moment, the middle of the start included.
func TestStopWhileStarting(t *testing.T) {
	b := pipelinetest.Bus(t)
	for i := range 10 {
		s := process.New(process.Pipeline{Name: fmt.Sprint("p", i)}, b, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}
