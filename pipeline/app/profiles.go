package app

import (
	"context"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/profiles"
	"github.com/prickle-dev/prickle/pipeline/schema"
)

// slowestCopy is how long a copy of profiles waits at most after failures. The warehouse may be away for a minute.
const slowestCopy = 30 * time.Second

// openProfiles opens what is known of persons, groups and properties, and makes the runner that copies it into the warehouse. Of several processes, the one
// with the lease does.
func (a *App) openProfiles(ctx context.Context) error {
	if !a.profilesConfig.Enabled && !a.schemaConfig.Enabled || !a.captures() {
		return nil
	}
	store, err := a.bus.Profiles(ctx)
	if err != nil {
		return err
	}
	log := a.options.Log.With("component", "profiles")
	if a.profilesConfig.Enabled {
		began, err := a.bus.LogBegan(ctx)
		if err != nil {
			return err
		}
		a.folder = profiles.NewFolder(profiles.Deps{
			Store: store, Project: a.project.Project.ID, Began: began, Shared: a.bus.Shared(), Lift: a.profilesConfig.Lift, Log: log,
		})
	}
	var others []profiles.Tables
	if a.schemaConfig.Enabled {
		a.observer = schema.NewObserver(store, a.schemaConfig, a.options.Log.With("component", "schema"))
		if err := a.observer.Open(ctx); err != nil {
			return err
		}
		others = append(others, profiles.Tables{Prefix: schema.Prefix, Streams: schema.Streams(), Append: schema.AppendRecords})
	}
	a.bus.Erasures().Tell(a.forget)
	deps := ingest.Deps{
		Source: &fencedSource{profiles.NewSource(store, others...), a.bus.Erasures()}, Name: profiles.SourceName, Every: a.profilesConfig.Every, Slowest: slowestCopy, Warehouse: a.warehouse, Log: log,
	}
	if a.bus.Shared() {
		deps.Alone = a.bus.State().Lease("profiles").Run
	}
	a.copier = ingest.New(deps)
	return nil
}

// person is what Hog sees as the person of a distinct id.
func (a *App) person(ctx context.Context, distinctID string) ([]byte, error) {
	if a.folder == nil {
		return nil, nil
	}
	p, err := a.folder.Person(ctx, distinctID)
	if err != nil || p == nil {
		return nil, err
	}
	return p.Global(distinctID, a.project.Project.URL)
}

// groups is what Hog sees as the groups that an event names.
func (a *App) groups(ctx context.Context, named []byte) ([]byte, error) {
	if a.folder == nil {
		return nil, nil
	}
	return a.folder.Groups(ctx, named, a.project.Project.URL)
}

// watchOf lets profiles and properties be kept of what a pipeline sends to the warehouse. They are of events as its transforms have made them,
// so that nothing gets into them that a transform takes out.
func (a *App) watchOf(p *builtPipeline) func() process.Watch {
	stored := slices.ContainsFunc(p.destinations, func(d builtDestination) bool { return d.warehouse })
	if a.folder == nil && a.observer == nil || !stored {
		return nil
	}
	return func() process.Watch {
		var all watches
		if a.folder != nil {
			all = append(all, a.folder.Watch(p.name))
		}
		if a.observer != nil {
			all = append(all, a.observer.Watch())
		}
		return all
	}
}

// watches are told the same, one after the other.
type watches []process.Watch

// Reset implements process.Watch.
func (w watches) Reset() {
	for _, one := range w {
		one.Reset()
	}
}

// Event implements process.Watch.
func (w watches) Event(e *pipeline.Event, lane int, sequence uint64, index int) {
	for _, one := range w {
		one.Event(e, lane, sequence, index)
	}
}

// Commit implements process.Watch.
func (w watches) Commit(ctx context.Context) error {
	for _, one := range w {
		if err := one.Commit(ctx); err != nil {
			return err
		}
	}
	return nil
}
