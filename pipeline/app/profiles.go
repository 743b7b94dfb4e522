package app

import (
	"context"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/profiles"
)

// slowestCopy is how long a copy of profiles waits at most after failures. The warehouse may be away for a minute.
const slowestCopy = 30 * time.Second

// openProfiles opens what is known of persons and groups, and makes the runner that copies it into the warehouse. Of several processes, the one
// with the lease does.
func (a *App) openProfiles(ctx context.Context) error {
	if !a.profilesConfig.Enabled || !a.captures() {
		return nil
	}
	store, err := a.bus.Profiles(ctx)
	if err != nil {
		return err
	}
	log := a.options.Log.With("component", "profiles")
	a.folder = profiles.NewFolder(store, a.project.Project.ID, a.bus.Shared(), log)
	deps := ingest.Deps{
		Source: profiles.NewSource(store), Name: profiles.SourceName, Every: a.profilesConfig.Every, Slowest: slowestCopy, Warehouse: a.warehouse, Log: log,
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

// watchOf lets profiles be kept of what a pipeline sends to the warehouse. They are of events as its transforms have made them, so that nothing
// gets into a profile that a transform takes out.
func (a *App) watchOf(p *builtPipeline) func() process.Watch {
	stored := slices.ContainsFunc(p.destinations, func(d builtDestination) bool { return d.warehouse })
	if a.folder == nil || !stored {
		return nil
	}
	return func() process.Watch { return a.folder.Watch() }
}
