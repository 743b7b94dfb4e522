package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"golang.org/x/time/rate"
)

// Options of a measurement.
type Options struct {
	Events      int  // in the first phase
	Batch       int  // events in a request
	Connections int  // requests at the same time
	Gzip        bool // compress request bodies
	Dir         string
	Log         *slog.Logger
	Progress    func(what string) // told of each phase; may be nil
}

// Report is what was measured.
type Report struct {
	Events          int     `json:"events"` // of both phases
	CapturePerS     float64 `json:"capture_events_per_s"`
	EndToEndPerS    float64 `json:"end_to_end_events_per_s"`
	LatencyP50      float64 `json:"latency_ms_p50"`
	LatencyP99      float64 `json:"latency_ms_p99"`
	LatencyLoadPerS float64 `json:"latency_load_events_per_s"` // the steady load under which latency was measured
	RSSPeakMB       float64 `json:"rss_mb_peak"`               // of the whole process, load generator included
	Lost            int     `json:"lost"`                      // acknowledged and not in the warehouse
	Duplicated      int     `json:"duplicated"`                // rows in the warehouse beyond one for each id
	EventBytes      int     `json:"event_bytes"`               // size of an event as sent, on average
	Batch           int     `json:"batch"`
	Connections     int     `json:"connections"`
	Gzip            bool    `json:"gzip"`
}

const (
	// steadyShare of the throughput is the load of the second phase.
	steadyShare = 0.25
	// steadyTime is how long the second phase sends.
	steadyTime = 5 * time.Second
)

// Run measures. components are those of the binary; the warehouse among them must be DuckDB.
func Run(ctx context.Context, components app.Components, o Options) (r Report, err error) {
	dir, err := os.MkdirTemp(o.Dir, "prickle-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := writeProject(dir); err != nil {
		return r, err
	}
	gen := generator{run: uint64(time.Now().UnixMilli())}
	var rec *recorder
	components.Warehouses = recorded(components.Warehouses, func(w pipeline.Warehouse) pipeline.Warehouse {
		rec = newRecorder(w, gen)
		return rec
	})
	a, err := app.Load(dir, components, app.Options{Log: o.Log, Out: io.Discard})
	if err != nil {
		return r, err
	}
	return measure(ctx, a, rec, o)
}

// recorded returns the specs with every instance they make wrapped.
func recorded(specs []pipeline.Spec[pipeline.Warehouse], wrap func(pipeline.Warehouse) pipeline.Warehouse) []pipeline.Spec[pipeline.Warehouse] {
	out := append([]pipeline.Spec[pipeline.Warehouse](nil), specs...)
	for i := range out {
		inner := out[i].New
		out[i].New = func(config any, env pipeline.Env) (pipeline.Warehouse, error) {
			w, err := inner(config, env)
			if err != nil {
				return nil, err
			}
			return wrap(w), nil
		}
	}
	return out
}

// measure runs the instance for as long as the phases take.
func measure(ctx context.Context, a *app.App, rec *recorder, o Options) (Report, error) {
	running, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- a.Run(running, func(st control.Status) { ready <- st.Capture })
	}()
	var report Report
	var err error
	select {
	case err := <-ended:
		return report, err
	case url := <-ready:
		report, err = phases(ctx, a, rec, newLoad(o, rec.gen, url))
	}
	stop()
	return report, errors.Join(err, <-ended)
}

func phases(ctx context.Context, a *app.App, rec *recorder, l *load) (Report, error) {
	o := l.options
	r := Report{Batch: o.Batch, Connections: o.Connections, Gzip: o.Gzip}
	say := func(format string, args ...any) {
		if o.Progress != nil {
			o.Progress(fmt.Sprintf(format, args...))
		}
	}
	say("sending %d events as fast as they are taken", o.Events)
	begin := time.Now()
	took, err := l.run(ctx, o.Events, nil)
	if err != nil {
		return r, err
	}
	if err := rec.wait(ctx, o.Events); err != nil {
		return r, fmt.Errorf("%d of %d events reached the warehouse: %w", rec.count, o.Events, err)
	}
	r.CapturePerS = float64(o.Events) / took.Seconds()
	r.EndToEndPerS = float64(o.Events) / rec.last(o.Events).Sub(begin).Seconds()

	r.LatencyLoadPerS = r.EndToEndPerS * steadyShare
	r.Events = o.Events + int(r.LatencyLoadPerS*steadyTime.Seconds())/o.Batch*o.Batch
	say("sending %d more at a steady %.0f events/s", r.Events-o.Events, r.LatencyLoadPerS)
	l.next.Store(int64(o.Events))
	if _, err := l.run(ctx, r.Events, rate.NewLimiter(rate.Limit(r.LatencyLoadPerS), o.Batch)); err != nil {
		return r, err
	}
	if err := rec.wait(ctx, r.Events); err != nil {
		return r, err
	}
	latencies := rec.latencies(o.Events, r.Events, l.start)
	r.LatencyP50, r.LatencyP99 = percentile(latencies, 50), percentile(latencies, 99)

	say("looking up %d ids in the warehouse", r.Events)
	r.Lost, r.Duplicated, err = verify(ctx, a, rec.gen, r.Events)
	r.EventBytes = len(l.gen.appendBatch(nil, key, 0, 1000, begin)) / 1000
	r.RSSPeakMB = peakRSS()
	return r, err
}

func percentile(sorted []time.Duration, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[min(len(sorted)*p/100, len(sorted)-1)].Microseconds()) / 1000
}

// verify reads every id back.
func verify(ctx context.Context, a *app.App, g generator, events int) (lost, duplicated int, err error) {
	seen := make([]int, events)
	err = a.Query(ctx, "SELECT CAST(uuid AS VARCHAR) FROM events", func([]string) error { return nil }, func(row []any) error {
		text, _ := row[0].(string)
		i, ours := g.number(text)
		if !ours || i >= events {
			return fmt.Errorf("the warehouse holds an event that was never sent: %v", row[0])
		}
		seen[i]++
		return nil
	})
	for _, n := range seen {
		if n == 0 {
			lost++
		} else {
			duplicated += n - 1
		}
	}
	return lost, duplicated, err
}
