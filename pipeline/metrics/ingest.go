package metrics

import (
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

var ingestGroup = newGroup("prickle_ingest_", []string{"source"},
	counter("rows_total", "Records committed to the warehouse.", func(r *ingest.Runner) float64 { return float64(r.Totals().Rows.Load()) }),
	counters("passes_total", "result", "Passes that have ended: succeeded, failed, or cancelled by a stop.", func(r *ingest.Runner) map[string]uint64 {
		t := r.Totals()
		return map[string]uint64{"succeeded": t.Succeeded.Load(), "failed": t.Failed.Load(), "cancelled": t.Cancelled.Load()}
	}),
	histogram("pass_duration_seconds", "Time of one pass, however it ended.", func(r *ingest.Runner) *measure.Histogram { return r.Totals().Duration }),
	gauge("running", "1 while a pass is under way, else 0.", func(r *ingest.Runner) float64 {
		if r.Status().State == ingest.Running {
			return 1
		}
		return 0
	}),
	gauge("consecutive_failures", "Passes in a row that ended with an error.", func(r *ingest.Runner) float64 { return float64(r.Status().Failures) }),
	gauge("last_success_timestamp_seconds", "When a pass last read everything, since 1970; missing when none has since the start.", func(r *ingest.Runner) float64 {
		at := r.Status().Succeeded
		return known(float64(at.UnixMilli())/1000, !at.IsZero())
	}),
)
