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
	bus     *bus.Bus
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
		return &capture.EventTooLargeError{Index: large.Index, Size: large.Size, Limit: large.Limit}
	}
	return l.translate(err)
}

// Accepts is capture's question before it reads a request.
func (l *eventLog) Accepts() error {
	if err := l.bus.Accepts(); err != nil {
		return l.translate(err)
	}
	return l.translate(l.writer.Accepts())
}

// translate puts an error of the bus into capture's words.
func (l *eventLog) translate(err error) error {
	switch {
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
