package bench

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/app"
)

// Case is one thing that can be measured.
type Case struct {
	Name    string
	Summary string // one line

	defaults Options
	prepare  func(s *stand) string // returns the project's prickle.yaml, for receivers that it opened
	measure  func(ctx context.Context, s *stand) error
	after    func(ctx context.Context, s *stand, dir string) error // looks at the folder of the instance that has ended; may be nil
}

// Cases returns all of them, in the order in which they are best run.
func Cases() []Case {
	return []Case{capture, path, single, forms, down, routing, idle, freshness, queue, connections, importing, recovery, replay, soak}
}

// Find returns the cases of a name: one, or every one for "all".
func Find(name string) ([]Case, error) {
	all := Cases()
	if name == "all" {
		return all, nil
	}
	var names []string
	for _, c := range all {
		if c.Name == name {
			return []Case{c}, nil
		}
		names = append(names, c.Name)
	}
	return nil, fmt.Errorf("unknown case %q: want %s or all", name, strings.Join(names, ", "))
}

// Options of a measurement. A number that is 0 is the case's own.
type Options struct {
	Events      int           // to send at full speed
	For         time.Duration // how long to send
	Batch       int           // events in a request
	Connections int           // requests at the same time
	Rounds      int           // how often to measure, each time with a new instance; 0 is once
	Gzip        bool          // compress request bodies
	Rate        float64       // events a second that capture and single send at most; 0 is as fast as they are taken
	Warehouse   string        // of the instance, as the value of warehouse in YAML, on one line; "" is a DuckDB file in the instance's folder
	Dir         string        // where the instance's folder is made; "" is the system's
	Log         *slog.Logger
	Progress    func(what string) // told of each phase; may be nil
	Holder      Holder            // of the connections of the case connections; nil holds them in this process

	patience time.Duration    // how long nothing new may arrive before what is missing is lost
	lose     func(i int) bool // events that a receiver forgets, for tests
}

// defaultPatience is longer than the longest pause of a destination that has come back.
const defaultPatience = 90 * time.Second

func (o Options) or(d Options) Options {
	if o.Events == 0 && (o.For == 0 || d.For > 0) { // or else the time that was asked for is the only bound
		o.Events = d.Events
	}
	o.For = cmp.Or(o.For, d.For)
	o.Batch = cmp.Or(o.Batch, d.Batch)
	o.Connections = cmp.Or(o.Connections, d.Connections)
	o.patience = cmp.Or(o.patience, defaultPatience)
	o.Rounds = max(o.Rounds, 1)
	return o
}

// Result is what was measured of one case, over all rounds.
type Result struct {
	Case    string   `json:"case"`
	Figures []Figure `json:"figures"`
	Events  int      `json:"events"` // acknowledged
	// Lost counts events that did not arrive at a place that should have them, once for each such place.
	Lost int `json:"lost"`
	// Duplicated counts rows in the warehouse beyond one for each event.
	Duplicated int `json:"duplicated"`
	// Repeated counts events that a webhook got again.
	Repeated    int  `json:"repeated"`
	EventBytes  int  `json:"event_bytes"` // size of an event as sent, on average
	Batch       int  `json:"batch"`
	Connections int  `json:"connections"`
	Gzip        bool `json:"gzip"`
}

// Figure is one number that was measured.
type Figure struct {
	Name   string    `json:"name"`
	Unit   string    `json:"unit"`
	Value  float64   `json:"value"`            // the median of the rounds
	Rounds []float64 `json:"rounds,omitempty"` // when there are several
}

// Figure returns the one of a name, or none.
func (r *Result) Figure(name string) (Figure, bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f, true
		}
	}
	return Figure{}, false
}

// Run measures. components are those of the binary; without Options.Warehouse DuckDB must be among them. Lost events are not an error.
func (c Case) Run(ctx context.Context, components app.Components, o Options) (Result, error) {
	o = o.or(c.defaults)
	var rounds []Result
	for i := range o.Rounds {
		if o.Rounds > 1 && o.Progress != nil {
			o.Progress(fmt.Sprintf("%s, round %d of %d", c.Name, i+1, o.Rounds))
		}
		r, err := c.round(ctx, components, o)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.Name, err)
		}
		rounds = append(rounds, r)
	}
	return merge(rounds), nil
}

// merge makes one result of all rounds, with the median of each figure.
func merge(rounds []Result) Result {
	out := rounds[0]
	out.Figures = slices.Clone(out.Figures)
	for _, r := range rounds[1:] {
		out.Events += r.Events
		out.Lost += r.Lost
		out.Duplicated += r.Duplicated
		out.Repeated += r.Repeated
	}
	if len(rounds) == 1 {
		return out
	}
	for i := range out.Figures {
		f := &out.Figures[i]
		for _, r := range rounds {
			f.Rounds = append(f.Rounds, r.Figures[i].Value)
		}
		sorted := slices.Sorted(slices.Values(f.Rounds))
		f.Value = (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
	}
	return out
}
