package replay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// Log is what a replay needs of the bus; *bus.Bus says what the methods do.
type Log interface {
	Lanes() int
	State() *bus.State
	LogRange(ctx context.Context, since, until time.Time) (bus.LogRange, error)
	FirstInLog(ctx context.Context) (uint64, error)
	ReadLog(ctx context.Context, from, to uint64, yield func(bus.LogFrame) error) error
	ReplayBacklog(ctx context.Context, pipeline string) (map[bus.Target]uint64, error)
	LiveBacklog(ctx context.Context) (map[string]uint64, error)
}

// Deps are what a Runner works with.
type Deps struct {
	Log Log
	// Pipelines names the project's, in its order. Stage returns that of one, nil when there is none; Destinations names its own. A reload may
	// change what they return.
	Pipelines    func() []string
	Stage        func(pipeline string) *process.Stage
	Destinations func(pipeline string) []string
	// Compile makes the condition of Request.Where. Its errors name the place.
	Compile func(where string) (process.Condition, error)
	// Near is the known name that a name is most likely a slip of, or "".
	Near   func(name string, known []string) string
	Logger *slog.Logger
}

// Runner starts jobs, and runs them while it holds the lease. Its methods may be called concurrently.
type Runner struct {
	deps  Deps
	store store
	nudge chan struct{} // a job of this process's own is new

	mu     sync.Mutex
	active map[int]bool
	ended  atomic.Bool // a job's pass has, since the last look
}

// New makes a Runner. It does no I/O.
func New(deps Deps) *Runner {
	return &Runner{
		deps: deps, store: store{state: deps.Log.State(), now: time.Now}, nudge: make(chan struct{}, 1), active: map[int]bool{},
	}
}

// watch is how often the lease's holder looks for jobs of other processes.
const watch = time.Second

// Run runs jobs, those of earlier processes too, until ctx ends. Jobs that are not done then go on in the next process.
func (r *Runner) Run(ctx context.Context) error {
	return r.store.state.Lease("replay").Run(ctx, r.work)
}

func (r *Runner) work(ctx context.Context) error {
	var jobs sync.WaitGroup
	defer jobs.Wait()
	ticker := time.NewTicker(watch)
	defer ticker.Stop()
	seen := ^uint64(0)
	for {
		told, err := r.store.told(ctx)
		if err == nil && (r.ended.Swap(false) || told != seen) {
			if err = r.launch(ctx, &jobs); err == nil {
				seen = told
			}
		}
		if err != nil && ctx.Err() == nil {
			seen = ^uint64(0)
			r.deps.Logger.Warn("looking for replays", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-r.nudge:
		}
	}
}

// launch starts the jobs that should run and do not.
func (r *Runner) launch(ctx context.Context, running *sync.WaitGroup) error {
	jobs, err := r.store.list(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.State != Running || !r.begin(j.ID) {
			continue
		}
		running.Go(func() {
			defer r.end(j.ID)
			for !r.perform(ctx, j.ID) && bus.Pause(ctx, busPause) {
			}
		})
	}
	return nil
}

func (r *Runner) begin(id int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active[id] {
		return false
	}
	r.active[id] = true
	return true
}

func (r *Runner) end(id int) {
	r.mu.Lock()
	delete(r.active, id)
	r.mu.Unlock()
	r.ended.Store(true) // it may have been cancelled and resumed meanwhile
	r.look()
}

// Active reports whether this process runs a job at the moment.
func (r *Runner) Active() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.active) > 0
}

// errStopped ends the pass of a job that somebody has cancelled, or taken over.
var errStopped = errors.New("stopped")

