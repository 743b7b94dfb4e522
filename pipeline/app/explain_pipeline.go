package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// pipelineStory tells what a pipeline made of the event, by the record of the first frame that it processed with it.
func (a *App) pipelineStory(ctx context.Context, t *told, p *builtPipeline, places []bus.Place) control.PipelineStory {
	out := control.PipelineStory{Name: p.name}
	i := slices.IndexFunc(t.processed, func(e bus.JournalEntry) bool { return e.Process.Pipeline == p.name })
	if i < 0 {
		out.State = a.unprocessed(t, p.name, places)
		return out
	}
	r, place := t.processed[i].Process, t.frames[t.processed[i].Process.Sequence]
	out.At, out.Config = t.processed[i].Stored, r.Config
	out.State, out.By = fate(r, place)
	if out.State == "dead" {
		out.Letter, out.Reason = t.letter(p.name, "")
	}
	out.Steps, out.StepsNote = a.steps(ctx, t, p.name, r.Config)
	if n := len(out.Steps); n > 0 && out.State == "dropped" && (out.Steps[n-1].Outcome != "dropped" || out.Steps[n-1].Transform != out.By) {
		out.StepsNote = "run once more, it comes to something else: a transform depends on more than the event"
	}
	if out.State != "passed" {
		return out
	}
	for _, name := range destinationsOf(r) {
		out.Destinations = append(out.Destinations, t.destinationStory(p.name, name, r, place))
	}
	return out
}

// fate is what the record says of the event at a place of the frame.
func fate(r *bus.ProcessRecord, place int) (state, by string) {
	for transform, s := range r.Dropped {
		if s.N > 0 && s.Of.Has(place) {
			return "dropped", transform
		}
	}
	for class, s := range r.Dead {
		if s.N > 0 && s.Of.Has(place) {
			return "dead", class
		}
	}
	return "passed", ""
}

func destinationsOf(r *bus.ProcessRecord) []string {
	var names []string
	for name := range r.To {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// unprocessed says why there is no record.
func (a *App) unprocessed(t *told, pipeline string, places []bus.Place) string {
	c := t.story.Captured[0]
	for _, p := range places {
		if p.Pipeline == pipeline && p.Lane == c.Lane && p.Done < c.Frame {
			return "waiting"
		}
	}
	if a.keeper != nil && a.keeper.Begun(pipeline, c.Lane) >= c.Frame {
		return "not_its"
	}
	return "unknown"
}

// steps runs the transforms of a configuration once more on the event as it was captured. Transforms do no I/O.
func (a *App) steps(ctx context.Context, t *told, pipeline string, config int) ([]control.StepStory, string) {
	chain, err := a.chainOf(ctx, pipeline, config)
	if err != nil {
		return nil, fmt.Sprintf("the transforms of configuration %d cannot be run once more: %v", config, err)
	}
	var out []control.StepStory
	for _, f := range chain.Follow(ctx, t.event) {
		s := control.StepStory{Transform: f.Step, Outcome: f.Outcome, Changed: f.Changed}
		if f.Err != nil {
			s.Error = firstOf(f.Err.Error())
		}
		out = append(out, s)
	}
	return out, "run once more, on the event as it was captured"
}

// chainOf makes the transforms of a pipeline as they were in a configuration.
func (a *App) chainOf(ctx context.Context, pipeline string, config int) (process.Chain, error) {
	a.mu.RLock()
	current, built := a.version, a.pipelines
	a.mu.RUnlock()
	if config != current {
		v, err := a.kept(ctx, config)
		if err != nil {
			return nil, err
		}
		root, err := os.MkdirTemp("", "prickle-config-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(root) //nolint:errcheck // it is among the temporary files
		main, err := a.unpack(v, root)
		if err != nil {
			return nil, err
		}
		then, err := load(main, a.kinds, a.options)
		if err != nil {
			return nil, fmt.Errorf("%s", strings.ReplaceAll(firstOf(err.Error()), root+string(filepath.Separator), ""))
		}
		built = then.pipelines
	}
	for _, p := range built {
		if p.name == pipeline {
			return p.chain, nil
		}
	}
	return nil, fmt.Errorf("it has no pipeline %q", pipeline)
}

// destinationStory tells what became of the event at a destination that the pipeline had then.
func (t *told) destinationStory(pipeline, name string, r *bus.ProcessRecord, place int) control.DestinationStory {
	out := control.DestinationStory{Name: name}
	to, failed := r.To[name], r.NotTo[name]
	switch {
	case failed.N > 0 && failed.Of.Has(place):
		out.State = "dead"
		out.Letter, out.Reason = t.letter(pipeline, name)
	case to.N > 0 && to.Of.Has(place):
		out.State = "waiting"
	default:
		out.State = "filtered"
	}
	for _, d := range t.deliveries {
		if d.Deliver.Pipeline != pipeline || d.Deliver.Destination != name || out.State == "delivered" && !d.Deliver.Again {
			continue // what is delivered may come along with a frame that is tried again for another's sake
		}
		a := attemptStory(&d, t.story.ID)
		out.Attempts = append(out.Attempts, a)
		switch a.Event {
		case "again":
			out.State, out.Until = "waiting", d.frame.Until
		case "delivered", "dead":
			out.State, out.Until = a.Event, time.Time{}
		case "unknown":
			if letter, _ := t.letter(pipeline, name); letter > 0 {
				out.State, out.Until = "dead", time.Time{}
			}
		}
	}
	if out.State == "dead" {
		out.Letter, out.Reason = t.letter(pipeline, name)
	}
	return out
}

func attemptStory(d *delivered, id string) control.AttemptStory {
	r := d.Deliver
	a := control.AttemptStory{
		At: d.Stored, Attempt: d.frame.Attempt, Outcome: r.Outcome, Event: atAttempt(d.frame, id), Took: r.Took, Again: r.Again, Config: r.Config,
	}
	for i := range r.Frames {
		a.Batch += r.Frames[i].Events
	}
	if a.Event != "delivered" {
		a.Error = r.Error
		if r.Response != nil {
			a.Response = &control.DeadResponse{Status: r.Response.Status, Body: r.Response.Body}
		}
	}
	return a
}

// atAttempt is what became of the event in an attempt with its frame.
func atAttempt(f *bus.FrameRecord, id string) string {
	dead := 0
	for _, n := range f.Dead {
		dead += n
	}
	failed := slices.Contains(f.Failed, id)
	switch {
	case f.Delivered >= f.Events, f.Delivered > 0 && !failed && len(f.Failed) == f.Again+dead:
		return "delivered"
	case f.Again == 0 && f.Delivered == 0, f.Again == 0 && failed:
		return "dead"
	case dead == 0 && (failed || f.Delivered == 0):
		return "again"
	}
	return "unknown" // some are delivered, dead and to be tried again, and the record does not name them all
}
