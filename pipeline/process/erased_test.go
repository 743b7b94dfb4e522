package process_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// erase puts a tombstone for what was captured of a person before a time.
func erase(t *testing.T, b *bus.Bus, person string, before time.Time) {
	t.Helper()
	hash, err := b.Erasures().Hash(t.Context(), person)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Erasures().Put(t.Context(), bus.Erasure{ID: hash, At: before, Hashes: []string{hash}}); err != nil {
		t.Fatal(err)
	}
}

// What was captured of an erased person goes nowhere, is seen by no watch and makes no dead letter, live or in a replay.
func TestErased(t *testing.T) {
	s := &seen{names: map[string][]string{}}
	b, w, stage := running(t, process.Pipeline{
		Name: "p", Routes: []process.Route{{Destination: "all", Frame: limit}}, Watch: func() process.Watch { return &watch{seen: s} },
	})
	now := time.Now().UTC().Truncate(time.Millisecond)
	erase(t, b, "ann", now.Add(time.Minute))
	later := event("ann", "later")
	later.ReceivedAt = now.Add(time.Hour)
	events := []pipeline.Event{event("ann", "before"), later, event("bob", "other")}
	if err := w.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"ann": {"later"}, "bob": {"other"}}
	counted(t, stage, 3)
	names, _ := received(t, b, "all", 2)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("events handed on (-want +got):\n%s", diff)
	}
	s.mu.Lock()
	delete(s.names, "places")
	if diff := cmp.Diff(want, s.names); diff != "" {
		t.Errorf("events that were watched (-want +got):\n%s", diff)
	}
	s.mu.Unlock()
	r, err := stage.Replayer("", true)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Send(t.Context(), "again", events); err != nil || got != (process.Replayed{In: 3, Passed: 2, Dropped: 1, Copies: 2}) {
		t.Errorf("replay\n got %+v, %v\nwant one dropped", got, err)
	}
}
