package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// bury notes a dead letter. Without a destination it holds the event as it was captured and stands for a transform that failed; with one it
// holds what the transforms made and stands for that destination's condition.
func (l *laneWorker) bury(e *pipeline.Event, destination string, cause error) {
	component, class := componentWhen, bus.ClassWhen
	var step *StepError
	var large *tooLargeError
	switch {
	case errors.As(cause, &step):
		component, class, cause = step.Step, step.Step+"."+kind(step.Err), step.Err
	case errors.As(cause, &large):
		class = bus.ClassTooLarge
	}
	only := ""
	if destination == "" {
		only = l.only()
		l.places.die(class)
	} else {
		l.places.notTo(destination)
	}
	l.letters = append(l.letters, bus.DeadLetter{
		Key:         fmt.Sprintf("%s/%s/%s/%d/%s", l.stage.pipeline.Name, destination, l.frame.ID, len(l.letters)-l.before, e.UUID),
		Pipeline:    l.stage.pipeline.Name,
		Destination: destination,
		Stage:       bus.StageProcess,
		Only:        only,
		Component:   component,
		Class:       class,
		Reason:      cause.Error(),
		Attempts:    1,
		FirstAt:     e.ReceivedAt,
		LastAt:      l.stage.now().UTC(),
		Event:       e.AppendJSON(nil),
	})
	// The reason may quote the event, from which something may have been to be hidden: it is in the letter alone.
	l.stage.log.Warn("event dead-lettered", "component", component, "class", class, "event", e.UUID)
}

// componentWhen stands for the condition of a destination.
const componentWhen = "when"

// kind is what happened to a transform, in a word.
func kind(err error) string {
	if errors.Is(err, errPanic) {
		return "panic"
	}
	return pipeline.ErrorClass(err)
}

// tooLargeError is an event of which the transforms made more than the bus takes.
type tooLargeError struct{ size, limit int }

// Error names both sizes.
func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the transforms made an event of %d bytes of it, and the bus takes %d", e.size, e.limit)
}

// unreadable buries the lines of a frame that are no events, as the text they are.
func (l *laneWorker) unreadable(lines []bus.BadLine) {
	id := l.frame.ID
	l.tally.unreadable = int64(len(lines))
	l.places.lines = len(lines)
	for _, bad := range lines {
		event := json.RawMessage(bytes.Clone(bad.Line))
		if !json.Valid(event) {
			event = rawjson.AppendString(nil, string(bad.Line))
		}
		now := l.stage.now().UTC()
		l.letters = append(l.letters, bus.DeadLetter{
			Key: l.stage.pipeline.Name + "//" + id + "/" + strconv.Itoa(bad.Index), Pipeline: l.stage.pipeline.Name, Stage: bus.StageProcess, Component: "frame", Class: bus.ClassUnreadable, Only: l.only(),
			Reason: bad.Err.Error(), Attempts: 1, FirstAt: now, LastAt: now, Event: event,
		})
		l.stage.log.Error("unreadable line in the event log", "frame", id, "line", bad.Index, "error", bad.Err)
	}
}
