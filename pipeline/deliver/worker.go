package deliver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

const (
	// idleWait is how long a worker asks for a first frame before it asks again.
	idleWait = 30 * time.Second
	// heartbeat is how often the bus is told that frames in hand are still being worked; it must be well below the bus's ack wait.
	heartbeat = 5 * time.Second
	// busPause is the wait after the bus itself failed.
	busPause = time.Second
	// settleTime bounds the settling of a batch once the stage is asked to stop. What is not settled by then is handed out again.
	settleTime = 15 * time.Second
	// probeRound is how long all lanes together take to look for something to probe with, and probeWait the least for each.
	probeRound, probeWait = time.Second, 5 * time.Millisecond
)

// worker works one lane.
type worker struct {
	stage  *Stage
	lane   int
	memory memory
	away   bool // the bus, at the last fetch

	conclusions sync.WaitGroup // batches that wait for the journal
	concluding  chan struct{}  // room for them
	hand        hand
}

// hand counts what may have frames in hand: the round, and the batches that wait for the journal.
type hand struct {
	mu   sync.Mutex
	n    int
	from queue
}

func (h *hand) take() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n++
}

// done tells the queue when nothing is in hand. Nothing is taken meanwhile.
func (h *hand) done() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n--; h.n == 0 {
		h.from.Settled()
	}
}

// concluded is how many batches of a lane may wait for the journal.
const concluded = 64

func newWorker(s *Stage, lane int) *worker {
	return &worker{stage: s, lane: lane, concluding: make(chan struct{}, concluded)}
}

func (w *worker) run(ctx context.Context) error {
	inFlight := bus.InFlight
	if w.stage.target.Strict {
		inFlight = 1
	}
	from, err := w.stage.out.open(ctx, w.lane, inFlight)
	if err != nil {
		return err
	}
	w.hand.from = from
	for {
		p, ok := w.stage.breaker.admit(ctx, w.lane)
		if !ok {
			w.conclusions.Wait()
			if err := from.Close(); err != nil {
				w.stage.log.Warn("what was delivered last may be delivered again", "lane", w.lane, "error", err)
			}
			return nil
		}
		w.round(ctx, p, from)
	}
}

// round fetches a batch and delivers it.
func (w *worker) round(ctx context.Context, p permit, from queue) {
	w.hand.take()
	defer w.hand.done()
	b, err := w.collect(p, from)
	moved, interrupted := errors.Is(err, bus.ErrMoved), errors.Is(err, bus.ErrInterrupted)
	if moved || interrupted {
		defer w.conclusions.Wait() // nothing comes before they are done
	}
	failed := err != nil && !moved && !interrupted && p.ctx.Err() == nil
	if failed && !w.away { // once, however long it is
		w.stage.log.Warn("bus unavailable", "lane", w.lane, "error", err)
	}
	w.away = failed
	switch {
	case len(b.frames) == 0:
		w.stage.breaker.unused(p)
	case moved:
		w.stage.breaker.unused(p)
		w.release(b)
	case p.ctx.Err() != nil && ctx.Err() == nil:
		w.release(b) // a pause began, or the breaker opened
	default:
		w.deliver(ctx, p, b, from.Alive())
	}
	if failed {
		bus.Pause(ctx, busPause)
	}
}

// collect takes frames until the batch is full or its first event has waited long enough. Frames already taken are returned with an error.
// A probe and a batch in strict order are one frame.
func (w *worker) collect(p permit, from queue) (*batch, error) {
	limits := w.stage.target.Batch
	frameEvents := FrameEvents(limits)
	one := p.probe || w.stage.target.Strict
	b := &batch{}
	wait, deadline := idleWait, time.Time{}
	if p.probe {
		wait = max(probeRound/time.Duration(w.stage.out.lanes), probeWait)
	}
	for {
		frames := max((limits.Events-len(b.events))/frameEvents, 1)
		if one {
			frames = 1
		}
		got, err := from.Fetch(p.ctx, bus.FetchLimit{Frames: frames, Bytes: remaining(limits.Bytes, b.bytes), Wait: wait})
		for _, d := range got {
			if w.buryOwed(context.WithoutCancel(p.ctx), d) {
				b.add(d, w.memory[d.Sequence()])
			}
		}
		if err != nil || len(b.frames) == 0 || one {
			return b, err
		}
		now := w.stage.now()
		if deadline.IsZero() {
			deadline, b.beaten = now.Add(limits.Wait), now
		}
		left := deadline.Sub(now)
		full := len(b.events)+frameEvents > limits.Events || limits.Bytes > 0 && b.bytes >= limits.Bytes
		if full || left <= 0 {
			return b, nil
		}
		if wait = min(left, heartbeat); now.Sub(b.beaten) >= heartbeat {
			b.inProgress()
			b.beaten = now
		}
	}
}

// remaining is what is left of a byte limit, 0 for none.
func remaining(limit, used int) int {
	if limit <= 0 {
		return 0
	}
	return max(limit-used, 1)
}

// release puts all frames of a batch back untried.
func (w *worker) release(b *batch) {
	for f := b.settle(); f != nil; f = b.settle() {
		if err := f.delivery.Release(); err != nil {
			w.unsettled(f, err)
		}
	}
}

// deliver sends a batch and settles it. A stop lets it go on for as long as one call of Send may take; the end of alive cuts it off.
func (w *worker) deliver(ctx context.Context, p permit, b *batch, alive context.Context) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(alive, cancel)()
	settling, giveUp := context.WithCancel(context.WithoutCancel(ctx)) // whose steps have limits of their own
	defer giveUp()
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(w.stage.target.SendTimeout, cancel)
		time.AfterFunc(w.stage.target.SendTimeout+sendGrace+settleTime, giveUp)
	})()
	stopBeating := b.beat(heartbeat)
	defer stopBeating()
	defer w.stage.out.erasures.Begin()()
	b.erase(w.stage.out.erasures)
	start := time.Now()
	errs := w.attempt(work, p, b)
	b.took = time.Since(start)
	w.settle(settling, b, errs, work.Err() != nil)
	if errs == nil {
		b.recycle()
	}
}

// attempt sends what is to be sent of a batch and draws from it what concerns the whole destination.
func (w *worker) attempt(ctx context.Context, p permit, b *batch) []error {
	if len(b.events) == 0 {
		w.stage.breaker.unused(p)
		return nil
	}
	w.stage.counts.batch(b)
	span := w.span(b)
	errs := w.sendAll(ctx, b.events)
	note(span, errs)
	w.learn(ctx, p, b, errs)
	return errs
}

// learn draws from a batch what concerns the whole destination.
func (w *worker) learn(ctx context.Context, p permit, b *batch, errs []error) {
	w.stage.note(errs)
	v, cause := judge(errs, ctx.Err() != nil), error(nil)
	if v == down {
		cause = errs[0]
	}
	if w.stage.breaker.used(p, v, b.events[0].UUID, cause) {
		w.stage.breakerTurned(context.WithoutCancel(ctx))
	}
}
