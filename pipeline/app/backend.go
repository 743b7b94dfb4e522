package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/pipeline/process"
	"github.com/prickle-dev/prickle/pipeline/query"
)

var _ control.Backend = (*App)(nil)

// Query implements control.Backend.
func (a *App) Query(ctx context.Context, q query.Request, result query.Result) (err error) {
	rows, err := a.warehouse.Query(ctx, q.SQL, q.Params...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns := query.Columns(rows)
	if err := result.Columns(columns); err != nil {
		return err
	}
	out := make([]any, len(columns))
	for n := 0; n < q.Limit || q.Limit == 0; n++ {
		values, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, v := range values {
			out[i] = jsonValue(columns[i].Type, v)
		}
		if err := result.Row(out); err != nil {
			return err
		}
	}
	return nil
}

// Tail implements control.Backend.
func (a *App) Tail(ctx context.Context, where string, yield func(json.RawMessage) error) error {
	var condition process.Condition
	if where != "" {
		var err error
		if condition, err = a.condition(where); err != nil {
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
