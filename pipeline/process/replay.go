package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Replayer takes captured events through a pipeline once more: its transforms, the conditions of its destinations, and on to all of them
// or to one. It works beside the lanes, not in them, and what it hands on stands in the destinations' queues of low priority
// (bus.ReplayTopic), so that nothing that is captured waits for it. It is used by one goroutine.
type Replayer struct {
	stage  *Stage
	worker *laneWorker
	only   string // the destination that the events are meant for alone, or ""
	dry    bool
}

// Replayed says what became of events: In = Passed + Dropped + Dead. Copies were handed to destinations.
type Replayed struct{ In, Passed, Dropped, Dead, Copies int64 }

// Replayer makes one for all destinations, or for the one that is named. A dry one stores nothing, and counts what it would store.
func (s *Stage) Replayer(destination string, dry bool) (*Replayer, error) {
	if destination != "" && !slices.ContainsFunc(s.pipeline.Routes, func(r Route) bool { return r.Destination == destination }) {
		return nil, fmt.Errorf("pipeline %q has no destination %q", s.pipeline.Name, destination)
	}
	own := &Stage{pipeline: s.pipeline, bus: s.bus, log: s.log, now: s.now, counts: s.counts, replayed: s.replayed}
	own.pipeline.Chain = slices.Clone(s.pipeline.Chain)
	for i := range own.pipeline.Chain {
		own.pipeline.Chain[i].Counts = new(StepCounts) // those of the pipeline are about what is captured
	}
	if dry {
		own.log = slog.New(slog.DiscardHandler)
	}
	r := &Replayer{stage: s, worker: own.worker(s.bus.Publisher(), true), dry: dry}
	r.only = destination
	return r, nil
}

// ErrReplaced says that a reload has put another stage in place of the Replayer's. Nothing was sent.
var ErrReplaced = errors.New("the pipeline was changed")

// Send takes events through the pipeline, and returns when all that became of them is stored. While the queues remember it (two minutes),
// sending the same events under the same id again stores nothing twice. After an error other than ErrReplaced any part of it may be stored.
func (r *Replayer) Send(ctx context.Context, id string, events []pipeline.Event) (Replayed, error) {
	r.stage.replays.RLock()
	defer r.stage.replays.RUnlock()
	if r.stage.ended {
		return Replayed{}, ErrReplaced
	}
	defer r.stage.bus.Erasures().Begin()()
	l, t := r.worker, &r.worker.tally
	l.begin(id)
	if err := l.collect(ctx, &bus.Received{ID: id, Only: r.only}, bus.Frame{Events: events}, nil); err != nil {
		return Replayed{}, err
	}
	if !r.dry {
		l.records = append(l.records, l.stage.bus.Journal(l.record()))
		if err := l.publish(ctx, trace.Span{}); err != nil {
			return Replayed{}, fmt.Errorf("pipeline %q: %w", l.stage.pipeline.Name, err)
		}
		t.add(l.counts)
	}
	return Replayed{In: t.in, Passed: t.passed, Dropped: total(t.dropped) + t.erased, Dead: total(t.dead) + t.tooBig, Copies: total(t.copies)}, nil
}

// replayEvents and replayFrames are how much may be on its way to a destination before a replay waits for it: about so many events, but enough
// frames to keep all lanes busy.
const replayEvents, replayFrames = 10_000, 64

// Full returns the first destination that has enough to do with what it was sent already, or "". backlog is the frames on their way by
// destination.
func (r *Replayer) Full(backlog map[bus.Target]uint64) string {
	p := &r.worker.stage.pipeline
	for i := range p.Routes {
		if to := r.only; to != "" && to != p.Routes[i].Destination {
			continue
		}
		limit := max(replayEvents/max(p.Routes[i].Frame.Events, 1), replayFrames)
		if backlog[bus.Target{Pipeline: p.Name, Destination: p.Routes[i].Destination}] >= uint64(limit) {
			return p.Routes[i].Destination
		}
	}
	return ""
}
