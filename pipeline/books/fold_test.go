package books

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

var created = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

// opened are books of the pipeline web with the destinations crm and hook, in lane 3 behind frame 10.
func opened() *Books {
	b := New(created)
	b.Enter(bus.JournalEntry{Sequence: 1, Record: bus.Record{Begin: &bus.BeginRecord{Waiting: map[string]map[string]int{"web": {"crm": 0, "hook": 4}}}}})
	b.Begin(bus.Place{Pipeline: "web", Lane: 3, Created: created, Done: 10}, 0)
	return b
}

func some(n int) bus.Some { return bus.Some{N: n} }

// enter enters a record of either kind as the next one.
func enter(b *Books, r any) {
	e := bus.JournalEntry{Sequence: b.Journal + 1}
	switch r := r.(type) {
	case bus.ProcessRecord:
		e.Process = &r
	case bus.DeliverRecord:
		e.Deliver = &r
	}
	b.Enter(e)
}

func processed(sequence uint64) bus.ProcessRecord {
	return bus.ProcessRecord{
		Pipeline: "web", Lane: 3, Sequence: sequence, In: 10, Out: 9,
		Dropped: map[string]bus.Some{"filter": some(2)}, Dead: map[string]bus.Some{"mask.limit": some(1)},
		To: map[string]bus.Some{"crm": some(9), "hook": some(3)}, NotTo: map[string]bus.Some{"hook": some(1)},
	}
}

func attempt(frames ...bus.FrameRecord) bus.DeliverRecord {
	return bus.DeliverRecord{Pipeline: "web", Destination: "hook", Lane: 3, Frames: frames}
}

func TestProcessed(t *testing.T) {
	b := opened()
	b.Count(bus.LogCount{Sequence: 10, Lane: 3, Events: 100}) // before it had its place
	b.Count(bus.LogCount{Sequence: 11, Lane: 3, Events: 10})
	b.Count(bus.LogCount{Sequence: 12, Lane: 2, Events: 50}) // of another lane
	b.Count(bus.LogCount{Sequence: 13, Lane: 3, Events: 7})
	enter(b, processed(11))
	enter(b, processed(11)) // once more, after a crash
	again := processed(12)
	again.Again = true
	enter(b, again)
	want := &Pipeline{
		Lanes: map[int]*Lane{3: {Created: created, Begun: 10, Done: 11, Accepted: 17, In: 10}},
		Destinations: map[string]*Destination{
			"crm": {
				In: 10, Made: 2, Filtered: map[string]int64{"filter": 2}, Refused: map[string]int64{"mask.limit": 1}, Copies: 9, Dead: map[string]int64{},
			},
			"hook": {
				In: 10, Made: 2, Filtered: map[string]int64{"filter": 2, When: 5}, Refused: map[string]int64{"mask.limit": 1, "when": 1}, Copies: 3, Brought: 4,
				Dead: map[string]int64{},
			},
		},
	}
	if diff := cmp.Diff(want, b.Pipelines["web"]); diff != "" {
		t.Errorf("account (-want +got)\n%s", diff)
	}
	if got := b.Pipelines["web"].Waiting(); got != 7 {
		t.Errorf("not processed\n got %d\nwant 7", got)
	}
}