// perform runs a job to its end, and reports false when that has to be tried again.
func (r *Runner) perform(ctx context.Context, id int) (ended bool) {
	j, revision, err := r.claim(ctx, id)
	if err != nil {
		return errors.Is(err, errNoJob)
	}
	if j.State != Running {
		return true
	}
	logger := r.deps.Logger.With("replay", id, "pipeline", j.Pipeline)
	p, err := r.pass(j, false)
	if err == nil {
		p.save = func(ctx context.Context) (err error) {
			revision, err = r.checkpoint(ctx, j, revision)
			return err
		}
		logger.Info("replay begins", "frame", j.Position.Frame, "last", j.Last)
		err = p.run(ctx)
	}
	switch {
	case errors.Is(err, errStopped):
		return true
	case errors.Is(err, process.ErrReplaced):
		logger.Info("replay goes on with the pipeline as it is now")
	case err != nil && ctx.Err() != nil, errors.Is(err, bus.ErrUnavailable):
		// It goes on from where it is, here or in the next process.
	case err != nil:
		j.State, j.Error = Failed, err.Error()
		logger.Error("replay failed", "error", err)
	default:
		j.State = Done
		logger.Info("replay is done", "sent", j.Counts.Sent, "copies", j.Counts.Copies, "dropped", j.Counts.Dropped, "dead", j.Counts.Dead)
	}
	j.Waiting = ""
	return r.leave(ctx, j, revision) && j.State != Running
}

// claim takes a job over from whoever has it, if it is to run.
func (r *Runner) claim(ctx context.Context, id int) (*Job, uint64, error) {
	for {
		j, revision, err := r.store.get(ctx, id)
		if err != nil || j.State != Running {
			return j, revision, err
		}
		j.Holder = rand.Text()
		revision, err = r.store.put(ctx, j, revision)
		if !errors.Is(err, bus.ErrConflict) {
			return j, revision, err
		}
	}
}

// leave writes down where a job is, also when ctx has ended. It tries until then, and once more.
func (r *Runner) leave(ctx context.Context, j *Job, revision uint64) (written bool) {
	for {
		var err error
		switch revision, err = r.checkpoint(context.WithoutCancel(ctx), j, revision); {
		case err == nil, errors.Is(err, errStopped):
			return true
		case !bus.Pause(ctx, busPause):
			return false
		}
	}
}

// checkpoint writes a job down. It returns errStopped when that was the last time, because the job was cancelled or taken over. Where a
// cancelled job is, is written all the same: Resume goes on from there.
func (r *Runner) checkpoint(ctx context.Context, j *Job, revision uint64) (uint64, error) {
	var stopped error
	for {
		next, err := r.store.put(ctx, j, revision)
		switch {
		case err == nil:
			return next, stopped
		case !errors.Is(err, bus.ErrConflict):
			return revision, err
		}
		stored, at, err := r.store.get(ctx, j.ID)
		switch {
		case errors.Is(err, errNoJob), err == nil && stored.Holder != j.Holder:
			return revision, errStopped
		case err != nil:
			return revision, err
		case stored.State == Cancelled:
			if j.State == Running { // else it was cancelled when there was nothing left to do
				stopped, j.State, j.Waiting = errStopped, Cancelled, ""
			}
		}
		revision = at // of our own write, of which the answer was lost, or of a user's
	}
}

// pass prepares the reading for a job, which save is still missing of.
func (r *Runner) pass(j *Job, dry bool) (*pass, error) {
	stage, where, err := r.resolve(&j.Request)
	if err != nil {
		return nil, err
	}
	replayer, err := stage.Replayer(j.Destination, dry)
	if err != nil {
		return nil, err
	}
	p := &pass{job: j, log: r.deps.Log, replayer: replayer, where: where, logger: r.deps.Logger}
	p.current = func() bool { return r.deps.Stage(j.Pipeline) == stage }
	p.pacer = pacer{log: r.deps.Log, replayer: replayer, pipeline: j.Pipeline, live: r.deps.Pipelines, dry: dry}
	if j.Rate > 0 && !dry {
		p.pacer.limit = rate.NewLimiter(rate.Limit(j.Rate), j.stepLimit())
	}
	return p, nil
}

// resolve finds what a request names.
func (r *Runner) resolve(q *Request) (*process.Stage, process.Condition, error) {
	stage := r.deps.Stage(q.Pipeline)
	if stage == nil {
		return nil, nil, unknown("pipeline", q.Pipeline, r.deps.Pipelines(), r.deps.Near)
	}
	if known := r.deps.Destinations(q.Pipeline); q.Destination != "" && !slices.Contains(known, q.Destination) {
		return nil, nil, unknown(fmt.Sprintf("pipeline %q: destination", q.Pipeline), q.Destination, known, r.deps.Near)
	}
	if q.Where == "" {
		return stage, nil, nil
	}
	where, err := r.deps.Compile(q.Where)
	return stage, where, err
}
