package app

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// Values of a balance.
const (
	balanced   = "balanced"
	inFlight   = "in_flight"  // something is on its way, so the two sides need not be equal
	unbalanced = "unbalanced" // nothing is on its way, and the two sides differ
	carried    = "carried"    // frames of an earlier process are among what was counted, so the sides cannot be compared
)

// processBooks are the accounts since the start of the process.
type processBooks struct {
	Since     time.Time       `json:"since"`
	Balance   string          `json:"balance"` // the worst of all balances below
	Capture   captureBooks    `json:"capture"`
	Pipelines []pipelineBooks `json:"pipelines"`
	// Kept are the accounts since the project's first start.
	Kept books.Statement `json:"kept"`
}

type captureBooks struct {
	Accepted int64 `json:"accepted"`
	Filtered int64 `json:"filtered"`
	Rejected int64 `json:"rejected"`
	// Unacknowledged events were refused because storing them failed. Some may be stored, and their SDKs send them again.
	Unacknowledged int64 `json:"unacknowledged"`
}

type pipelineBooks struct {
	Name    string `json:"name"`
	Balance string `json:"balance"` // accepted = in = passed + dropped + dead
	In      int64  `json:"in"`
	Passed  int64  `json:"passed"`
	Dropped int64  `json:"dropped"`
	Dead    int64  `json:"dead"`

	Late          bool               `json:"late"`           // added by a reload: accepted is not compared with in
	CarriedFrames uint64             `json:"carried_frames"` // that an earlier process has left
	PendingFrames uint64             `json:"pending_frames"`
	Again         pipelineAgain      `json:"again"`
	Destinations  []destinationBooks `json:"destinations"`
}

// pipelineAgain is what was sent through a pipeline once more, dead letters and events of the log, which the rest does not count.
type pipelineAgain struct {
	Balance string `json:"balance"` // in = passed + dropped + dead
	In      int64  `json:"in"`
	Passed  int64  `json:"passed"`
	Dropped int64  `json:"dropped"`
	Dead    int64  `json:"dead"`

	PendingFrames uint64 `json:"pending_frames"`
}

type destinationBooks struct {
	Name          string `json:"name"`
	Balance       string `json:"balance"` // copies = delivered + dead + pending
	Copies        int64  `json:"copies"`
	Delivered     int64  `json:"delivered"`
	Dead          int64  `json:"dead"`
	Pending       int64  `json:"pending"` // events, by the counters
	CarriedFrames uint64 `json:"carried_frames"`
	PendingFrames uint64 `json:"pending_frames"` // by the stream

	Again destinationAgain `json:"again"`
}

// destinationAgain is what was sent to a destination once more, which the rest does not count.
type destinationAgain struct {
	Balance   string `json:"balance"` // copies + letters = delivered + dead + pending
	Copies    int64  `json:"copies"`  // that the pipeline made of what was sent through it again
	Letters   int64  `json:"letters"` // dead letters of the destination that were sent to it again
	Delivered int64  `json:"delivered"`
	Dead      int64  `json:"dead"`
	Pending   int64  `json:"pending"` // events, by the counters

	CarriedFrames uint64 `json:"carried_frames"`
	PendingFrames uint64 `json:"pending_frames"` // by the stream
}

var errNotOpen = errors.New("the project is being opened")

