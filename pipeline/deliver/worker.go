package deliver

import (
	"context"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

const (
	// idleWait is how long a worker asks for a first frame before it asks again.
	idleWait = 30 * time.Second
	// heartbeat is how often the bus is told that frames in hand are still being worked; it must be well below the bus's ack wait.
	heartbeat = 5 * time.Second
	// busPause is the wait after the bus itself failed.
	busPause = time.Second
	// patience is how many batches in a row may fail before the worker waits between them: one spoilt event must not slow the others down,
	// but a destination that is down need not be asked as fast as possible.
	patience = 3
	// longestPause bounds that wait.
	longestPause = 30 * time.Second
)

// worker works one lane.
type worker struct {
	stage    *Stage
	lane     int
	failures int // batches in a row of which nothing was delivered
}

func (w *worker) run(ctx context.Context) error {
	t := w.stage.target
	deliveries, err := w.stage.bus.Deliveries(ctx, t.Pipeline, t.Name, w.lane)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		if !sleep(ctx, w.stage.paused()) {
			break
		}
		b, err := w.collect(ctx, deliveries)
		if err != nil && ctx.Err() == nil {
			w.stage.log.Warn("bus unavailable", "lane", w.lane, "error", err)
			sleep(ctx, busPause)
		}
		if len(b.frames) == 0 {
			continue
		}
		w.deliver(ctx, &b)
		if w.failures > patience {
			sleep(ctx, min(t.Retry.Delay(w.failures-patience), longestPause))
		}
	}
	return nil
}

// collect takes frames until the batch is full or its first event has waited long enough. Frames already taken are returned with an error.
func (w *worker) collect(ctx context.Context, from *bus.Deliveries) (batch, error) {
	limits := w.stage.target.Batch
	frameEvents := FrameEvents(limits)
	var b batch
	wait, deadline := idleWait, time.Time{}
	for {
		frames := max((limits.Events-len(b.events))/frameEvents, 1)
		got, err := from.Fetch(ctx, bus.FetchLimit{Frames: frames, Bytes: remaining(limits.Bytes, b.bytes), Wait: wait})
		for _, d := range got {
			b.add(d)
		}
		if err != nil || len(b.frames) == 0 {
			return b, err
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(limits.Wait)
		}
		wait = time.Until(deadline)
		full := len(b.events)+frameEvents > limits.Events || limits.Bytes > 0 && b.bytes >= limits.Bytes
		if full || wait <= 0 {
			return b, nil
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

// deliver sends a batch and settles it. A stop lets it go on for as long as one call of Send may take.
func (w *worker) deliver(ctx context.Context, b *batch) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(w.stage.target.SendTimeout, cancel) })()
	w.stage.counts.batch(b)
	span := w.span(b)
	stopBeating := b.beat(heartbeat)
	errs := w.sendAll(work, b.events)
	stopBeating()
	note(span, errs)
	w.settle(context.WithoutCancel(ctx), b, errs) // whose steps have limits of their own
}

// sendAll sends events and returns an error or nil for each. A batch that is refused for good without a word on which event is at fault is
// halved.
func (w *worker) sendAll(ctx context.Context, events []pipeline.Event) []error {
	err := w.send(ctx, events)
	var partial *pipeline.BatchError
	if len(events) == 1 || !pipeline.IsPermanent(err) || errors.As(err, &partial) {
		return pipeline.EventErrors(err, len(events))
	}
	half := len(events) / 2
	return append(w.sendAll(ctx, events[:half]), w.sendAll(ctx, events[half:])...)
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
