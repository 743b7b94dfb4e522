package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/time/rate"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
)

// DeadLetters implements control.Backend.
func (a *App) DeadLetters(ctx context.Context, f control.DeadFilter, yield func(control.DeadLetter) error) error {
	return a.eachDead(ctx, f, func(l bus.DeadLetter) error {
		out := control.DeadLetter{
			ID: l.ID, Pipeline: l.Pipeline, Destination: l.Destination, Only: l.Only, Component: l.Component, Class: l.Class, Reason: l.Reason,
			Attempts: l.Attempts, FirstAt: l.FirstAt, LastAt: l.LastAt, Event: l.Event,
		}
		if l.Response != nil {
			out.Response = &control.DeadResponse{Status: l.Response.Status, Body: l.Response.Body}
		}
		return yield(out)
	})
}

// CountDead implements control.Backend.
func (a *App) CountDead(ctx context.Context, f control.DeadFilter) ([]control.DeadCount, error) {
	counts, err := a.bus.CountDead(ctx, deadFilter(f))
	out := make([]control.DeadCount, len(counts))
	for i, c := range counts {
		out[i] = control.DeadCount(c)
	}
	return out, err
}

// ReplayDead implements control.Backend.
func (a *App) ReplayDead(ctx context.Context, r control.DeadReplay, progress func(control.DeadProgress)) (int, error) {
	to, err := a.otherDestination(r.To)
	if err != nil {
		return 0, err
	}
	var limit *rate.Limiter
	switch {
	case r.Rate < 0:
		return 0, fmt.Errorf("rate: want a number of letters a second, or 0 for no limit, got %v", r.Rate)
	case r.Rate > 0:
		limit = rate.NewLimiter(rate.Limit(r.Rate), 1)
	}
	a.replayed.going.Add(1)
	defer a.replayed.going.Add(-1)
	return a.changeDead(ctx, r.DeadFilter, progress, func(ctx context.Context, l bus.DeadLetter) error {
		if err := a.canReplay(&l, to); err != nil {
			return err
		}
		if limit != nil {
			if err := limit.Wait(ctx); err != nil {
				return err
			}
		}
		if err := a.bus.ReplayTo(ctx, l.ID, to.destination); err != nil {
			return err
		}
		if l.Stage == bus.StageDeliver && to.destination != "" {
			l.Destination = to.destination
		}
		a.replayed.add(l)
		return nil
	})
}

// canReplay reports what a letter lacks to be sent on.
func (a *App) canReplay(l *bus.DeadLetter, to target) error {
	missing := func(t target) error {
		return fmt.Errorf("dead letter %d is for %s, which the project does not have any more: put it back, replay the letter to another destination with --to, or drop it", l.ID, t)
	}
	switch {
	case !a.has(l.Pipeline, ""):
		return missing(target{l.Pipeline, ""})
	case to.destination == "":
		for _, name := range []string{l.Destination, l.Only} {
			if !a.has(l.Pipeline, name) {
				return missing(target{l.Pipeline, name})
			}
		}
	case to.pipeline != "" && to.pipeline != l.Pipeline:
		return fmt.Errorf("dead letter %d is of pipeline %q: it can go to another destination of that pipeline only, because the transforms of %q have not seen it", l.ID, l.Pipeline, to.pipeline)
	case !a.has(l.Pipeline, to.destination):
		return fmt.Errorf("dead letter %d is of pipeline %q, which has no destination %q", l.ID, l.Pipeline, to.destination)
	}
	return nil
}

// otherDestination reads "destination" or "pipeline/destination"; "" is none.
func (a *App) otherDestination(text string) (target, error) {
	pipeline, destination, both := strings.Cut(text, "/")
	if !both {
		pipeline, destination = "", text
	}
	if text == "" || a.has(pipeline, destination) && destination != "" {
		return target{pipeline, destination}, nil
	}
	if both && !a.has(pipeline, "") {
		return target{}, unknownName("pipeline", pipeline, a.pipelineNames())
	}
	var known []string
	for _, name := range a.pipelineNames() {
		if both && name != pipeline {
			continue
		}
		if known = append(known, a.destinationNames(name)...); !both && slices.Contains(known, destination) {
			return target{"", destination}, nil
		}
	}
	return target{}, unknownName("destination", destination, known)
}

func unknownName(what, name string, known []string) error {
	if near := configs.Nearest(name, known); near != "" {
		return fmt.Errorf("%s %q: there is none of that name; did you mean %q?", what, name, near)
	}
	return fmt.Errorf("%s %q: there is none of that name; there is %s", what, name, strings.Join(known, ", "))
}

// DropDead implements control.Backend.
func (a *App) DropDead(ctx context.Context, f control.DeadFilter, progress func(control.DeadProgress)) (int, error) {
	return a.changeDead(ctx, f, progress, func(ctx context.Context, l bus.DeadLetter) error { return a.bus.Drop(ctx, l.ID) })
}

// toldFailures is how many letters that could not be changed an error names.
const toldFailures = 5

// changeDead changes the selected letters one by one. What fails again meanwhile is not taken a second time (see bus.EachDead).
func (a *App) changeDead(ctx context.Context, f control.DeadFilter, progress func(control.DeadProgress), change func(context.Context, bus.DeadLetter) error) (int, error) {
	var errs []error
	seen, done, failed := 0, 0, 0
	err := a.eachDead(ctx, f, func(l bus.DeadLetter) error {
		seen++
		if err := change(ctx, l); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if failed++; failed <= toldFailures {
				errs = append(errs, err)
			}
			return nil
		}
		done++
		progress(control.DeadProgress{Done: done})
		return nil
	})
	if failed > toldFailures {
		errs = append(errs, fmt.Errorf("and %d more could not be", failed-toldFailures))
	}
	if missing := len(f.IDs) - seen; missing > 0 && err == nil {
		errs = append(errs, fmt.Errorf("%d of the %d dead letters named are not there (any more)", missing, len(f.IDs)))
	}
	return done, errors.Join(append(errs, err)...)
}

// errLimit ends a reading of letters.
var errLimit = errors.New("limit")

// eachDead calls do for every letter that f selects, oldest first. Ids that are not there are left out.
func (a *App) eachDead(ctx context.Context, f control.DeadFilter, do func(bus.DeadLetter) error) error {
	n := 0
	limited := func(l bus.DeadLetter) error {
		if err := do(l); err != nil {
			return err
		}
		if n++; n == f.Limit {
			return errLimit
		}
		return nil
	}
	filter := deadFilter(f)
	var err error
	if len(f.IDs) > 0 {
		err = a.eachDeadID(ctx, f.IDs, filter, limited)
	} else {
		err = a.bus.EachDead(ctx, filter, 0, limited)
	}
	if errors.Is(err, errLimit) {
		return nil
	}
	return err
}

func (a *App) eachDeadID(ctx context.Context, ids []uint64, filter bus.DeadFilter, do func(bus.DeadLetter) error) error {
	for _, id := range ids {
		l, err := a.bus.DeadLetter(ctx, id)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			continue
		case err != nil:
			return err
		case !filter.Match(&l):
			continue
		}
		if err := do(l); err != nil {
			return err
		}
	}
	return nil
}

func deadFilter(f control.DeadFilter) bus.DeadFilter {
	return bus.DeadFilter{
		Pipeline: f.Pipeline, Destination: f.Destination, Class: f.Class, Reason: f.Reason, Event: f.Event, Person: f.Person, Since: f.Since, Until: f.Until,
	}
}
