package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/exprs"
	"github.com/prickle-dev/prickle/pipeline/ingest"
)

var _ control.Backend = (*App)(nil)

// Query implements control.Backend.
func (a *App) Query(ctx context.Context, sql string, columns func([]string) error, row func([]any) error) (err error) {
	rows, err := a.warehouse.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if err := columns(rows.Columns()); err != nil {
		return err
	}
	for {
		values, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		out := make([]any, len(values))
		for i, v := range values {
			out[i] = jsonValue(v)
		}
		if err := row(out); err != nil {
			return err
		}
	}
}

// Tail implements control.Backend.
func (a *App) Tail(ctx context.Context, where string, yield func(json.RawMessage) error) error {
	var condition *exprs.Condition
	if where != "" {
		var err error
		code := pipeline.Code{Text: where, Pos: pipeline.Pos{File: "--where", Line: 1, Col: 1}}
		a.mu.RLock()
		project := a.project.Project
		a.mu.RUnlock()
		if condition, err = exprs.Compile(code, exprs.WithProject(project)); err != nil {
			return err
		}
	}
	return a.bus.Tail(ctx, func(e pipeline.Event) error {
		if condition != nil {
			ok, err := condition.Match(&e)
			if err != nil || !ok {
				return nil //nolint:nilerr // an event that the condition cannot be told of is not what the user looks for
			}
		}
		return yield(e.AppendJSON(nil))
	})
}

// Sync implements control.Backend.
func (a *App) Sync(ctx context.Context, source string, progress func(control.Progress)) error {
	a.mu.RLock()
	runner, ok := a.runners[source]
	names := slices.Sorted(maps.Keys(a.runners))
	a.mu.RUnlock()
	if !ok {
		if len(names) == 0 {
			return fmt.Errorf("source %q: the project has no sources", source)
		}
		return fmt.Errorf("source %q: there is none of that name; there is %s", source, strings.Join(names, ", "))
	}
	return runner.Sync(ctx, func(p ingest.Progress) {
		progress(control.Progress{Done: p.Done, Total: p.Total, Records: p.Streams})
	})
}

// DeadLetters implements control.Backend.
func (a *App) DeadLetters(ctx context.Context, f control.DeadFilter) ([]control.DeadLetter, error) {
	var out []control.DeadLetter
	err := a.eachDead(ctx, f, func(l bus.DeadLetter) error {
		out = append(out, control.DeadLetter{
			ID: l.ID, Pipeline: l.Pipeline, Destination: l.Destination, Component: l.Component, Reason: l.Reason,
			Attempts: l.Attempts, FirstAt: l.FirstAt, LastAt: l.LastAt, Event: l.Event,
		})
		return nil
	})
	return out, err
}

// ReplayDead implements control.Backend.
func (a *App) ReplayDead(ctx context.Context, f control.DeadFilter) (int, error) {
	return a.changeDead(ctx, f, func(ctx context.Context, l bus.DeadLetter) error {
		if !a.has(l.Pipeline, l.Destination) {
			return fmt.Errorf("dead letter %d is for %s, which the project does not have any more: put it back, or drop the letter", l.ID, target{l.Pipeline, l.Destination})
		}
		if err := a.bus.Replay(ctx, l.ID); err != nil {
			return err
		}
		a.replayed.add(l)
		return nil
	})
}

// DropDead implements control.Backend.
func (a *App) DropDead(ctx context.Context, f control.DeadFilter) (int, error) {
	return a.changeDead(ctx, f, func(ctx context.Context, l bus.DeadLetter) error { return a.bus.Drop(ctx, l.ID) })
}

// changeDead first lists what is selected and then changes it, so that what fails again meanwhile is not taken a second time.
func (a *App) changeDead(ctx context.Context, f control.DeadFilter, change func(context.Context, bus.DeadLetter) error) (int, error) {
	var letters []bus.DeadLetter
	err := a.eachDead(ctx, f, func(l bus.DeadLetter) error {
		l.Event, l.Reason = nil, "" // there may be many
		letters = append(letters, l)
		return nil
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	if missing := len(f.IDs) - len(letters); missing > 0 {
		errs = append(errs, fmt.Errorf("%d of the %d dead letters named are not there (any more)", missing, len(f.IDs)))
	}
	done := 0
	for _, l := range letters {
		if err := change(ctx, l); err != nil {
			errs = append(errs, err)
			continue
		}
		done++
	}
	return done, errors.Join(errs...)
}

// eachDead calls do for every letter that f selects, oldest first. Ids that are not there are left out.
func (a *App) eachDead(ctx context.Context, f control.DeadFilter, do func(bus.DeadLetter) error) error {
	if len(f.IDs) > 0 {
		return a.eachDeadID(ctx, f, do)
	}
	const page = 100
	limit := f.Limit
	if limit <= 0 {
		limit = math.MaxInt
	}
	for after := uint64(0); limit > 0; {
		letters, err := a.bus.DeadLetters(ctx, bus.DeadFilter{Pipeline: f.Pipeline, Destination: f.Destination}, after, min(page, limit))
		if err != nil {
			return err
		}
		for _, l := range letters {
			if err := do(l); err != nil {
				return err
			}
			after = l.ID
		}
		if len(letters) < min(page, limit) {
			return nil
		}
		limit -= len(letters)
	}
	return nil
}

func (a *App) eachDeadID(ctx context.Context, f control.DeadFilter, do func(bus.DeadLetter) error) error {
	for _, id := range f.IDs {
		l, err := a.bus.DeadLetter(ctx, id)
		switch {
		case errors.Is(err, bus.ErrNotFound):
			continue
		case err != nil:
			return err
		case f.Pipeline != "" && f.Pipeline != l.Pipeline, f.Destination != "" && f.Destination != l.Destination:
			continue
		}
		if err := do(l); err != nil {
			return err
		}
	}
	return nil
}