// Books implements admin.Books. It counts since the start of the process. The bus is asked first: when nothing is pending, the counters read
// afterwards are complete; and of two counters, the one that an event reaches later is read first.
func (a *App) Books(ctx context.Context) (any, error) {
	stages := a.running.Load()
	if stages == nil {
		return nil, errNotOpen
	}
	kept, err := a.keeper.Statement(ctx)
	if err != nil {
		return nil, err
	}
	status, err := stages.Bus.Status(ctx)
	if err != nil {
		return nil, err
	}
	frames, again := waiting(status), waitingAgain(status)
	a.mu.RLock()
	defer a.mu.RUnlock()
	out := processBooks{Since: a.started, Kept: kept, Balance: balanced, Pipelines: []pipelineBooks{}}
	for i, p := range a.processes {
		pb := a.pipelineBooks(p, frames)
		pb.Again = a.pipelineAgainBooks(p, again)
		for _, d := range a.deliveries[i] {
			route := len(pb.Destinations)
			db := a.destinationBooks(d, p.Counts().Routes, route, frames)
			db.Again = a.destinationAgainBooks(d, p.Replayed().Routes, route, again)
			pb.Destinations = append(pb.Destinations, db)
		}
		out.Pipelines = append(out.Pipelines, pb)
	}
	out.Capture = a.captureBooks()
	for i := range out.Pipelines {
		p := &out.Pipelines[i]
		p.Balance = a.pipelineBalance(p, out.Capture)
		out.Balance = worse(worse(out.Balance, p.Balance), p.Again.Balance)
		for _, d := range p.Destinations {
			out.Balance = worse(worse(out.Balance, d.Balance), d.Again.Balance)
		}
	}
	return out, nil
}

func (a *App) captureBooks() captureBooks {
	if a.capture == nil {
		return captureBooks{}
	}
	s := a.capture.Stats()
	b := captureBooks{Accepted: int64(s.Accepted.Load()), Filtered: int64(s.Filtered.Load()), Unacknowledged: int64(s.Unacknowledged.Load())}
	for _, n := range s.Rejected() {
		b.Rejected += int64(n)
	}
	return b
}

func (a *App) pipelineBooks(p *process.Stage, frames map[target]uint64) pipelineBooks {
	name, c := p.Pipeline().Name, p.Counts()
	place := target{name, ""}
	return pipelineBooks{
		Name: name, Passed: c.Passed.Load(), Dropped: c.Dropped.Load(), Dead: c.Dead.Load(), In: c.In.Load(),
		Late: a.late[name], CarriedFrames: a.carried[place], PendingFrames: frames[place],
	}
}

// carry notes which pipelines and destinations a reload has added, and what waits for them from an earlier time. It comes before they begin. It
// makes new maps, for the old ones may be in use.
func (a *App) carry(ctx context.Context, added []target) error {
	status, err := a.bus.Status(ctx)
	if err != nil {
		return err
	}
	frames, again := waiting(status), waitingAgain(status)
	a.mu.Lock()
	defer a.mu.Unlock()
	late, before, beforeAgain := maps.Clone(a.late), maps.Clone(a.carried), maps.Clone(a.carriedAgain)
	if late == nil {
		late = map[string]bool{}
	}
	for _, t := range added {
		if t.destination == "" {
			late[t.pipeline] = true
		}
		before[t], beforeAgain[t] = frames[t], again[t]
	}
	a.late, a.carried, a.carriedAgain = late, before, beforeAgain
	return nil
}

// pipelineBalance compares a pipeline with what was captured.
func (a *App) pipelineBalance(p *pipelineBooks, c captureBooks) string {
	moving := p.PendingFrames > 0 || a.capture.Stats().InFlight.Load() > 0
	inside := p.In == p.Passed+p.Dropped+p.Dead
	if p.Late {
		return balance(inside, moving, p.CarriedFrames)
	}
	more := p.In - c.Accepted // what was stored and not acknowledged to its SDK
	return balance(inside && more >= 0 && more <= c.Unacknowledged, moving, p.CarriedFrames)
}

func (a *App) destinationBooks(d *deliver.Stage, routes []process.RouteCounts, route int, frames map[target]uint64) destinationBooks {
	t, c := d.Target(), d.Counts()
	place := target{t.Pipeline, t.Name}
	b := destinationBooks{
		Name: t.Name, Delivered: c.Delivered.Load(), Dead: c.Dead.Load(),
		CarriedFrames: a.carried[place], PendingFrames: frames[place],
	}
	b.Copies = routes[route].Copies.Load()
	b.Pending = b.Copies - b.Delivered - b.Dead
	b.Balance = balance(b.Pending == 0, b.PendingFrames > 0 || frames[target{t.Pipeline, ""}] > 0, b.CarriedFrames)
	return b
}

