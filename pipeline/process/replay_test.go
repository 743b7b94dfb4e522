package process_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// limited is an error of a transform that says of what kind it is.
type limited struct{ error }

func (limited) ErrorClass() string { return "limit" }

// marking is a pipeline of two destinations whose transform marks events, drops noise and fails on bad ones.
func marking(fails error) process.Pipeline {
	mark := transform(func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		switch {
		case e.Name == "noise":
			return out, nil
		case e.Name == "bad" && fails != nil:
			return nil, fails
		case e.Name == "panic":
			panic("boom")
		}
		e.Name += "'"
		return append(out, e), nil
	})
	return process.Pipeline{
		Name:  "p",
		Chain: process.Chain{{Name: "mark", Transform: mark, Counts: new(process.StepCounts)}},
		Routes: []process.Route{{Destination: "all", Frame: limit}, {Destination: "odd", Frame: limit, When: condition(func(e *pipeline.Event) (bool, error) {
			return strings.HasPrefix(e.Name, "odd"), nil
		})}},
	}
}

func send(t *testing.T, s *process.Stage, destination, id string, dry bool, events ...pipeline.Event) process.Replayed {
	t.Helper()
	r, err := s.Replayer(destination, dry)
	if err != nil {
		t.Fatal(err)
	}
	n, err := r.Send(t.Context(), id, events)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReplayer(t *testing.T) {
	b, _, s := running(t, marking(limited{errors.New("too many steps")}))
	events := []pipeline.Event{event("u1", "even"), event("u2", "odd"), event("u1", "noise"), event("u1", "bad"), event("u1", "panic")}
	want := process.Replayed{In: 5, Passed: 2, Dropped: 1, Dead: 2, Copies: 3}
	if n := send(t, s, "", "r", true, events...); n != want {
		t.Errorf("a dry run\n got %+v\nwant %+v", n, want)
	}
	if backlog, err := b.ReplayBacklog(t.Context(), "p"); err != nil || len(backlog) != 0 || s.Replayed().In.Load() != 0 {
		t.Errorf("a dry run left %v, %v, and counted %d", backlog, err, s.Replayed().In.Load())
	}
	for range 2 { // the second time changes nothing
		if n := send(t, s, "", "r", false, events...); n != want {
			t.Errorf("sent\n got %+v\nwant %+v", n, want)
		}
	}
	if names, _ := received(t, b, "all", 2); cmp.Diff(map[string][]string{"u1": {"even'"}, "u2": {"odd'"}}, names) != "" {
		t.Errorf("to all\n got %v", names)
	}
	if names, _ := received(t, b, "odd", 1); cmp.Diff(map[string][]string{"u2": {"odd'"}}, names) != "" {
		t.Errorf("to odd\n got %v", names)
	}
	var classes []string
	for _, l := range letters(t, b, 2) {
		classes = append(classes, l.Class)
	}
	if diff := cmp.Diff([]string{"mark.limit", "mark.panic"}, classes); diff != "" {
		t.Errorf("classes of dead letters (-want +got)\n%s", diff)
	}
	if s.Counts().In.Load() != 0 || s.Replayed().In.Load() != 10 || s.Replayed().Dead.Load() != 4 {
		t.Errorf("counts\n got %d captured, %d replayed, %d dead of these\nwant 0, 10, 4", s.Counts().In.Load(), s.Replayed().In.Load(), s.Replayed().Dead.Load())
	}
	if _, err := s.Replayer("none", false); err == nil {
		t.Error("there is a replayer for a destination that is not there")
	}
}

// What fails in a replay for one destination stays for that one alone, also when its dead letter is replayed, and is transformed then.
func TestReplayForOneDestination(t *testing.T) {
	p := marking(nil)
	broken := marking(errors.New("no key"))
	b, _, s := running(t, p)
	failing := process.New(broken, b, slog.New(slog.DiscardHandler))
	n := send(t, failing, "odd", "r", false, event("u1", "odd"), event("u1", "even"), event("u2", "bad"))
	if want := (process.Replayed{In: 3, Passed: 2, Dead: 1, Copies: 1}); n != want {
		t.Errorf("sent\n got %+v\nwant %+v", n, want)
	}
	received(t, b, "odd", 1)
	l := letters(t, b, 1)[0]
	if l.Only != "odd" || l.Destination != "" || l.Class != "mark.error" {
		t.Errorf("dead letter\n got %+v\nwant one for odd alone, of class mark.error", l)
	}
	l.Event = []byte(strings.Replace(string(l.Event), `"bad"`, `"odd2"`, 1))
	l.Key = "again"
	if err := errors.Join(b.Drop(t.Context(), l.ID), b.Bury(t.Context(), []bus.DeadLetter{l})); err != nil {
		t.Fatal(err)
	}
	if err := b.Replay(t.Context(), l.ID+1); err != nil {
		t.Fatal(err)
	}
	if names, _ := received(t, b, "odd", 1); cmp.Diff(map[string][]string{"u2": {"odd2'"}}, names) != "" {
		t.Errorf("the dead letter, replayed\n got %v\nwant it transformed", names)
	}
	if st, err := b.Status(t.Context()); err != nil || slices.ContainsFunc(st.Replays, func(r bus.ReplayStatus) bool { return r.Destination == "all" }) {
		t.Errorf("the other destination got %v, %v\nwant nothing", st.Replays, err)
	}
	if in, replayed := s.Counts().In.Load(), s.Replayed().In.Load(); in != 0 || replayed != 1 {
		t.Errorf("counts\n got %d captured, %d replayed\nwant 0 and 1: a replay is not a capture", in, replayed)
	}
}

// A replayed letter that hangs in a transform holds up nothing that is captured.
func TestReplayedLettersAreInNobodysWay(t *testing.T) {
	hang := make(chan struct{})
	slow := transform(func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
		if e.Name == "slow" {
			<-hang
		}
		return append(out, e), nil
	})
	b, w, _ := running(t, process.Pipeline{
		Name:   "p",
		Chain:  process.Chain{{Name: "slow", Transform: slow, Counts: new(process.StepCounts)}},
		Routes: []process.Route{{Destination: "all", Frame: limit}},
	})
	defer close(hang)
	e := event("u1", "slow")
	if err := b.Bury(context.Background(), []bus.DeadLetter{{Pipeline: "p", Stage: bus.StageProcess, Event: e.AppendJSON(nil)}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Replay(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(t.Context(), []pipeline.Event{event("u1", "live")}); err != nil {
		t.Fatal(err)
	}
	received(t, b, "all", 1)
}
