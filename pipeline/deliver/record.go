package deliver

import (
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

const (
	// recordText bounds an error and the body of an answer in the journal, in bytes. A dead letter has more of both.
	recordText = 300
	// recordFrames bounds the frames of a record, which must fit into a message of an outside server, 1 MB by default.
	recordFrames = 500
	// recordFailed bounds how many ids a record names of those that failed.
	recordFailed = 20
)

// records are the journal's records of an attempt, errs being by the batch's events. What is sent once more has one of its own, because the books do
// not count it: it may have filled up a batch of captured events that waited for more.
func (w *worker) records(b *batch, errs []error, decisions []*decision) []*bus.Record {
	captured := bus.DeliverRecord{Pipeline: w.stage.target.Pipeline, Destination: w.stage.target.Name, Lane: w.lane, Outcome: Outcomes[0], Took: b.took}
	w.blame(&captured, errs)
	again := captured
	again.Again = true
	now := w.stage.now().UTC()
	for i := range b.frames {
		f, to := &b.frames[i], &captured
		if f.delivery.Replayed() {
			to = &again
		}
		if to.Frames == nil {
			to.Frames = make([]bus.FrameRecord, 0, len(b.frames)-i)
		}
		to.Frames = append(to.Frames, recordOf(f, decisions[i], now))
	}
	var out []*bus.Record
	for _, r := range []bus.DeliverRecord{captured, again} {
		for frames := range slices.Chunk(r.Frames, recordFrames) {
			part := r
			part.Frames = frames
			out = append(out, &bus.Record{Deliver: &part})
		}
	}
	return out
}

// blame says what the attempt came to, by the first event that failed.
func (w *worker) blame(r *bus.DeliverRecord, errs []error) {
	var first error
	delivered := len(errs) == 0
	for _, err := range errs {
		if err == nil {
			delivered = true
		} else if first == nil {
			first = err
		}
	}
	if first == nil {
		return
	}
	r.Outcome, r.Error = Outcomes[outcome(first)], short(firstLine(first.Error()))
	if delivered {
		r.Outcome = Outcomes[1]
	}
	if answer := pipeline.ResponseOf(first); answer != nil {
		r.Response = &pipeline.Response{Status: short(answer.Status), Body: short(answer.Body)}
	}
}

func short(text string) string {
	if len(text) <= recordText {
		return text
	}
	return strings.ToValidUTF8(text[:recordText], "") + "…"
}

// recordOf tells of a frame. What is delivered or dead since an earlier attempt belongs to it.
func recordOf(f *frame, o *decision, now time.Time) bus.FrameRecord {
	events := f.content.Events
	r := bus.FrameRecord{
		Sequence: f.delivery.Sequence(), Key: f.delivery.Key(), After: f.delivery.After(), Origin: f.delivery.Origin(), Attempt: f.delivery.Attempts(),
		Events: len(events) + len(f.content.Bad),
	}
	if len(events) == 1 {
		r.Only = events[0].UUID
	} else {
		r.IDs = make(bus.EventIDs, 0, 4*len(events))
		for i := range events {
			r.IDs.Add(events[i].UUID)
		}
	}
	if o == nil {
		r.Delivered = len(events)
		return r
	}
	if r.Again = len(o.again); r.Again > 0 {
		r.Until = now.Add(o.delay)
	}
	if len(f.content.Bad) > 0 && o.unburied == nil {
		r.Dead = map[string]int{bus.ClassUnreadable: len(f.content.Bad)}
	}
	for i, result := range o.results {
		switch {
		case result.final && result.class == "" && result.err == nil:
			r.Delivered++
			continue
		case result.class != "":
			if r.Dead == nil {
				r.Dead = map[string]int{}
			}
			r.Dead[result.class]++
		}
		if len(r.Failed) < recordFailed {
			r.Failed = append(r.Failed, events[i].UUID)
		}
	}
	if len(r.Failed) == len(events) {
		r.Failed = nil
	}
	return r
}
