// Package metrics shows what the stages count, in the formats of Prometheus and OpenMetrics. It is the only package that knows Prometheus: the
// stages hold plain counters, which are read when somebody asks. Labels are names of the configuration and codes of the program, never
// anything that comes with an event.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/pipeline/webhooks"
)

// Stages are the parts of a running project that are measured.
type Stages struct {
	Capture    *capture.Server // nil when the project has no pipelines
	Bus        *bus.Bus
	Writer     *bus.Writer
	Processes  []*process.Stage
	Deliveries []*deliver.Stage
	Files      map[[2]string]pipeline.FileStore // by pipeline and destination
	Runners    map[string]*ingest.Runner        // by source
	Books      *books.Keeper
	Webhooks   map[string]*webhooks.Webhook // by name
	Query      *query.Server                // nil when it is off
	// Replayed counts the dead letters that were sent again, by stage, pipeline and destination.
	Replayed func() map[[3]string]int64
}

// askTimeout bounds the questions to the bus. What is not known then is left out.
const askTimeout = 3 * time.Second

// NewRegistry makes a registry of its own for the stages that running returns, or for none while it returns nil, and for the process.
func NewRegistry(running func() *Stages) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{running}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// Handler serves a registry as Prometheus text or OpenMetrics, as the client wants.
func Handler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError})
}

// Families lists the project's own metrics, without those of the Go runtime and the process.
func Families() []Family {
	all := webhookGroup.families(captureGroup.families(nil))
	all = streamGroup.families(busGroup.families(all))
	all = filesGroup.families(deliverGroup.families(processGroup.families(all)))
	return queryGroup.families(booksGroup.families(ingestGroup.families(replayedGroup.families(deadGroup.families(all)))))
}

type collector struct{ running func() *Stages }

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	captureGroup.describe(out)
	webhookGroup.describe(out)
	busGroup.describe(out)
	streamGroup.describe(out)
	processGroup.describe(out)
	deliverGroup.describe(out)
	filesGroup.describe(out)
	deadGroup.describe(out)
	replayedGroup.describe(out)
	ingestGroup.describe(out)
	booksGroup.describe(out)
	queryGroup.describe(out)
}

// Collect implements prometheus.Collector. The bus is asked first: when nothing is pending, the counters read afterwards are complete.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.running()
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	told := ask(ctx, s)
	if s.Capture != nil {
		captureGroup.collect(s.Capture, out)
	}
	for name, hook := range s.Webhooks {
		webhookGroup.collect(hook, out, name)
	}
	if s.Query != nil {
		queryGroup.collect(s.Query, out)
	}
	busGroup.collect(busState{s.Bus, s.Writer}, out)
	for name, stats := range s.Bus.Stats() {
		streamGroup.collect(streamState{stats, told.streams[name], told.now}, out, name)
	}
	for _, stage := range s.Processes {
		name := stage.Pipeline().Name
		processGroup.collect(pipelineState{stage, told.queue(name, ""), s.Bus.OldestCaptured(name), told.now}, out, name)
	}
	for _, stage := range s.Deliveries {
		t := stage.Target()
		oldest, asked := told.oldest[[2]string{t.Pipeline, t.Name}]
		deliverGroup.collect(destinationState{stage, told.queue(t.Pipeline, t.Name), oldest, asked, told.now}, out, t.Pipeline, t.Name)
	}
	for place, store := range s.Files {
		filesGroup.collect(store.Files(), out, place[:]...)
	}
	for _, d := range told.dead {
		deadGroup.collect(d, out, d.Stage, d.Pipeline, d.Destination)
	}
	for place, n := range s.Replayed() {
		replayedGroup.collect(n, out, place[:]...)
	}
	for name, runner := range s.Runners {
		ingestGroup.collect(runner, out, name)
	}
	off := map[[2]string]int64{}
	for _, a := range s.Books.Unbalanced() {
		off[[2]string{a.Pipeline, a.Destination}] = a.InFlight
	}
	for _, stage := range s.Deliveries {
		t := stage.Target()
		booksGroup.collect(off[[2]string{t.Pipeline, t.Name}], out, t.Pipeline, t.Name)
	}
}
