package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// settle decides for each frame of a batch by what became of its events.
func (w *worker) settle(ctx context.Context, b *batch, errs []error) {
	var last error
	delivered := 0
	for _, err := range errs {
		if err != nil {
			last = err
			if d, ok := pipeline.RetryDelay(err); ok {
				w.stage.pause(d)
			}
			continue
		}
		delivered++
	}
	w.stage.note(last)
	if delivered > 0 || last == nil {
		w.failures = 0
	} else {
		w.failures++
	}
	for i := range b.frames {
		f := &b.frames[i]
		if err := w.settleFrame(ctx, f, errs[f.from:f.to]); err != nil {
			// Whatever was not settled is delivered again when the bus has waited long enough for us.
			w.stage.log.Warn("frame not settled", "lane", w.lane, "sequence", f.delivery.Sequence(), "error", err)
		}
	}
}

func (w *worker) settleFrame(ctx context.Context, f *frame, errs []error) error {
	letters := w.unreadable(f)
	refused, givenUp := 0, 0
	var again []pipeline.Event
	var delay time.Duration
	delivered := 0
	for i, err := range errs {
		e := &f.content.Events[i]
		switch {
		case err == nil:
			delivered++
		case pipeline.IsPermanent(err):
			refused++
			letters = append(letters, w.letter(f, i, err))
		case w.stage.now().Sub(f.delivery.FirstAt()) >= w.stage.target.Retry.GiveUp:
			givenUp++
			letters = append(letters, w.letter(f, i, fmt.Errorf("gave up after %s: %w", w.stage.target.Retry.GiveUp, err)))
		default:
			again = append(again, *e)
			delay = max(delay, w.delay(f, err))
		}
	}
	if len(letters) > 0 {
		if err := w.stage.bus.Bury(ctx, letters); err != nil {
			return errors.Join(err, f.delivery.Retry(ctx, busPause))
		}
	}
	if err := w.finish(ctx, f, again, delay, len(letters) > 0 || delivered > 0); err != nil {
		return err
	}
	c := w.stage.counts
	c.delivered(f, delivered, w.stage.now())
	c.Retried.Add(int64(len(again)))
	c.Dead.Add(int64(len(letters)))
	c.Refused.Add(int64(refused))
	c.GivenUp.Add(int64(givenUp))
	c.Unreadable.Add(int64(len(f.content.Bad)))
	return nil
}

// finish acknowledges the frame, or puts back the events that are to be tried again: the frame itself when that is all of it.
func (w *worker) finish(ctx context.Context, f *frame, again []pipeline.Event, delay time.Duration, some bool) error {
	switch {
	case len(again) == 0:
		return f.delivery.Ack(ctx)
	case some:
		return f.delivery.Remainder(ctx, again, delay)
	}
	return f.delivery.Retry(ctx, delay)
}

// delay is the policy's, or the destination's own when it names a longer one.
func (w *worker) delay(f *frame, err error) time.Duration {
	d := w.stage.target.Retry.Delay(f.delivery.Attempts())
	if named, ok := pipeline.RetryDelay(err); ok {
		d = max(d, named)
	}
	return d
}

// letter makes a dead letter of the frame's event at index.
func (w *worker) letter(f *frame, index int, cause error) bus.DeadLetter {
	e := &f.content.Events[index]
	l := w.blankLetter(f, e.UUID, cause)
	l.Key = fmt.Sprintf("%s/%d/%s", l.Key, index, e.UUID)
	l.Event = e.AppendJSON(nil)
	return l
}

func (w *worker) blankLetter(f *frame, uuid string, cause error) bus.DeadLetter {
	t := w.stage.target
	w.stage.log.Warn("event dead-lettered", "event", uuid, "attempts", f.delivery.Attempts(), "error", firstLine(cause.Error()))
	return bus.DeadLetter{
		Key:      fmt.Sprintf("%s/%s/%d", t.Pipeline, t.Name, f.delivery.Sequence()),
		Pipeline: t.Pipeline, Destination: t.Name, Stage: bus.StageDeliver, Component: t.Name,
		Reason: cause.Error(), Attempts: f.delivery.Attempts(), FirstAt: f.delivery.FirstAt(), LastAt: w.stage.now().UTC(),
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// unreadable makes dead letters of the lines of a frame that are no events.
func (w *worker) unreadable(f *frame) []bus.DeadLetter {
	var letters []bus.DeadLetter
	for _, bad := range f.content.Bad {
		event := json.RawMessage(bad.Line)
		if !json.Valid(event) {
			event = rawjson.AppendString(nil, string(bad.Line))
		}
		l := w.blankLetter(f, "", bad.Err)
		l.Key = fmt.Sprintf("%s/line/%d", l.Key, bad.Index)
		l.Event = event
		letters = append(letters, l)
	}
	return letters
}
