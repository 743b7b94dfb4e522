package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Erase implements pipeline.Warehouse: all in one transaction. Tables are cleaned afterwards, since what is deleted otherwise stays in their files
// until the server finds the time.
func (w *Warehouse) Erase(ctx context.Context, e pipeline.Erasure) (pipeline.Erased, error) {
	erased, err := w.eraseAll(ctx, &e)
	switch {
	case err == nil:
		return erased, nil
	case ctx.Err() != nil:
		return pipeline.Erased{}, ctx.Err()
	}
	return pipeline.Erased{}, fmt.Errorf("postgres: erase: %w", w.advised(err))
}

func (w *Warehouse) eraseAll(ctx context.Context, e *pipeline.Erasure) (erased pipeline.Erased, err error) {
	if err := w.ready(ctx); err != nil {
		return erased, err
	}
	err = w.again(func() error {
		erased, err = w.eraseOnce(ctx, e)
		return err
	})
	if err != nil || e.Count || erased == (pipeline.Erased{}) {
		return erased, err
	}
	return erased, w.vacuum(ctx)
}

func (w *Warehouse) eraseOnce(ctx context.Context, e *pipeline.Erasure) (erased pipeline.Erased, err error) {
	t, err := w.begin(ctx, w.writing, "", w.limitLocks())
	if err != nil {
		return erased, err
	}
	defer t.rollback()
	ids := make([]string, len(e.DistinctIDs))
	for i, id := range e.DistinctIDs {
		ids[i] = mendText(warehouse.ValidUTF8(id))
	}
	if erased.Events, err = w.eraseFrom(ctx, t, e, "events", fmt.Sprintf("project_id = %d AND distinct_id", w.project), "received_at", ids); err != nil {
		return erased, err
	}
	for _, r := range e.Rows {
		n, err := w.eraseRows(ctx, t, e, r)
		if err != nil {
			return erased, err
		}
		erased.Rows += n
	}
	return erased, t.commit(ctx)
}

func (w *Warehouse) eraseRows(ctx context.Context, t *tx, e *pipeline.Erasure, r pipeline.KeyedRows) (all int64, err error) {
	if err := t.exec(ctx, w.lock("source\x00"+r.Source)); err != nil { // as merges take it
		return 0, err
	}
	names, err := t.column(ctx, fmt.Sprintf("SELECT table_name FROM _prickle_tables WHERE source = %s AND stream = %s AND to_regclass(quote_ident(table_name || '__rows')) IS NOT NULL",
		warehouse.Literal(r.Source), warehouse.Literal(r.Stream)))
	if err != nil {
		return 0, err
	}
	keys := make([]string, len(r.Keys))
	for i, key := range r.Keys {
		keys[i] = shortKey(mendText(warehouse.ValidUTF8(key)))
	}
	for _, name := range names {
		n, err := w.eraseFrom(ctx, t, e, (&warehouse.Table{Name: name}).Rows(), "_sync_key", "_sync_at", keys)
		if err != nil {
			return all, err
		}
		all += n
	}
	return all, nil
}

// eraseFrom deletes the rows of a table whose column has one of some values, or counts them. The tables that rows lay in, which are partitions for
// events, are cleaned up later.
func (w *Warehouse) eraseFrom(ctx context.Context, t *tx, e *pipeline.Erasure, table, column, at string, values []string) (all int64, err error) {
	before := warehouse.Literal(e.Before.UTC().Format(time.RFC3339Nano))
	for some := range slices.Chunk(values, warehouse.EraseAtOnce) {
		quoted := make([]string, len(some))
		for i, v := range some {
			quoted[i] = warehouse.Literal(v)
		}
		condition := fmt.Sprintf("%s WHERE %s IN (%s) AND %s < %s::timestamptz", warehouse.Identifier(table), column, strings.Join(quoted, ", "), at, before)
		parts, err := t.rows(ctx, `SELECT c.relname, sum(n)::bigint FROM (SELECT tableoid AS part, count(*) AS n FROM `+condition+` GROUP BY 1) AS p
			JOIN pg_catalog.pg_class AS c ON c.oid = p.part GROUP BY 1`)
		if err != nil {
			return all, err
		}
		for _, p := range parts {
			var n int64
			if _, err := fmt.Sscan(p[1], &n); err != nil {
				return all, err
			}
			all += n
		}
		if len(parts) == 0 || e.Count {
			continue
		}
		if err := t.exec(ctx, "DELETE FROM "+condition); err != nil {
			return all, err
		}
		for _, p := range parts {
			w.changed.add(p[0])
		}
	}
	return all, nil
}
