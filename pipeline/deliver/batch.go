package deliver

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// batch is frames in hand and all their events in a row.
type batch struct {
	frames []frame
	events []pipeline.Event
	bytes  int
}

// frame is a delivery and where its events stand in the batch.
type frame struct {
	delivery *bus.Delivery
	content  bus.Frame
	from, to int
}

func (b *batch) add(d *bus.Delivery) {
	content := d.Frame()
	f := frame{delivery: d, content: content, from: len(b.events)}
	for i := range content.Events {
		b.bytes += content.Events[i].Size()
	}
	b.events = append(b.events, content.Events...)
	f.to = len(b.events)
	b.frames = append(b.frames, f)
}

// beat tells the bus every so often that the frames are still being worked, until the returned function is called.
func (b *batch) beat(every time.Duration) (stop func()) {
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				for i := range b.frames {
					_ = b.frames[i].delivery.InProgress() // at worst the frame is delivered again
				}
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

var errPanic = errors.New("panic")

// send calls the destination once. A panic counts as a refusal for good, with the stack as the reason.
func (w *worker) send(ctx context.Context, events []pipeline.Event) (err error) {
	if len(events) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.stage.target.SendTimeout)
	defer cancel()
	defer func(start time.Time) { w.stage.counts.sent(start, err) }(time.Now())
	defer func() {
		if p := recover(); p != nil {
			err = pipeline.Permanent(fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack()))
		}
	}()
	return w.stage.target.Destination.Send(ctx, events)
}
