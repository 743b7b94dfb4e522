package process

import (
	"bytes"
	"context"
	"slices"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Followed is what one transform made of an event that was taken through a chain to see.
type Followed struct {
	Step string
	// Outcome is "unchanged", "changed", "several" (it made several events of one), "dropped", "kept" (it failed, and on_error is keep) or "failed".
	Outcome string
	Changed []string // what it changed: parts of the event, properties as "properties.NAME"
	Events  int      // that came out
	Err     error    // why it failed
}

// Follow takes e through the chain as Run does, counts nothing, and says what each transform did, up to the one after which nothing was left.
func (c Chain) Follow(ctx context.Context, e pipeline.Event) []Followed {
	var out []Followed
	events := []pipeline.Event{e}
	for i := range c {
		step := c[i]
		step.Counts = new(StepCounts)
		if counting, ok := step.Transform.(interface{ Uncounted() pipeline.Transform }); ok {
			step.Transform = counting.Uncounted()
		}
		f := Followed{Step: step.Name}
		var after []pipeline.Event
		for j := range events {
			n := len(after)
			after, f.Err = step.apply(ctx, events[j], after)
			if f.Err != nil {
				f.Outcome = "failed"
				return append(out, f)
			}
			if len(after) == n+1 {
				f.Changed = append(f.Changed, changed(&events[j], &after[n])...)
			}
		}
		f.Events = len(after)
		slices.Sort(f.Changed)
		f.Changed = slices.Compact(f.Changed)
		f.Outcome = outcomeOf(&step, &f, len(events))
		out = append(out, f)
		if len(after) == 0 {
			break
		}
		events = after
	}
	return out
}

func outcomeOf(step *Step, f *Followed, before int) string {
	switch failed := step.Counts.Failed.Load() > 0; {
	case f.Events == 0:
		return "dropped"
	case failed:
		return "kept"
	case f.Events > before:
		return "several"
	case len(f.Changed) > 0:
		return "changed"
	}
	return "unchanged"
}

// changed names the parts in which two events differ.
func changed(before, after *pipeline.Event) []string {
	var names []string
	for name, differs := range map[string]bool{
		"uuid": before.UUID != after.UUID, "event": before.Name != after.Name, "distinct_id": before.DistinctID != after.DistinctID,
		"source": before.Source != after.Source, "timestamp": !before.Timestamp.Equal(after.Timestamp), "received_at": !before.ReceivedAt.Equal(after.ReceivedAt),
	} {
		if differs {
			names = append(names, name)
		}
	}
	if bytes.Equal(before.Properties, after.Properties) {
		return names
	}
	for _, pair := range [][2]pipeline.Properties{{before.Properties, after.Properties}, {after.Properties, before.Properties}} {
		for key, value := range rawjson.Members(pair[0]) {
			name, _ := rawjson.String(key)
			if other, ok := pair[1].Get(name); !ok || !bytes.Equal(other, value) {
				names = append(names, "properties."+name)
			}
		}
	}
	return names
}
