// Package ingest runs Sources on their schedule: one Runner for each source. It reads the cursor from the warehouse, lets the source make
// a pass, and commits every batch with its cursor through the warehouse.
package ingest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/measure"
)

// DefaultEvery is the interval between passes when none is configured.
const DefaultEvery = 15 * time.Minute

// slowest is the longest wait that failures lead to, unless the interval itself is longer. A blocked source is probed this often.
const slowest = time.Hour

// Warehouse is the part of a pipeline.Warehouse that a Runner uses.
type Warehouse interface {
	Merge(ctx context.Context, load pipeline.Load) (pipeline.Merged, error)
	Cursor(ctx context.Context, source string) (pipeline.Cursor, error)
}

// Deps is what a Runner works with. Source, Name and Warehouse are required.
type Deps struct {
	Source    pipeline.Source
	Name      string        // the source's name in the configuration: prefix of its tables and key of its cursor
	Every     time.Duration // time between the end of one pass and the start of the next; DefaultEvery when 0
	Warehouse Warehouse
	Slowest   time.Duration    // the longest wait that failures lead to, unless Every is longer; an hour when 0
	Log       *slog.Logger     // nothing is logged when nil
	Now       func() time.Time // time.Now when nil
	// History tells of every pass in the tables of HistorySource.
	History bool
	// Alone waits until nobody else has the source, calls work, and returns its error. The context of work ends when somebody else may have it;
	// Alone begins anew then, until ctx ends. Nil is for a source that nobody else can have.
	Alone func(ctx context.Context, work func(ctx context.Context) error) error
	// Once is Alone for a Runner that is only asked to Sync: it does not wait, and returns an error that names who has the source.
	Once func(ctx context.Context, work func(ctx context.Context) error) error
}

// Runner runs one Source. It is safe for concurrent use, and never makes two passes at once.
type Runner struct {
	deps   Deps
	totals Totals

	mu      sync.Mutex
	current *pass // the pass that is under way, or nil
	status  Status
	mine    bool // nobody else makes the passes
	ended   bool // Run has returned
}

// New returns a Runner. It does no I/O and starts nothing.
func New(deps Deps) *Runner {
	if deps.Every <= 0 {
		deps.Every = DefaultEvery
	}
	if deps.Slowest <= 0 {
		deps.Slowest = slowest
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	return &Runner{deps: deps, mine: deps.Alone == nil, totals: Totals{Duration: measure.New(.1, .5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 4*3600)}, status: Status{Source: deps.Name, State: Queued}}
}

// Run makes a pass at once and then one after every interval, give or take a tenth. A failed pass is logged and tried again at the next
// tick; passes that fail without committing anything are spaced out, up to an hour. Run returns nil when ctx ends. While another process has
// the source, nothing happens; when it is this one's turn, the first pass is made at once. No pass outlives Run, or its turn: one that Sync makes
// ends as well.
func (r *Runner) Run(ctx context.Context) error {
	r.end(false)
	defer r.end(true)
	if r.deps.Alone == nil {
		return r.schedule(ctx)
	}
	return r.deps.Alone(ctx, func(ctx context.Context) error {
		r.own(true)
		defer r.stop()
		defer r.own(false)
		return r.schedule(ctx)
	})
}

// end notes whether Run is over, with the pass that is under way then.
func (r *Runner) end(ended bool) {
	r.mu.Lock()
	r.ended = ended
	r.mu.Unlock()
	if ended {
		r.stop()
	}
}

// stop ends the pass that is under way.
func (r *Runner) stop() {
	r.mu.Lock()
	p := r.current
	r.mu.Unlock()
	if p != nil {
		p.stop()
		<-p.done
	}
}

func (r *Runner) own(mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mine = mine
	r.deps.Log.Info("passes of a source", slog.String("source", r.deps.Name), slog.Bool("here", mine))
}

func (r *Runner) schedule(ctx context.Context) error {
	for {
		err := r.sync(ctx, bySchedule, nil)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // that is the requested stop
		}
		wait := r.wait(err)
		r.setNext(r.deps.Now().Add(wait))
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// wait is the time until the next pass, given how the last one ended.
func (r *Runner) wait(err error) time.Duration {
	s := r.Status()
	wait := r.deps.Every
	switch longest := max(r.deps.Slowest, wait); {
	case s.State == Blocked:
		wait = longest
	case s.State == Failed:
		for range s.Failures - 1 {
			wait = min(2*wait, longest)
		}
	}
	wait += time.Duration((rand.Float64()*0.2 - 0.1) * float64(wait))
	if asked, ok := pipeline.RetryDelay(err); ok {
		wait = max(wait, asked)
	}
	return wait
}

func (r *Runner) setNext(t time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Next = t
}
