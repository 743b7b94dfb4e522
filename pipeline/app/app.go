package app

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/admin"
	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/metrics"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/profiles"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/pipeline/replay"
	"github.com/prickle-dev/prickle/pipeline/schema"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Components are the kinds of components that the binary holds.
type Components struct {
	Transforms   []pipeline.Spec[pipeline.Transform]
	Destinations []pipeline.Spec[pipeline.Destination]
	Warehouses   []pipeline.Spec[pipeline.Warehouse]
	Sources      []pipeline.Spec[pipeline.Source]
}

// Options tell the loader which types there are.
func (c Components) Options() configs.Options {
	return configs.Options{
		Transforms: types(c.Transforms), Destinations: types(c.Destinations), Warehouses: types(c.Warehouses), Sources: types(c.Sources),
	}
}

func types[T any](specs []pipeline.Spec[T]) []string {
	names := make([]string, len(specs))
	for i := range specs {
		names[i] = specs[i].Type
	}
	return names
}

// Options are what an App needs beside its project.
type Options struct {
	Log *slog.Logger // required
}

// App is a project ready to run. Use it once: Run, or one of the Open methods followed by Close.
type App struct {
	project *configs.Project
	path    string // as the user named it
	kinds   Components
	options Options
	again   func() (*App, error) // reads the project anew
	prints  prints
	places  map[string]place // where stores are

	busConfig      bus.Config
	captureConfig  capture.Config
	adminConfig    admin.Config
	telemetry      trace.Config
	profilesConfig profiles.Config
	upkeepConfig   UpkeepConfig
	queryConfig    query.Config
	schemaConfig   schema.Config
	contracts      schema.Contracts
	warehouse      pipeline.Warehouse
	warehousePath  string
	warehousePrint fingerprint
	warehouseBatch pipeline.Batch
	webhooks       []builtWebhook
	pipelines      []*builtPipeline
	sources        []builtSource

	// What Run or an Open method made.
	admin      *admin.Server // nil when it is off
	tracer     *trace.Tracer // nil when it is off
	bus        *bus.Bus
	capture    *capture.Server
	writer     *bus.Writer
	control    *control.Server
	query      *query.Server // nil when it is off
	processes  []*process.Stage
	deliveries [][]*deliver.Stage // by pipeline
	runners    map[string]*ingest.Runner
	folder     *profiles.Folder  // nil when profiles are off
	observer   *schema.Observer  // nil when the schema is off
	copier     *ingest.Runner    // of both into the warehouse; nil when both are off
	once       bool              // sources are only synced when asked, and nothing else runs
	carried    map[target]uint64 // frames that an earlier process has left
	// carriedAgain is carried for what is sent once more.
	carriedAgain map[target]uint64
	late         map[string]bool // pipelines that a reload has added, which have not read everything captured
	missing      map[target]bool // what frames wait for in vain, and the operator has been told
	replayer     *replay.Runner
	keeper       *books.Keeper
	started      time.Time
	version      int                            // the number of the configuration in force; 0 when it could not be kept
	refused      atomic.Pointer[refusal]        // nil while the files are in force, as far as is known
	running      atomic.Pointer[metrics.Stages] // nil until everything is open
	replayed     replays
	closers      []closer
	tiers        *tiers        // nil until the services run, and after
	serving      chan struct{} // closed when they begin to run

	erasing   sync.Mutex   // one Erase at a time
	reloading sync.Mutex   // one Reload at a time; guards tiers and, while the project runs, closers
	mu        sync.RWMutex // guards what a reload replaces: version, carried, carriedAgain, late, project, prints, captureConfig, webhooks, pipelines, sources, processes, deliveries, runners
}

// builtPipeline is a pipeline with its components made and its conditions compiled.
type builtPipeline struct {
	name         string
	print        fingerprint // of the transforms and conditions
	chain        process.Chain
	destinations []builtDestination
}

type builtDestination struct {
	name      string
	print     fingerprint
	when      process.Condition
	component pipeline.Destination
	warehouse bool // it is the project's
	batch     pipeline.Batch
	retry     deliver.Policy
	breaker   deliver.Breaker
	strict    bool
}

type builtSource struct {
	name   string
	print  fingerprint
	every  time.Duration
	source pipeline.Source
}

// closer closes a component, or something of the app's own.
type closer struct {
	what      string
	close     func() error
	component any // nil when it is not one
}

func (a *App) env(kind, name string) pipeline.Env {
	return pipeline.Env{
		Name:    name,
		Log:     a.options.Log.With(kind, name),
		HTTP:    &http.Client{Timeout: time.Minute},
		Now:     time.Now,
		Project: a.project.Project,
		Person:  a.person,
		Groups:  a.groups,
	}
}