// A frame that comes to something else when it is worked again, as after a change of the project, counts as it came to last. So it does when the books are
// opened in between.
func TestWorkedAgainInAnotherWay(t *testing.T) {
	other := processed(12)
	other.Out, other.Dropped = 10, map[string]bus.Some{"filter": some(1)}
	other.To = map[string]bus.Some{"crm": some(10), "new": some(10)}
	other.Config = 2
	same := processed(11)
	same.Config, same.First, same.Last = 2, 11, 12
	same.To = map[string]bus.Some{"crm": {N: 9, Of: bus.Places{1, 2}}, "hook": some(3)}
	want := opened()
	enter(want, processed(11))
	enter(want, other)
	want.Pipelines["web"].Destinations["hook"].Filtered["filter"] = 2
	for _, reopened := range []bool{false, true} {
		b := opened()
		enter(b, processed(11))
		enter(b, processed(12))
		if reopened {
			text, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			b = New(created)
			if err := json.Unmarshal(text, b); err != nil {
				t.Fatal(err)
			}
			for _, r := range []bus.ProcessRecord{processed(11), processed(12)} {
				b.Remember(bus.JournalEntry{Record: bus.Record{Process: &r}})
			}
		}
		enter(b, same)
		if b.Pipelines["web"].Redone != 0 {
			t.Errorf("reopened: %v: a repeat counts as another outcome", reopened)
		}
		enter(b, other)
		enter(b, other)
		if b.Pipelines["web"].Redone != 1 {
			t.Errorf("reopened: %v: %d frames came to something else, want 1", reopened, b.Pipelines["web"].Redone)
		}
		b.Pipelines["web"].Redone = 0
		if diff := cmp.Diff(want.Pipelines, b.Pipelines); diff != "" {
			t.Errorf("reopened: %v: accounts (-want +got)\n%s", reopened, diff)
		}
	}
	for _, c := range []struct {
		inFlight int64
		redone   bool
		want     string
	}{{0, true, Balanced}, {1, true, Incomplete}, {1, false, Unbalanced}} {
		if got := balance(&Account{InFlight: c.inFlight}, 0, c.redone, true); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// A pipeline that comes back under its name after it was forgotten begins anew, and owes nothing of what was captured meanwhile.
func TestComesBack(t *testing.T) {
	b := opened()
	b.Count(bus.LogCount{Sequence: 11, Lane: 3, Events: 10})
	enter(b, processed(11))
	b.Count(bus.LogCount{Sequence: 20, Lane: 3, Events: 5})
	place := bus.Place{Pipeline: "web", Lane: 3, Created: created.Add(time.Hour), Done: 20}
	if !b.News(place) || b.News(bus.Place{Pipeline: "web", Lane: 3, Created: created}) {
		t.Error("a place is known by when it was given")
	}
	b.Begin(place, 2)
	b.Count(bus.LogCount{Sequence: 23, Lane: 3, Events: 1})
	if got := b.Pipelines["web"].Waiting(); got != 3 {
		t.Errorf("not processed\n got %d\nwant what was missed and counted since, 3", got)
	}
}

// What is done of a frame counts once, whatever way the frame comes again.
func TestDelivered(t *testing.T) {
	permanent := func(n int) map[string]int { return map[string]int{bus.ClassPermanent: n} }
	first := bus.FrameRecord{Sequence: 5, Key: 77, Events: 10, Delivered: 6, Dead: permanent(1), Again: 3}
	for name, c := range map[string]struct {
		frames          []bus.FrameRecord
		delivered, dead int64
	}{
		"in two attempts":                      {[]bus.FrameRecord{first, {Sequence: 5, Events: 10, Delivered: 9, Dead: permanent(1)}}, 9, 1},
		"all of it after a crash":              {[]bus.FrameRecord{first, {Sequence: 5, Events: 10, Delivered: 9, Dead: permanent(1)}, {Sequence: 5, Events: 10, Delivered: 10}}, 9, 1},
		"the rest as another frame":            {[]bus.FrameRecord{first, {Sequence: 9, After: 5, Events: 3, Delivered: 3}}, 9, 1},
		"the rest and then all of it":          {[]bus.FrameRecord{first, {Sequence: 9, After: 5, Events: 3, Delivered: 3}, {Sequence: 5, Events: 10, Delivered: 9, Dead: permanent(1)}}, 9, 1},
		"all of it and then the rest":          {[]bus.FrameRecord{first, {Sequence: 5, Events: 10, Delivered: 9, Dead: permanent(1)}, {Sequence: 9, After: 5, Events: 3, Delivered: 3}}, 9, 1},
		"handed on again":                      {[]bus.FrameRecord{first, {Sequence: 9, After: 5, Events: 3, Delivered: 3}, {Sequence: 12, Key: 77, Events: 10, Delivered: 9, Dead: permanent(1)}}, 9, 1},
		"another frame":                        {[]bus.FrameRecord{first, {Sequence: 12, Key: 78, Events: 10, Delivered: 10}}, 16, 1},
		"delivered and then refused":           {[]bus.FrameRecord{{Sequence: 5, Events: 1, Delivered: 1}, {Sequence: 5, Events: 1, Dead: permanent(1)}}, 1, 0},
		"the rest of a frame nobody remembers": {[]bus.FrameRecord{{Sequence: 9, After: 5, Events: 3, Delivered: 3}}, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := opened()
			for _, f := range c.frames {
				enter(b, attempt(f))
			}
			if d := b.destination("web", "hook"); d.Delivered != c.delivered || d.Dead[bus.ClassPermanent] != c.dead {
				t.Errorf("done\n got %d delivered, %v dead\nwant %d and %d", d.Delivered, d.Dead, c.delivered, c.dead)
			}
		})
	}
}

// Books that are read again know the repeats of what was entered before they were written down.
func TestRemembered(t *testing.T) {
	b := opened()
	r := attempt(bus.FrameRecord{Sequence: 5, Events: 10, Delivered: 6, Again: 4})
	enter(b, r)
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	var again Books
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	again.Remember(bus.JournalEntry{Sequence: 2, Record: bus.Record{Deliver: &r}})
	enter(&again, attempt(bus.FrameRecord{Sequence: 5, Events: 10, Delivered: 10}))
	if d := again.destination("web", "hook"); d.Delivered != 10 {
		t.Errorf("delivered\n got %d\nwant 10", d.Delivered)
	}
}

// A lane remembers so many frames and no more.
func TestForgotten(t *testing.T) {
	b := opened()
	for i := range uint64(remembered + 100) {
		enter(b, attempt(bus.FrameRecord{Sequence: i + 1, Key: i + 1, Events: 1, Delivered: 1}))
	}
	lane := b.recent[laneOf{"web", "hook", 3}]
	if len(lane.frames) != remembered || len(lane.keys) != remembered || len(lane.order) != remembered {
		t.Errorf("remembered\n got %d, %d, %d frames\nwant %d", len(lane.frames), len(lane.keys), len(lane.order), remembered)
	}
}
