package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/destinations"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/sources"
	"github.com/prickle-dev/prickle/transforms"
)

// components are the kinds that this binary holds.
func components() app.Components {
	return app.Components{
		Transforms:   transforms.All(),
		Destinations: destinations.All(),
		Warehouses:   destinations.Warehouses(),
		Sources:      sources.All(),
	}
}

// projectFlag is --project: every command finds its project through it.
type projectFlag struct {
	std  streams
	path string
}

// load reads the project's files alone.
func (p *projectFlag) load() (*configs.Project, error) {
	return configs.Load(p.path, components().Options())
}

// data is the project's data folder, and what of its files can be read, nil for nothing. A running process is found by its socket there.
func (p *projectFlag) data() (folder string, project *configs.Project, mistakes error) {
	project, mistakes = p.load()
	if project == nil {
		return filepath.Join(p.path, "data"), nil, mistakes // where it is unless the files say otherwise
	}
	return project.Data, project, mistakes
}

// build reads the project and makes everything it names, without opening anything; args may name the project in place of the flag.
func (p *projectFlag) build(args []string, log *slog.Logger) (*app.App, error) {
	if len(args) > 0 {
		p.path = args[0]
	}
	return app.Load(p.path, components(), app.Options{Log: log})
}

// need says what a command needs when no process runs.
type need int

const (
	needRunning need = iota // only a running process will do
	needWarehouse
	needBus
	needSources
	needStores
	needUpkeep
)

// with has do work with the running process of the project, or with what the command needs of it.
func (p *projectFlag) with(ctx context.Context, n need, do func(b control.Backend) error) error {
	b, release, err := p.backend(ctx, n)
	if err != nil {
		return err
	}
	defer release()
	return do(b)
}

// backend connects to the running process of the project, or opens what the command needs itself. release must be called at the end. Mistakes in the
// project's files, such as a variable that only the process has, do not matter to a process that runs.
func (p *projectFlag) backend(ctx context.Context, n need) (b control.Backend, release func(), err error) {
	data, project, mistakes := p.data()
	client, err := control.Dial(ctx, data)
	switch {
	case err == nil:
		return client, func() {}, nil
	case mistakes != nil && (project == nil || errors.Is(err, control.ErrNotRunning)):
		return nil, nil, mistakes
	case !errors.Is(err, control.ErrNotRunning):
		return nil, nil, err
	case n == needRunning:
		return nil, nil, fmt.Errorf("project %q is not running: start it with `prickle run %s`", project.Name, p.path)
	}
	a, err := p.build(nil, quietLog(p.std.err))
	if err != nil {
		return nil, nil, err
	}
	open := map[need]func(context.Context) error{needWarehouse: a.OpenForQuery, needBus: a.OpenBus, needSources: a.OpenForSync, needStores: a.OpenForErase, needUpkeep: a.OpenForUpkeep}[n]
	if err := open(ctx); err != nil {
		return nil, nil, err
	}
	return a, func() {
		if err := a.Close(); err != nil {
			fmt.Fprintln(p.std.err, "prickle:", err)
		}
	}, nil
}

// quietLog shows warnings and errors: a command's own output says the rest.
func quietLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
