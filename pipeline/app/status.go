package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/schema"
)

// Status implements control.Backend.
func (a *App) Status(ctx context.Context) (control.Status, error) {
	// What is pending is asked first: when that is nothing, the counters read afterwards are complete.
	bs, err := a.bus.Status(ctx)
	if err != nil {
		return control.Status{}, err
	}
	kept := a.booksStatus(ctx)
	warnings := append(a.refusedWarnings(), a.warehouseWarnings(ctx)...)
	a.mu.RLock()
	defer a.mu.RUnlock()
	st := control.Status{Project: a.project.Name, PID: os.Getpid(), Started: a.started, Config: a.version, Books: kept, Warnings: warnings}
	if a.admin != nil {
		st.Admin = "http://" + a.admin.Addr().String()
	}
	if a.query != nil {
		st.Query = "http://" + a.query.Addr().String() + "/query"
	}
	if a.capture != nil {
		st.Capture = a.capture.URL()
		st.Captured = int64(a.capture.Stats().Accepted.Load())
		for _, n := range a.capture.Stats().Refused() {
			st.Rejected += int64(n)
		}
		for _, h := range a.webhooks {
			st.Webhooks = append(st.Webhooks, h.name)
		}
		for _, k := range a.capture.Keys(ctx) {
			st.Keys = append(st.Keys, keyStatus(k))
		}
	}
	if share, ok := a.bus.Share(); ok {
		st.Share = &control.Share{Processes: share.Processes, Process: share.Process, Lanes: share.Lanes, Of: share.Of}
	}
	for i, p := range a.pipelines {
		st.Pipelines = append(st.Pipelines, a.pipelineStatus(i, p))
	}
	for _, s := range a.sources {
		st.Sources = append(st.Sources, sourceStatus(a.runners[s.name].Status()))
	}
	for _, c := range bs.Consumers {
		st.Pending += int64(c.Pending) + int64(c.InFlight)
		st.Retrying += int64(c.Delayed)
	}
	for _, r := range bs.Replays {
		st.Pending += int64(r.Frames)
	}
	for _, s := range bs.Streams {
		if s.Name == "DEAD" {
			st.Dead = int64(s.Messages)
		}
	}
	return st, nil
}

func (a *App) pipelineStatus(i int, p *builtPipeline) control.PipelineStatus {
	c := a.processes[i].Counts()
	ps := control.PipelineStatus{Name: p.name, In: c.In.Load(), Passed: c.Passed.Load(), Dropped: c.Dropped.Load(), Dead: c.Dead.Load()}
	if n := len(p.chain); n > 0 {
		if c, ok := p.chain[n-1].Transform.(*schema.Contract); ok {
			counts := c.Counts()
			ps.Contract = &control.ContractStatus{Warned: counts[schema.Warn], Quarantined: counts[schema.Quarantine], Rejected: counts[schema.Reject]}
		}
	}
	if r := a.processes[i].Replayed(); r.In.Load() > 0 {
		ps.Replayed = &control.ReplayedStatus{In: r.In.Load(), Passed: r.Passed.Load(), Dropped: r.Dropped.Load(), Dead: r.Dead.Load()}
	}
	for j, d := range p.destinations {
		stage := a.deliveries[i][j]
		dc, again := stage.Counts(), stage.Replayed()
		ds := control.DestinationStatus{
			Name: d.name, Delivered: dc.Delivered.Load(), Retried: dc.Retried.Load(), Dead: dc.Dead.Load(), LastError: stage.LastError(),
			Breaker:  breakerStatus(stage.Breaker()),
			Replayed: again.Delivered.Load(), ReplayedDead: again.Dead.Load(),
		}
		if pause := stage.Paused(); pause > 0 {
			ds.PausedUntil = time.Now().Add(pause)
		}
		ps.Destinations = append(ps.Destinations, ds)
	}
	return ps
}

func breakerStatus(b deliver.BreakerStatus) control.BreakerStatus {
	return control.BreakerStatus{State: b.State, Since: b.Since, NextProbe: b.NextProbe, LastError: b.LastError}
}

func keyStatus(k capture.KeyStatus) control.KeyStatus {
	out := control.KeyStatus{Name: k.Key, Webhook: k.Webhook, Rate: int64(k.Rate), OverRate: int64(k.OverRate), OverQuota: int64(k.OverQuota)}
	if k.Quota.Events > 0 {
		out.Quota, out.Events, out.Period, out.Used = k.Quota.String(), k.Quota.Events, k.Period, k.Used
	}
	return out
}

func sourceStatus(s ingest.Status) control.SourceStatus {
	out := control.SourceStatus{Name: s.Source, Running: s.State == ingest.Running, LastEnd: s.Finished, Records: int64(s.Progress.Rows), Elsewhere: s.State == ingest.Elsewhere}
	if s.Err != nil {
		out.LastError = s.Err.Error()
	}
	return out
}

// jsonValue turns a value of a query's result into one that JSON can hold, as query.Result has them.
func jsonValue(typ pipeline.Type, v any) any {
	switch v := v.(type) {
	case nil, bool, int64, uint64, string, json.RawMessage:
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
		return v
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case []byte:
		if typ != pipeline.Binary && utf8.Valid(v) {
			return string(v)
		}
		return fmt.Sprintf("\\x%x", v)
	}
	return fmt.Sprint(v)
}