// sendingAgain says that something is being sent once more.
func (a *App) sendingAgain() bool { return a.replayer.Active() || a.replayed.going.Load() > 0 }

func (a *App) pipelineAgainBooks(p *process.Stage, frames map[target]uint64) pipelineAgain {
	c := p.Replayed()
	b := pipelineAgain{
		Passed: c.Passed.Load(), Dropped: c.Dropped.Load(), Dead: c.Dead.Load(), In: c.In.Load(), PendingFrames: frames[target{p.Pipeline().Name, ""}],
	}
	b.Balance = balance(b.In == b.Passed+b.Dropped+b.Dead, b.PendingFrames > 0 || a.sendingAgain(), 0)
	return b
}

func (a *App) destinationAgainBooks(d *deliver.Stage, routes []process.RouteCounts, route int, frames map[target]uint64) destinationAgain {
	t, c := d.Target(), d.Replayed()
	place, through := target{t.Pipeline, t.Name}, target{t.Pipeline, ""}
	b := destinationAgain{
		Delivered: c.Delivered.Load(), Dead: c.Dead.Load(), Letters: a.replayed.of(bus.StageDeliver, place),
		CarriedFrames: a.carriedAgain[place], PendingFrames: frames[place],
	}
	b.Copies = routes[route].Copies.Load()
	b.Pending = b.Copies + b.Letters - b.Delivered - b.Dead
	b.Balance = balance(b.Pending == 0, b.PendingFrames > 0 || frames[through] > 0 || a.sendingAgain(), b.CarriedFrames)
	return b
}

func balance(equal, moving bool, carriedFrames uint64) string {
	switch {
	case carriedFrames > 0:
		return carried
	case equal:
		return balanced
	case moving:
		return inFlight
	}
	return unbalanced
}

// worse returns the balance that says less.
func worse(one, other string) string {
	for _, b := range []string{unbalanced, carried, inFlight} {
		if one == b || other == b {
			return b
		}
	}
	return balanced
}

// waiting counts the frames that wait, are in hand or are put off, by place, without those that are sent once more.
func waiting(st bus.Status) map[target]uint64 {
	frames := map[target]uint64{}
	for _, c := range st.Consumers {
		if c.Replayed {
			continue
		}
		frames[target{c.Pipeline, c.Destination}] += c.Pending + uint64(c.InFlight+c.Delayed)
	}
	return frames
}

// waitingAgain counts the frames that are sent once more and wait, are in hand or are put off, by place.
func waitingAgain(st bus.Status) map[target]uint64 {
	frames := map[target]uint64{}
	for _, c := range st.Consumers {
		if c.Replayed {
			frames[target{c.Pipeline, ""}] += c.Pending + uint64(c.InFlight)
		}
	}
	for _, r := range st.Replays {
		frames[target{r.Pipeline, r.Destination}] += r.Frames
	}
	return frames
}

// replays counts the dead letters sent again, by the stage that had given them up and by place.
type replays struct {
	going atomic.Int32 // commands that send some: a letter may arrive before it is counted
	mu    sync.Mutex
	count map[replayed]int64
}

type replayed struct {
	stage string
	target
}

func (r *replays) add(l bus.DeadLetter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == nil {
		r.count = map[replayed]int64{}
	}
	r.count[replayed{l.Stage, target{l.Pipeline, l.Destination}}]++
}

func (r *replays) of(stage string, place target) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count[replayed{stage, place}]
}

// counts are the replays by stage, pipeline and destination.
func (r *replays) counts() map[[3]string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[[3]string]int64, len(r.count))
	for place, n := range maps.All(r.count) {
		out[[3]string{place.stage, place.pipeline, place.destination}] = n
	}
	return out
}
