package process_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// seen is what the watches of a test have committed.
type seen struct {
	mu     sync.Mutex
	names  map[string][]string // by distinct id
	fails  int                 // so many commits fail
	failed int
}

type watch struct {
	seen   *seen
	events []pipeline.Event
	places []string
}

func (w *watch) Reset() { w.events, w.places = nil, nil }

func (w *watch) Event(e *pipeline.Event, lane int, sequence uint64, index int) {
	w.events = append(w.events, pipeline.Event{Name: strings.Clone(e.Name), DistinctID: strings.Clone(e.DistinctID)})
	w.places = append(w.places, fmt.Sprint(lane, sequence, index))
}

func (w *watch) Commit(context.Context) error {
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	if w.seen.failed < w.seen.fails {
		w.seen.failed++
		return errors.New("the store is away")
	}
	for i, e := range w.events {
		w.seen.names[e.DistinctID] = append(w.seen.names[e.DistinctID], e.Name)
		w.seen.names["places"] = append(w.seen.names["places"], w.places[i])
	}
	return nil
}

// TestWatch wants what comes out of the transforms committed in order, once for each acknowledged frame, and nothing else: not what was dropped, not
// what failed, and nothing of an attempt that came to nothing.
func TestWatch(t *testing.T) {
	s := &seen{names: map[string][]string{}, fails: 3}
	b, w, _ := running(t, process.Pipeline{
		Name: "p",
		Chain: process.Chain{{Name: "rename", Counts: new(process.StepCounts), Transform: transform(func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
			switch e.Name {
			case "noise":
				return out, nil
			case "bad":
				return nil, errors.New("no")
			}
			e.Name = "new " + e.Name
			return append(out, e), nil
		})}},
		Routes: []process.Route{{Destination: "all", Frame: limit}},
		Watch:  func() process.Watch { return &watch{seen: s} },
	})
	want := map[string][]string{}
	for i := range 10 {
		var events []pipeline.Event
		for p := range 4 {
			person, name := fmt.Sprint("u", p), fmt.Sprint("e", i)
			events = append(events, event(person, name), event(person, "noise"), event(person, "bad"))
			want[person] = append(want[person], "new "+name)
		}
		if err := w.Append(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	received(t, b, "all", 40)
	s.mu.Lock()
	defer s.mu.Unlock()
	places := map[string]bool{}
	for _, p := range s.names["places"] {
		places[p] = true
	}
	if len(places) != 40 {
		t.Errorf("places\n got %d that differ\nwant 40", len(places))
	}
	delete(s.names, "places")
	if diff := cmp.Diff(want, s.names); diff != "" {
		t.Errorf("events that were committed (-want +got):\n%s", diff)
	}
}

// eager looks, before it commits, for what was handed on, which nothing may be. Its first commit fails.
type eager struct {
	watch
	look func() int
}

func (w *eager) Commit(ctx context.Context) error {
	if n := w.look(); n > 0 {
		return fmt.Errorf("%d frames were handed on before the commit", n)
	}
	return w.watch.Commit(ctx)
}

// TestWatchIsFirst hands on nothing of which the meaning is not committed: whoever delivers it may ask for that.
func TestWatchIsFirst(t *testing.T) {
	s := &seen{names: map[string][]string{}, fails: 1}
	var b *bus.Bus
	look := func() (n int) {
		for lane := range b.Lanes() {
			q, err := b.Queue(t.Context(), "p", "all", lane, bus.InFlight)
			if err != nil {
				t.Error(err)
				return 0
			}
			got, err := q.Fetch(t.Context(), bus.FetchLimit{Frames: 1, Wait: 20 * time.Millisecond})
			if err != nil {
				t.Error(err)
			}
			for _, f := range got {
				t.Errorf("%q was handed on before the commit", f.Frame().Events[0].Name)
				n++
			}
		}
		return n
	}
	b, w, stage := running(t, process.Pipeline{
		Name: "p", Routes: []process.Route{{Destination: "all", Frame: limit}}, Watch: func() process.Watch { return &eager{watch: watch{seen: s}, look: look} },
	})
	if err := w.Append(t.Context(), []pipeline.Event{event("u", "e")}); err != nil {
		t.Fatal(err)
	}
	counted(t, stage, 1)
	received(t, b, "all", 1)
}
