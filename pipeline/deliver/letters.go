package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// buryTries is how often letters are tried to be stored in a row. That must take less than the bus's ack wait.
const buryTries = 3

// bury stores letters. It tries again at once: if it was only the answer that got lost, the stream knows the letters for two minutes, and
// putting the frame off may take longer.
func (w *worker) bury(ctx context.Context, letters []bus.DeadLetter) error {
	for try := 1; ; try++ {
		err := w.stage.out.bury(ctx, letters)
		if err == nil || try == buryTries || !bus.Pause(ctx, busPause) {
			return err
		}
	}
}

// buryOwed buries what of a frame was refused at an earlier time, when it could not be stored. It comes before anything is sent, so that the
// stream still knows the letters if it was only the answer that got lost. It reports false when the frame has been put off again.
func (w *worker) buryOwed(ctx context.Context, d delivery) bool {
	known, ok := w.memory[d.Sequence()]
	if !ok || !slices.ContainsFunc(known.results, func(r result) bool { return r.err != nil }) {
		return true
	}
	f := &frame{delivery: d, content: d.Frame(), lines: known.lines}
	o := &decision{letters: w.unreadable(f), results: known.results}
	for i, r := range known.results {
		if r.err != nil {
			o.dead = append(o.dead, i)
			o.letters = append(o.letters, w.letter(f, i, r.err))
		}
	}
	if err := w.bury(ctx, o.letters); err != nil {
		w.unsettled(f, errors.Join(err, d.Delay(busPause)))
		return false
	}
	w.buried(f, o) // which the journal is told with the next attempt
	w.memory.keep(d.Sequence(), remembered{known.results, len(f.content.Bad) > 0})
	return true
}

// letter makes a dead letter of the frame's event at index.
func (w *worker) letter(f *frame, index int, cause error) bus.DeadLetter {
	e := &f.content.Events[index]
	l := w.blankLetter(f, e.UUID, cause)
	l.Key = fmt.Sprintf("%s/%d/%s", l.Key, index, e.UUID)
	l.Class, l.Response = classOf(cause), pipeline.ResponseOf(cause)
	l.Event = e.AppendJSON(nil)
	return l
}

// classOf is why an event is given up. An error that could still be retried is one that was for too long.
func classOf(cause error) string {
	switch {
	case errors.Is(cause, errPanic):
		return bus.ClassPanic
	case pipeline.IsPermanent(cause):
		return bus.ClassPermanent
	}
	return bus.ClassGaveUp
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
	if f.lines {
		return nil
	}
	var letters []bus.DeadLetter
	for _, bad := range f.content.Bad {
		event := json.RawMessage(bad.Line)
		if !json.Valid(event) {
			event = rawjson.AppendString(nil, string(bad.Line))
		}
		l := w.blankLetter(f, "", bad.Err)
		l.Key = fmt.Sprintf("%s/line/%d", l.Key, bad.Index)
		l.Event, l.Class = event, bus.ClassUnreadable
		letters = append(letters, l)
	}
	return letters
}
