package app

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/admin"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/exprs"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/profiles"
	"github.com/prickle-dev/prickle/pipeline/schema"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Load reads the project at path and makes everything that it names. It reads the project's files and nothing else. Its error holds every
// mistake found, as a configs.Errors.
func Load(path string, components Components, options Options) (*App, error) {
	a, err := load(path, components, options)
	if err != nil {
		return nil, err
	}
	a.again = func() (*App, error) { return load(path, components, options) }
	return a, nil
}

func load(path string, components Components, options Options) (*App, error) {
	project, err := configs.Load(path, components.Options())
	if project == nil {
		return nil, err
	}
	a := newApp(project, path, components, options)
	errs := &mistakes{}
	if err != nil {
		errs.list = append(errs.list, err)
	}
	a.build(components, errs)
	if len(errs.list) > 0 {
		return nil, project.Explain(errors.Join(errs.list...))
	}
	return a, nil
}

func newApp(project *configs.Project, path string, components Components, options Options) *App {
	return &App{
		project: project, path: path, kinds: components, options: options, prints: prints{files: map[string][]byte{}}, serving: make(chan struct{}),
	}
}

func (a *App) buildBus(errs *mistakes) {
	a.busConfig = bus.DefaultConfig()
	errs.add(a.project.Bus, a.project.Bus.Decode(&a.busConfig))
	a.busConfig.Dir = filepath.Join(a.project.Data, "bus")
}

func (a *App) build(components Components, errs *mistakes) {
	project := a.project
	a.buildBus(errs)
	var err error
	a.captureConfig, err = CaptureConfig(project)
	if a.captures() {
		errs.add(project.Capture, err)
	}
	a.adminConfig = admin.DefaultConfig()
	errs.add(project.Admin, project.Admin.Decode(&a.adminConfig))
	a.telemetry = trace.DefaultConfig()
	errs.add(project.Telemetry, project.Telemetry.Decode(&a.telemetry))
	a.profilesConfig = profiles.DefaultConfig()
	errs.add(project.Profiles, project.Profiles.Decode(&a.profilesConfig))
	a.upkeepConfig = DefaultUpkeep()
	errs.add(project.Upkeep, project.Upkeep.Decode(&a.upkeepConfig))
	a.buildQuery(errs)
	a.schemaConfig = schema.DefaultConfig()
	errs.add(project.Schema, project.Schema.Decode(&a.schemaConfig))
	a.contracts = schema.DefaultContracts()
	errs.add(project.Contracts, project.Contracts.Decode(&a.contracts))
	errs.add(project.Warehouse, a.buildWarehouse(components))
	a.buildWebhooks(errs)
	for _, p := range project.Pipelines {
		a.pipelines = append(a.pipelines, a.buildPipeline(p, components, errs))
	}
	for _, s := range project.Sources {
		var config any
		source, _, err := configured(components.Sources, s.Component, a.env("source", s.Name), keep(&config))
		errs.add(s.Component, err)
		a.sources = append(a.sources, builtSource{name: s.Name, every: s.Every, source: source, print: a.prints.of(s.Type, s.Name, s.Every, config)})
	}
	if len(errs.list) == 0 && len(project.Pipelines) == 0 && len(project.Sources) == 0 {
		errs.list = append(errs.list, pipeline.Errorf(pipeline.Pos{File: project.Files[0]}, "no pipelines and no sources: nothing would run"))
	}
}

// captures reports whether there is anything that captured events could go to. A project of sources alone opens no port.
func (a *App) captures() bool { return len(a.project.Pipelines) > 0 }

// CaptureConfig decodes the project's capture part over the defaults.
func CaptureConfig(project *configs.Project) (capture.Config, error) {
	c := capture.DefaultConfig()
	c.Dir = filepath.Join(project.Data, "acme")
	err := project.Capture.Decode(&c)
	return c, err
}

// mistakes collects errors and gives those without a place the one of their component.
type mistakes struct{ list []error }

func (m *mistakes) add(c configs.Component, err error) {
	if err == nil {
		return
	}
	for _, e := range configs.AsErrors(err) {
		mistake := *e
		if mistake.Pos == (pipeline.Pos{}) {
			mistake.Pos = c.Pos
		}
		m.list = append(m.list, &mistake)
	}
}

// keep stores a decoded configuration in config.
func keep(config *any) func(any) { return func(c any) { *config = c } }

// configured decodes a component's part, lets adjust see it, and makes the component.
func configured[T any](specs []pipeline.Spec[T], c configs.Component, env pipeline.Env, adjust func(config any)) (T, pipeline.Spec[T], error) {
	var none T
	for _, spec := range specs {
		if spec.Type != c.Type {
			continue
		}
		config := spec.NewConfig()
		mistaken := c.Decode(config)
		adjust(config)
		made, err := spec.New(config, env)
		if mistaken != nil {
			return none, spec, errors.Join(mistaken, placed(err))
		}
		return made, spec, err
	}
	return none, pipeline.Spec[T]{}, fmt.Errorf("unknown type %q", c.Type) // the loader has seen to it
}

// placed keeps the mistakes that point somewhere. A constructor that was given less than the user wrote is right about the conditions and
// templates it could compile, and may be wrong about what it misses.
func placed(err error) error {
	var errs []error
	for _, e := range configs.AsErrors(err) {
		if e.Pos.Line > 0 {
			errs = append(errs, e)
		}
	}
	return errors.Join(errs...)
}

