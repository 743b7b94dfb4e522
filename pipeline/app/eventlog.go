package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/capture"
)

// eventLog is the bus as capture sees it.
type eventLog struct {
	writer  *bus.Writer
	log     *slog.Logger
	refuses atomic.Bool // the last append was refused for want of a working or empty enough log
}

// Append implements capture.Log.
func (l *eventLog) Append(ctx context.Context, events []pipeline.Event) error {
	err := l.writer.Append(ctx, events)
	var large *bus.EventTooLargeError
	switch {
	case err == nil:
		if l.refuses.CompareAndSwap(true, false) {
			l.log.Info("events are stored again")
		}
		return nil
	case errors.As(err, &large):
		return errors.Join(capture.ErrTooLarge, err)
	case errors.Is(err, bus.ErrOverloaded):
		l.refused(err)
		return errors.Join(capture.ErrOverloaded, err)
	case errors.Is(err, bus.ErrUnavailable):
		l.refused(err)
		return errors.Join(capture.ErrUnavailable, err)
	}
	return err
}

// refused tells the operator once, not with every request.
func (l *eventLog) refused(err error) {
	if l.refuses.CompareAndSwap(false, true) {
		l.log.Error("events are refused: clients are told to send them again", "error", err)
	}
}
