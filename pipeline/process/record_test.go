package process_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// The journal says of a frame how many of its events came to what, and which.
func TestRecord(t *testing.T) {
	b, w, _ := running(t, process.Pipeline{
		Name: "p",
		Chain: process.Chain{{Name: "sort", Counts: new(process.StepCounts), Transform: transform(
			func(e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
				switch e.Name {
				case "noise":
					return out, nil
				case "broken":
					return out, errors.New("no")
				case "twice":
					return append(out, e, e), nil
				}
				return append(out, e), nil
			})}},
		Routes: []process.Route{
			{Destination: "all", Frame: limit},
			{Destination: "none", Frame: limit, When: condition(func(*pipeline.Event) (bool, error) { return false, nil })},
			{Destination: "some", Frame: limit, When: condition(func(e *pipeline.Event) (bool, error) {
				if e.Name == "odd" {
					return false, errors.New("odd")
				}
				return e.Name == "plain", nil
			})},
		},
	})
	b.SetConfig(3)
	var events []pipeline.Event
	for _, name := range []string{"plain", "noise", "broken", "twice", "odd", "noise"} {
		events = append(events, event("anna", name))
	}
	if err := w.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	received(t, b, "all", 4)
	letters(t, b, 2)
	lane := bus.LaneOf("anna", 2)
	want := &bus.ProcessRecord{
		Pipeline: "p", Lane: lane, Frame: "events-1", Sequence: 1, Config: 3, In: 6, Out: 4,
		Dropped: map[string]bus.Some{"sort": {N: 2, Of: bus.Places{1<<1 | 1<<5}}},
		Dead:    map[string]bus.Some{"sort.error": {N: 1, Of: bus.Places{1 << 2}}},
		To: map[string]bus.Some{
			"all": {N: 4, Of: bus.Places{1<<0 | 1<<3 | 1<<4}}, "none": {}, "some": {N: 1, Of: bus.Places{1 << 0}},
		},
		NotTo: map[string]bus.Some{"some": {N: 1, Of: bus.Places{1 << 4}}},
	}
	if diff := cmp.Diff(want, processed(t, b)); diff != "" {
		t.Errorf("record (-want +got)\n%s", diff)
	}
}

// processed waits for the first record of the process stage.
func processed(t *testing.T, b *bus.Bus) (found *bus.ProcessRecord) {
	t.Helper()
	for t.Context().Err() == nil && found == nil {
		r, err := b.JournalRange(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = b.ReadJournal(t.Context(), r.First, r.Last, func(e bus.JournalEntry) error {
			found = e.Process
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}
