package app

import (
	"context"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/profiles"
	"github.com/prickle-dev/prickle/pipeline/schema"
)

// forget lets go of what this process has at hand of persons, when somebody was erased.
func (a *App) forget() {
	if a.folder != nil {
		a.folder.Forget()
	}
	if a.observer != nil {
		a.observer.Forget(time.Now())
	}
}

// samples erases the samples of the schema, all of them: nobody knows whose they are. A copy into the warehouse that has read them before is waited
// for with that of the profiles.
func (e *erasing) samples(ctx context.Context, count bool) error {
	before := e.cleared
	if before.IsZero() {
		before = time.Now().UTC()
	}
	keys, err := schema.Samples(ctx, e.store, before)
	if err != nil {
		return err
	}
	e.note("schema", "samples", int64(len(keys)))
	if !e.cleared.IsZero() && count {
		return nil // it is checked whether the rows are gone that had them
	}
	e.sampled = pipeline.KeyedRows{Source: profiles.SourceName, Stream: schema.Stream, Keys: keys}
	if count {
		return nil
	}
	e.cleared = before
	if e.app.observer != nil {
		e.app.observer.Settle()
	}
	return schema.EraseSamples(ctx, e.store)
}

// rows erases the rows of persons in the warehouse, and those of properties with a sample, which come again without.
func (e *erasing) rows(ctx context.Context, count bool) error {
	for _, r := range []struct {
		what   string
		rows   []pipeline.KeyedRows
		before time.Time
	}{
		{"rows of persons", e.of.Tables(), e.gone}, {"rows of properties", []pipeline.KeyedRows{e.sampled}, e.cleared},
	} {
		if r.before.IsZero() {
			r.before = time.Now().UTC()
		}
		erased, err := e.app.warehouse.Erase(ctx, pipeline.Erasure{Rows: r.rows, Before: r.before, Count: count})
		if err != nil {
			return err
		}
		e.note("warehouse", r.what, erased.Rows)
	}
	return nil
}