// pathResolver is a Config with a path that is relative to the project.
type pathResolver interface {
	ResolvePath(projectDir, dataDir string) string
}

func (a *App) buildWarehouse(components Components) error {
	var config any
	w, spec, err := configured(components.Warehouses, a.project.Warehouse, a.env("warehouse", a.project.Warehouse.Type), func(c any) {
		if r, ok := c.(pathResolver); ok {
			a.warehousePath = r.ResolvePath(a.project.Dir, a.project.Data)
		}
		config = c
		a.warehousePrint = a.prints.of(a.project.Warehouse.Type, config)
	})
	a.warehouse, a.warehouseBatch = w, spec.Batch
	if err == nil {
		err = errors.Join(a.takePlace(spec.Type, place{warehouse: true}, config), checkTables(config, sourceNames(a.project)))
	}
	return err
}

func (a *App) buildPipeline(p configs.Pipeline, components Components, errs *mistakes) *builtPipeline {
	built := &builtPipeline{name: p.Name}
	var steps []any
	for _, t := range p.Transforms {
		var config any
		made, _, err := configured(components.Transforms, t.Component, a.env("transform", t.Name), keep(&config))
		errs.add(t.Component, err)
		steps = append(steps, t.Type, t.Name, t.OnError, config)
		built.chain = append(built.chain, process.Step{
			Name: t.Name, OnError: process.OnError(t.OnError), Transform: made, Counts: new(process.StepCounts),
		})
	}
	if !a.contracts.None() {
		built.chain = append(built.chain, a.contractStep(p, errs))
		steps = append(steps, schema.StepName, a.contracts)
	}
	for _, d := range p.Destinations {
		b := a.buildDestination(d, components, errs)
		built.destinations = append(built.destinations, b)
		steps = append(steps, b.name, d.When, deliver.FrameEvents(b.batch))
	}
	built.print = a.prints.of(steps...)
	return built
}

// contractStep is the last step of every pipeline of a project with contracts: what its transforms make has to be as they want it.
func (a *App) contractStep(p configs.Pipeline, errs *mistakes) process.Step {
	for _, t := range p.Transforms {
		if t.Name == schema.StepName {
			err := pipeline.Errorf(t.Pos, "transform %q has the name of the step that holds events to the contracts", t.Name)
			err.Hint = "give it another one with name: …"
			errs.add(t.Component, err)
		}
	}
	return process.Step{
		Name: schema.StepName, OnError: process.DeadLetter, Transform: schema.NewContract(&a.contracts), Counts: new(process.StepCounts),
	}
}

func (a *App) buildDestination(d configs.Destination, components Components, errs *mistakes) builtDestination {
	built := builtDestination{name: d.Name, retry: policy(d.Retry), breaker: breaker(d.Breaker), strict: d.Order == configs.Strict}
	var config any
	def := a.warehouseBatch
	if d.Warehouse {
		built.component, built.warehouse = a.warehouse, true
	} else {
		made, spec, err := configured(components.Destinations, d.Component, a.env("destination", d.Name), func(c any) {
			if r, ok := c.(pathResolver); ok {
				r.ResolvePath(a.project.Dir, a.project.Data)
			}
			config = c
		})
		if err == nil {
			err = errors.Join(a.takePlace(spec.Type, place{by: d.Name}, config), checkTables(config, nil))
		}
		errs.add(d.Component, err)
		built.component, def = made, spec.Batch
	}
	built.batch = d.Batch.Over(def)
	built.print = a.prints.of(d.Type, built.name, built.batch, built.retry, built.breaker, built.strict, config)
	if d.When.Text != "" {
		when, err := exprs.Compile(d.When, exprs.WithProject(a.project.Project))
		errs.add(d.Component, err)
		built.when = when
	}
	return built
}

// policy is the default with the user's changes.
func policy(r configs.Retry) deliver.Policy {
	p := deliver.DefaultPolicy()
	if r.First != 0 {
		p.First = r.First
	}
	if r.Max != 0 {
		p.Max = r.Max
	}
	if r.Factor != 0 {
		p.Factor = r.Factor
	}
	if r.Jitter != nil {
		p.Jitter = *r.Jitter
	}
	if r.GiveUp != 0 {
		p.GiveUp = r.GiveUp
	}
	if r.Max == 0 {
		p.Max = max(p.Max, p.First)
	} else if r.First == 0 {
		p.First = min(p.First, p.Max)
	}
	return p
}

// breaker is the default with the user's changes.
func breaker(c configs.Breaker) deliver.Breaker {
	b := deliver.DefaultBreaker()
	if c.Off {
		return deliver.Breaker{}
	}
	if c.Failures != 0 {
		b.Failures = c.Failures
	}
	if c.After != nil {
		b.After = *c.After
	}
	if c.Probe != 0 {
		b.Probe = c.Probe
	}
	if c.Max != 0 {
		b.Max = c.Max
	}
	if c.Max == 0 {
		b.Max = max(b.Max, b.Probe)
	} else if c.Probe == 0 {
		b.Probe = min(b.Probe, b.Max)
	}
	return b
}
