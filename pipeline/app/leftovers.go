package app

import (
	"context"
	"fmt"
	"maps"
)

// has reports whether the project has a pipeline, and in it a destination unless that is "".
func (a *App) has(pipeline, destination string) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, p := range a.pipelines {
		if p.name != pipeline {
			continue
		}
		if destination == "" {
			return true
		}
		for _, d := range p.destinations {
			if d.name == destination {
				return true
			}
		}
	}
	return false
}

// target is a pipeline, or a destination of it.
type target struct{ pipeline, destination string }

// String names it for messages.
func (t target) String() string {
	if t.destination == "" {
		return fmt.Sprintf("pipeline %q", t.pipeline)
	}
	return fmt.Sprintf("destination %q of pipeline %q", t.destination, t.pipeline)
}

// leftovers deals with pipelines and destinations that the streams know and the project does not have any more: a name that was changed or
// taken out. One that nothing waits for is forgotten, or it would collect everything captured from now on. One with events waiting keeps
// them until its name comes back, and the operator is told.
//
// It returns the frames that wait, are in hand or are put off, by place: those of live events, and those that are sent once more.
//
// On an outside server the others may belong to another project, so nothing is forgotten there.
func (a *App) leftovers(ctx context.Context) (live, again map[target]uint64, err error) {
	st, err := a.bus.Status(ctx)
	if err != nil {
		return nil, nil, err
	}
	live, again = waiting(st), waitingAgain(st)
	everything := maps.Clone(live)
	for t, frames := range again {
		everything[t] += frames
	}
	if a.missing == nil {
		a.missing = map[target]bool{}
	}
	for t, frames := range everything {
		switch {
		case a.has(t.pipeline, t.destination):
			delete(a.missing, t)
		case frames > 0 && a.missing[t]: // which has been said
		case frames > 0:
			a.missing[t] = true
			a.options.Log.Warn("events wait for something that the project does not have any more: put the name back to have them delivered",
				"missing", t.String(), "frames", frames)
		case a.busConfig.URL == "":
			if err := a.bus.Forget(ctx, t.pipeline, t.destination); err != nil {
				return nil, nil, err
			}
		}
	}
	return live, again, nil
}
