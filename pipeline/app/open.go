package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// OpenForQuery opens only the warehouse, for Query.
func (a *App) OpenForQuery(ctx context.Context) error {
	if _, err := os.Stat(a.warehousePath); a.warehousePath != "" && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("warehouse %s: there is none yet; it is made when the project runs", a.warehousePath)
	}
	return a.undoing(a.openWarehouse(ctx))
}

// OpenForUpkeep opens the warehouse, and the destinations that are stores.
func (a *App) OpenForUpkeep(ctx context.Context) error {
	if err := a.OpenForQuery(ctx); err != nil {
		return err
	}
	return a.undoing(a.openDestinations(ctx, func(c any) bool { _, ok := c.(pipeline.Store); return ok }))
}

// OpenBus opens only the bus, for the dead letters.
func (a *App) OpenBus(ctx context.Context) error { return a.undoing(a.openBus(ctx)) }

// OpenForErase opens everything that may hold something of a person.
func (a *App) OpenForErase(ctx context.Context) error {
	for _, open := range []func(context.Context) error{a.openBus, a.openWarehouse, a.openAllDestinations} {
		if err := open(ctx); err != nil {
			return a.undoing(err)
		}
	}
	return nil
}

// OpenForSync opens the warehouse and the sources, for Sync; and the bus when it is an outside one, through which other processes may have a source.
func (a *App) OpenForSync(ctx context.Context) error {
	a.once = true
	if a.busConfig.URL != "" {
		if err := a.openBus(ctx); err != nil {
			return a.undoing(err)
		}
	}
	if err := a.openWarehouse(ctx); err != nil {
		return a.undoing(err)
	}
	return a.undoing(a.openSources(ctx))
}

// Close closes what was opened, the last first.
func (a *App) Close() error {
	var errs []error
	for len(a.closers) > 0 {
		last := a.closers[len(a.closers)-1]
		a.closers = a.closers[:len(a.closers)-1]
		if err := last.close(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", last.what, err))
		}
	}
	return errors.Join(errs...)
}

// undoing closes everything again when err is not nil.
func (a *App) undoing(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(err, a.Close())
}

func (a *App) openTracer(ctx context.Context) (err error) {
	a.tracer, err = trace.Open(ctx, a.telemetry, a.project.Name, a.options.Log.With("component", "telemetry"))
	a.closers = append(a.closers, closer{what: "telemetry", close: a.tracer.Close})
	return err
}

func (a *App) openBus(ctx context.Context) error {
	if err := openData(a.project.Data, a.busConfig.URL == ""); err != nil {
		return err
	}
	b, err := bus.Open(ctx, a.busConfig, a.options.Log)
	if err != nil {
		return err
	}
	b.Trace(a.tracer)
	a.bus = b
	a.closers = append(a.closers, closer{what: "bus", close: b.Close})
	return nil
}

func (a *App) openWarehouse(ctx context.Context) error {
	return a.open(ctx, "warehouse", a.warehouse)
}

func (a *App) openAllDestinations(ctx context.Context) error {
	return a.openDestinations(ctx, func(any) bool { return true })
}

// openDestinations opens those that wanted says.
func (a *App) openDestinations(ctx context.Context, wanted func(component any) bool) error {
	for _, p := range a.pipelines {
		for _, d := range p.destinations {
			if d.component == pipeline.Destination(a.warehouse) || !wanted(d.component) {
				continue
			}
			if err := a.open(ctx, fmt.Sprintf("destination %q", d.name), d.component); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *App) openSources(ctx context.Context) error {
	a.runners = map[string]*ingest.Runner{}
	for _, s := range a.sources {
		if err := a.open(ctx, fmt.Sprintf("source %q", s.name), s.source); err != nil {
			return err
		}
		a.runners[s.name] = a.runnerOf(s)
	}
	return nil
}

// runnerOf makes the runner of a source. Of several processes, the one with the source's lease runs it.
func (a *App) runnerOf(s builtSource) *ingest.Runner {
	deps := ingest.Deps{
		Source: s.source, Name: s.name, Every: s.every, Warehouse: a.warehouse, History: true, Log: a.options.Log.With("source", s.name),
	}
	if a.bus != nil && a.bus.Shared() { // prickle sync without a running process opens no embedded one
		lease := a.bus.State().Lease("source-" + s.name)
		if deps.Alone = lease.Run; a.once {
			deps.Alone, deps.Once = nil, onlyIfFree(lease)
		}
	}
	return ingest.New(deps)
}

// onlyIfFree tells people who has a source.
func onlyIfFree(l *bus.Lease) func(ctx context.Context, work func(context.Context) error) error {
	return func(ctx context.Context, work func(context.Context) error) error {
		err := l.Try(ctx, work)
		if held := (*bus.HeldError)(nil); errors.As(err, &held) {
			return fmt.Errorf("%s makes its passes: run prickle sync where that one runs, or stop it first", held.Holder)
		}
		return err
	}
}

// open opens a component that has something to open, and remembers to close it.
func (a *App) open(ctx context.Context, what string, component any) error {
	if o, ok := component.(pipeline.Opener); ok {
		if err := o.Open(ctx); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if c, ok := component.(pipeline.Closer); ok {
		a.closers = append(a.closers, closer{what, c.Close, component})
	}
	return nil
}
