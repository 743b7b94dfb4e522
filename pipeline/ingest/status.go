package ingest

import (
	"maps"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

// State is where a source stands.
type State string

// The states of a source.
const (
	Queued    State = "queued"    // no pass was made yet
	Running   State = "running"   // a pass is under way
	Succeeded State = "succeeded" // the last pass read everything
	Partial   State = "partial"   // the last pass committed something but ended with an error
	Failed    State = "failed"    // the last pass ended with an error before it committed anything
	Blocked   State = "blocked"   // as failed, with an error that only a person can mend; probed hourly
	Cancelled State = "cancelled" // the last pass was stopped from outside
	Elsewhere State = "elsewhere" // another process makes the passes
)

// Status tells how a source is doing.
type Status struct {
	Source string
	State  State
	// Err is how the last finished pass ended, nil when it succeeded. It is kept while the next one is running.
	Err error
	// Progress is that of the running pass, else of the last one.
	Progress Progress
	// Started and Finished are those of the last pass; Finished is zero while it is running.
	Started, Finished time.Time
	// Succeeded is when a pass last read everything.
	Succeeded time.Time
	// Next is when Run makes its next pass; zero while a pass is running, and when only Sync is used.
	Next time.Time
	// Failures counts the passes in a row that ended with an error.
	Failures int
}

// Progress is how far a pass is.
type Progress struct {
	Batches int
	Rows    int
	// Streams counts the records of each stream, tombstones among them.
	Streams map[string]int
	// Merged sums up what the warehouse made of the records.
	Merged pipeline.Merged
	// Done and Total are in units of the source's choice; Total is 0 when it cannot be known.
	Done, Total int
}

// add counts a committed batch.
func (p *Progress) add(b pipeline.SourceBatch, m pipeline.Merged) {
	p.Batches++
	p.Rows += len(b.Records)
	for _, r := range b.Records {
		p.Streams[r.Stream]++
	}
	p.Merged.Inserted += m.Inserted
	p.Merged.Updated += m.Updated
	p.Merged.Deleted += m.Deleted
	p.Merged.Unchanged += m.Unchanged
	p.Done, p.Total = b.Done, b.Total
}

func (p Progress) clone() Progress {
	p.Streams = maps.Clone(p.Streams)
	return p
}

// Status returns a snapshot of the source's status.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Progress = s.Progress.clone()
	if !r.mine && r.current == nil {
		s.State, s.Next = Elsewhere, time.Time{}
	}
	return s
}

// Totals counts what a Runner has done since it was made.
type Totals struct {
	Rows     atomic.Uint64      // records committed
	Duration *measure.Histogram // of finished passes, in seconds

	Succeeded, Failed, Cancelled atomic.Uint64 // passes, by how they ended
}

// Totals returns the runner's counters, which go on counting.
func (r *Runner) Totals() *Totals { return &r.totals }

// started notes the begin of a pass; the caller holds mu.
func (r *Runner) started() {
	r.status.State = Running
	r.status.Started = r.deps.Now()
	r.status.Finished, r.status.Next = time.Time{}, time.Time{}
	r.status.Progress = Progress{Streams: map[string]int{}}
}

// finished notes the end of a pass; the caller holds mu.
func (r *Runner) finished(err error, stopped bool) {
	s := &r.status
	s.Finished, s.Err = r.deps.Now(), err
	r.totals.Duration.Observe(s.Finished.Sub(s.Started).Seconds())
	switch {
	case err == nil:
		r.totals.Succeeded.Add(1)
	case stopped:
		r.totals.Cancelled.Add(1)
	default:
		r.totals.Failed.Add(1)
	}
	switch {
	case err == nil:
		s.State, s.Succeeded, s.Failures = Succeeded, s.Finished, 0
		return
	case stopped:
		s.State = Cancelled
		return
	case s.Progress.Batches > 0:
		s.State = Partial
	case pipeline.IsPermanent(err):
		s.State = Blocked
	default:
		s.State = Failed
	}
	s.Failures++
}
