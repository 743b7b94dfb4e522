package app

import (
	"context"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/process"
	"golang.org/x/sync/errgroup"
)

// Run opens everything, calls ready once it all works, and runs until ctx ends. It returns nil when it was asked to stop and everything
// ended well. When anything cannot be opened, nothing is left running.
func (a *App) Run(ctx context.Context, ready func(control.Status)) error {
	return a.administered(ctx, func() error { return a.run(ctx, ready) })
}

func (a *App) run(ctx context.Context, ready func(control.Status)) error {
	if err := a.openAll(ctx); err != nil {
		if ctx.Err() != nil {
			return a.Close() // asked to stop before it had begun
		}
		return a.undoing(err)
	}
	a.started = time.Now()
	a.measured()
	if ready != nil {
		st, err := a.Status(ctx)
		switch {
		case ctx.Err() != nil:
			return a.Close()
		case err != nil:
			return a.undoing(err)
		}
		ready(st)
	}
	return errors.Join(a.serve(ctx), a.Close())
}

func (a *App) openAll(ctx context.Context) error {
	writer, err := a.openStores(ctx)
	if err != nil {
		return err
	}
	a.makeStages()
	for _, p := range a.processes {
		if err := p.Open(); err != nil {
			return err
		}
	}
	if err := a.leftovers(ctx); err != nil {
		return err
	}
	a.control = control.NewServer(a, a.project.Data)
	if err := a.control.Listen(); err != nil {
		return err
	}
	a.closers = append(a.closers, closer{"control socket", a.control.Close})
	a.writer = writer
	if !a.captures() {
		return nil
	}
	log := a.options.Log.With("component", "capture")
	a.capture, err = capture.New(a.captureConfig, capture.Deps{Events: &eventLog{writer: writer, log: log}, Log: log, Tracer: a.tracer, Ready: a.bus.Ready})
	if err != nil {
		return err
	}
	if err := a.capture.Listen(); err != nil {
		return err
	}
	a.closers = append(a.closers, closer{"capture", a.capture.Close})
	return nil
}

func (a *App) openStores(ctx context.Context) (*bus.Writer, error) {
	for _, open := range []func(context.Context) error{a.openTracer, a.openBus, a.openWarehouse, a.openDestinations, a.openSources} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return a.bus.NewWriter(), nil
}

// makeStages makes the stages of every pipeline.
func (a *App) makeStages() {
	for _, p := range a.pipelines {
		work := process.Pipeline{Name: p.name, Chain: p.chain}
		var stages []*deliver.Stage
		for _, d := range p.destinations {
			limit := a.bus.MaxFrame()
			limit.Events = min(limit.Events, deliver.FrameEvents(d.batch))
			work.Routes = append(work.Routes, process.Route{Destination: d.name, When: d.when, Frame: limit})
			stages = append(stages, deliver.New(deliver.Target{
				Pipeline: p.name, Name: d.name, Destination: d.component, Batch: d.batch, Retry: d.retry,
			}, a.bus, a.options.Log))
		}
		a.processes = append(a.processes, process.New(work, a.bus, a.options.Log))
		a.deliveries = append(a.deliveries, stages)
	}
}

// serve runs the services in tiers: a tier's context ends only after the tier before it has returned, so that whatever a tier is still
// handed over finds the next one at work. The failure of any service stops all of them.
func (a *App) serve(ctx context.Context) error {
	failed, fail := context.WithCancel(ctx)
	defer fail()
	var errs []error
	var waits []func() error
	var cancels []context.CancelFunc
	for _, tier := range a.tiers() {
		tierCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		group, groupCtx := errgroup.WithContext(tierCtx)
		for _, run := range tier {
			group.Go(func() error {
				err := run(groupCtx)
				if err != nil {
					fail()
				}
				return err
			})
		}
		waits, cancels = append(waits, group.Wait), append(cancels, cancel)
	}
	<-failed.Done()
	for i := range waits {
		cancels[i]()
		errs = append(errs, waits[i]())
	}
	return errors.Join(errs...)
}

func (a *App) tiers() [][]func(context.Context) error {
	tiers := [][]func(context.Context) error{{a.control.Run}, {a.writer.Run}, {}, {}, {}}
	if a.capture != nil {
		tiers[0] = append(tiers[0], a.capture.Run)
	}
	for i := range a.processes {
		tiers[2] = append(tiers[2], a.processes[i].Run)
		for _, d := range a.deliveries[i] {
			tiers[3] = append(tiers[3], d.Run)
		}
	}
	for _, r := range a.runners {
		tiers[4] = append(tiers[4], r.Run)
	}
	return tiers
}
