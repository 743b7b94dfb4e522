package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/profiles"
)

// erasable is a store that persons can be erased from.
type erasable struct {
	name  string
	store pipeline.Store
}

// erasable are the project's warehouse and what is a store of its destinations.
func (a *App) erasable() []erasable {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := []erasable{{"warehouse", a.warehouse}}
	for _, p := range a.pipelines {
		for _, d := range p.destinations {
			s, ok := d.component.(pipeline.Store)
			if ok && !slices.ContainsFunc(all, func(e erasable) bool { return e.store == s }) {
				all = append(all, erasable{fmt.Sprintf("destination %q of pipeline %q", d.name, p.name), s})
			}
		}
	}
	return all
}

// notErased names where else something of a person may be.
func (a *App) notErased() (all []string) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, p := range a.pipelines {
		for _, d := range p.destinations {
			if _, ok := d.component.(pipeline.Store); !ok {
				all = append(all, fmt.Sprintf("destination %q of pipeline %q: what was delivered to it", d.name, p.name))
			}
		}
	}
	for _, s := range a.sources {
		all = append(all, fmt.Sprintf("source %q: what it copies, which comes again until it is erased there", s.name))
	}
	return all
}

// fencedSource lets an erasure wait for the pass of a source that is under way.
type fencedSource struct {
	*profiles.Source
	erasures *bus.Erasures
}

// Run implements pipeline.Source.
func (s *fencedSource) Run(ctx context.Context, cursor pipeline.Cursor, emit pipeline.Emit) error {
	defer s.erasures.Begin()()
	return s.Source.Run(ctx, cursor, emit)
}
