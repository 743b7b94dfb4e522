package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
)

const (
	// idEarly and idLate are how long before and after the time in an event's id it is looked for first: SDKs make ids by their own clocks and
	// send later.
	idEarly, idLate = 5 * time.Minute, 15 * time.Minute
	// explainReports is how many frames of the log lie between two reports of progress.
	explainReports = 200
)

// told is what is known of the event that is explained.
type told struct {
	event  pipeline.Event
	frames map[uint64]int // its frames by sequence, with its place in each
	story  control.Story

	processed  []bus.JournalEntry // of its frames, oldest first
	deliveries []delivered        // with it, oldest first
	letters    []bus.DeadLetter
}

// delivered is an attempt, and the frame of it that holds the event.
type delivered struct {
	bus.JournalEntry
	frame *bus.FrameRecord
}

// Explain implements control.Backend.
func (a *App) Explain(ctx context.Context, r control.ExplainRequest, progress func(control.ExplainProgress)) (control.Story, error) {
	t := &told{frames: map[uint64]int{}, story: control.Story{ID: r.ID}}
	if err := a.findEvent(ctx, t, r, progress); err != nil {
		return control.Story{}, err
	}
	if err := a.findRecords(ctx, t); err != nil {
		return control.Story{}, err
	}
	places, err := a.bus.Places(ctx)
	if err != nil {
		return control.Story{}, err
	}
	a.mu.RLock()
	pipelines := a.pipelines
	a.mu.RUnlock()
	for _, p := range pipelines {
		t.story.Pipelines = append(t.story.Pipelines, a.pipelineStory(ctx, t, p, places))
	}
	return t.story, nil
}

// findEvent looks where the id says that it may be, and then everywhere.
func (a *App) findEvent(ctx context.Context, t *told, r control.ExplainRequest, progress func(control.ExplainProgress)) error {
	now := time.Now().Add(time.Hour)
	if id, err := uuid.Parse(r.ID); err == nil && id.Version() == 7 && r.Since.IsZero() {
		sec, nsec := id.Time().UnixTime()
		at := time.Unix(sec, nsec)
		if err := a.searchLog(ctx, t, at.Add(-idEarly), at.Add(idLate), progress); err != nil || len(t.frames) > 0 {
			return err
		}
	}
	if err := a.searchLog(ctx, t, r.Since, now, progress); err != nil || len(t.frames) > 0 {
		return err
	}
	since := ""
	if !r.Since.IsZero() {
		since = " since " + r.Since.Format(time.RFC3339)
	}
	return fmt.Errorf("event %q: the log has none of that id%s; it keeps events for %s (bus.retain), and only as they were captured: an event that a transform made has an id of its own",
		r.ID, since, a.bus.Retain())
}

func (a *App) searchLog(ctx context.Context, t *told, since, until time.Time, progress func(control.ExplainProgress)) error {
	if since.Unix() < 0 {
		since = time.Unix(0, 0)
	}
	r, err := a.bus.LogRange(ctx, since, until)
	if err != nil || r.To < r.From {
		return err
	}
	total := int64(r.To - r.From + 1)
	last := int64(0)
	report := func(sequence uint64) {
		if done := int64(sequence - r.From + 1); done-last >= explainReports {
			last = done
			progress(control.ExplainProgress{Done: done, Total: total})
		}
	}
	return a.bus.FindInLog(ctx, t.story.ID, r.From, r.To, report, func(f bus.LogFrame, place int) error {
		e := f.Events[place]
		if len(t.frames) == 0 {
			t.event = e
			t.story.Name, t.story.Person, t.story.Source, t.story.Event = e.Name, e.DistinctID, e.Source, e.AppendJSON(nil)
		}
		t.frames[f.Sequence] = place
		t.story.Captured = append(t.story.Captured, control.Captured{Received: e.ReceivedAt, Stored: f.Stored, Lane: f.Lane, Frame: f.Sequence, Place: place})
		return nil
	})
}

// findRecords reads the journal and the dead letters from the time of the capture on.
func (a *App) findRecords(ctx context.Context, t *told) error {
	since := t.story.Captured[0].Stored.Add(-time.Minute)
	from, err := a.bus.JournalSince(ctx, since)
	if err != nil {
		return err
	}
	r, err := a.bus.JournalRange(ctx)
	if err != nil {
		return err
	}
	t.story.JournalFrom = r.Oldest
	err = a.bus.ReadJournal(ctx, from, r.Last, func(e bus.JournalEntry) error {
		switch {
		case e.Process != nil && e.Process.Sequence > 0 && !e.Process.Again:
			if _, ok := t.frames[e.Process.Sequence]; ok {
				t.processed = append(t.processed, e)
			}
		case e.Deliver != nil:
			for i := range e.Deliver.Frames {
				if f := &e.Deliver.Frames[i]; f.Holds(t.story.ID) {
					t.deliveries = append(t.deliveries, delivered{e, f})
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.bus.FindDead(ctx, t.story.ID, since, func(l bus.DeadLetter) error {
		t.letters = append(t.letters, l)
		return nil
	})
}

// letter is the latest dead letter of a pipeline, and of a destination unless that is "", that is still kept.
func (t *told) letter(pipeline, destination string) (id uint64, reason string) {
	for _, l := range t.letters {
		if l.Pipeline == pipeline && l.Destination == destination {
			id, reason = l.ID, l.Reason
		}
	}
	return id, firstOf(reason)
}

// firstOf is a reason without the stack of a panic.
func firstOf(reason string) string {
	for i, c := range reason {
		if c == '\n' {
			return reason[:i]
		}
	}
	return reason
}
