package deliver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// sendGrace is how long a call of Send may go on after its time is over before the operator is told.
const sendGrace = 5 * time.Second

var (
	errPanic     = errors.New("panic")
	errAbandoned = errors.New("the destination did not end a call of Send")
)

// send calls the destination once. Whatever the destination does, it returns within the time of a call and a grace once ctx has ended. Before,
// it waits for a call that does not end: sending the next batch beside it could turn the order of events around.
func (w *worker) send(ctx context.Context, events []pipeline.Event) error {
	if len(events) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, w.stage.target.SendTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.call(limited, events) }()
	select {
	case err := <-done:
		return err
	case <-limited.Done():
	}
	grace := time.NewTimer(sendGrace)
	defer grace.Stop()
	select {
	case err := <-done:
		return err
	case <-grace.C:
	}
	w.stage.log.Error("the destination goes on with a call of Send whose time is over", "lane", w.lane, "limit", w.stage.target.SendTimeout)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errAbandoned
	}
}

// call turns a panic into a refusal for good, with the stack as the reason.
func (w *worker) call(ctx context.Context, events []pipeline.Event) (err error) {
	defer func(start time.Time) { w.stage.counts.sent(start, err) }(time.Now())
	defer func() {
		if p := recover(); p != nil {
			err = pipeline.Permanent(fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack()))
		}
	}()
	return w.stage.target.Destination.Send(ctx, events)
}

// sendAll sends events and returns an error or nil for each, or nil when all are delivered. A batch that is refused for good without a word
// on which event is at fault is halved.
func (w *worker) sendAll(ctx context.Context, events []pipeline.Event) []error {
	err := w.send(ctx, events)
	if err == nil {
		return nil
	}
	var partial *pipeline.BatchError
	if len(events) == 1 || !pipeline.IsPermanent(err) || errors.As(err, &partial) {
		return pipeline.EventErrors(err, len(events))
	}
	errs := make([]error, len(events))
	half := len(events) / 2
	copy(errs, w.sendAll(ctx, events[:half]))
	if stop := w.stopsHalving(ctx, errs[:half]); stop != nil {
		for i := half; i < len(errs); i++ {
			errs[i] = stop
		}
		return errs
	}
	copy(errs[half:], w.sendAll(ctx, events[half:]))
	return errs
}

// stopsHalving returns an error after which the other half is not sent: of a rate limit, and in strict order of any event that must go first.
func (w *worker) stopsHalving(ctx context.Context, errs []error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, err := range errs {
		if err == nil || pipeline.IsPermanent(err) {
			continue
		}
		if _, limited := pipeline.RetryDelay(err); limited || w.stage.target.Strict {
			return err
		}
	}
	return nil
}

// judge says what the results of a batch show of the destination.
func judge(errs []error, cutShort bool) verdict {
	if errs == nil {
		return alive
	}
	v := down
	for _, err := range errs {
		if err == nil || pipeline.IsPermanent(err) {
			return alive // whatever the others met: it answers
		}
		if _, ok := pipeline.RetryDelay(err); ok {
			v = limited
		}
	}
	if cutShort {
		return unknown
	}
	return v
}
