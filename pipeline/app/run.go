package app

import (
	"context"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// Run opens everything, calls ready once it all works, and runs until ctx ends. It returns nil when it was asked to stop and everything
// ended well. When anything cannot be opened, nothing is left running. An error that wraps ErrRestart asks for a new process.
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
	a.replayer = a.newReplayer()
	for _, p := range a.processes {
		if err := p.Open(); err != nil {
			return err
		}
	}
	if a.carried, a.carriedAgain, err = a.leftovers(ctx); err != nil {
		return err
	}
	a.keeper = books.NewKeeper(a.bus, a.options.Log)
	if err := a.keeper.Open(ctx, accounts(a.pipelines)); err != nil {
		return err
	}
	a.control = control.NewServer(a, a.project.Data)
	if err := a.control.Listen(); err != nil {
		return err
	}
	a.closers = append(a.closers, closer{what: "control socket", close: a.control.Close})
	a.writer = writer
	if err := a.openQuery(); err != nil {
		return err
	}
	if err := a.openCapture(); err != nil {
		return err
	}
	a.version = a.record(ctx, "start") // last: until here it may still not come into force
	a.bus.SetConfig(a.version)
	return nil
}

func (a *App) openCapture() (err error) {
	if !a.captures() {
		return nil
	}
	if a.capture, err = a.newCapture(a.captureConfig, a.webhooks); err != nil {
		return err
	}
	if err := a.capture.Listen(); err != nil {
		return err
	}
	a.closers = append(a.closers, closer{what: "capture", close: a.capture.Close})
	return nil
}

func (a *App) newCapture(config capture.Config, hooks []builtWebhook) (*capture.Server, error) {
	log := a.options.Log.With("component", "capture")
	events := &eventLog{bus: a.bus, writer: a.writer, log: log}
	return capture.New(config, capture.Deps{
		Events: events, Log: log, Tracer: a.tracer, Ready: a.bus.Ready, Accepts: events.Accepts, Counters: &counters{a.bus.State()},
		Salts:    &salts{secrets: a.bus.Secrets()},
		Webhooks: servedWebhooks(hooks),
	})
}

func (a *App) openStores(ctx context.Context) (*bus.Writer, error) {
	for _, open := range []func(context.Context) error{a.openTracer, a.openBus, a.openWarehouse, a.openAllDestinations, a.openSources, a.openProfiles} {
		if err := open(ctx); err != nil {
			return nil, err
		}
	}
	return a.bus.NewWriter(), nil
}

// makeStages makes the stages of every pipeline.
func (a *App) makeStages() {
	for _, p := range a.pipelines {
		var stages []*deliver.Stage
		for i := range p.destinations {
			stages = append(stages, a.deliverOf(p, &p.destinations[i]))
		}
		a.processes = append(a.processes, a.processOf(p))
		a.deliveries = append(a.deliveries, stages)
	}
}

func (a *App) processOf(p *builtPipeline) *process.Stage {
	work := process.Pipeline{Name: p.name, Chain: p.chain, Watch: a.watchOf(p)}
	for _, d := range p.destinations {
		limit := a.bus.MaxFrame()
		limit.Events = min(limit.Events, deliver.FrameEvents(d.batch))
		work.Routes = append(work.Routes, process.Route{Destination: d.name, When: d.when, Frame: limit})
	}
	return process.New(work, a.bus, a.options.Log)
}

func (a *App) deliverOf(p *builtPipeline, d *builtDestination) *deliver.Stage {
	return deliver.New(deliver.Target{
		Pipeline: p.name, Name: d.name, Destination: d.component, Batch: d.batch, Retry: d.retry, Breaker: d.breaker, Strict: d.strict, State: a.bus.State(),
	}, a.bus, a.options.Log)
}

// serve runs the services until ctx ends or one of them fails, which stops all of them.
func (a *App) serve(ctx context.Context) error {
	failed, fail := context.WithCancel(ctx)
	defer fail()
	services := newTiers(ctx, fail)
	a.reloading.Lock() // until everything runs
	a.tiers = services
	close(a.serving)
	intake := services.list[tierIntake]
	intake.start(a.bus, a.watchBus)
	intake.start(a.control, a.control.Run)
	services.list[tierWriter].start(a.writer, a.writer.Run)
	if a.capture != nil {
		intake.start(a.capture, a.capture.Run)
	}
	if a.query != nil {
		intake.start(a.query, a.query.Run)
	}
	for i := range a.processes {
		services.startStage(a.processes[i])
		for _, d := range a.deliveries[i] {
			services.startStage(d)
		}
	}
	services.list[tierProcess].start(a.replayer, a.replayer.Run)
	services.list[tierBooks].start(a.keeper, a.keeper.Run)
	for _, r := range a.runners {
		services.startStage(r)
	}
	if a.observer != nil { // it ends after the pipelines that it observes
		services.list[tierDeliver].start(a.observer, a.observer.Run)
	}
	a.startUpkeep(services.list[tierIngest])
	if a.copier != nil {
		services.startStage(a.copier)
	}
	a.reloading.Unlock()
	<-failed.Done()
	err := services.close()
	a.reloading.Lock() // a reload that came too late gives up before the stores are closed
	defer a.reloading.Unlock()
	a.tiers = nil
	return err
}
