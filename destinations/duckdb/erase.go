package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Erase implements pipeline.Warehouse: all in one transaction, after which the log of the database goes into its file.
func (w *Warehouse) Erase(ctx context.Context, e pipeline.Erasure) (erased pipeline.Erased, err error) {
	err = w.writer.Do(ctx, func() error {
		var err error
		if erased, err = w.erase(ctx, &e); err == nil && !e.Count && erased != (pipeline.Erased{}) {
			_, err = w.conn.ExecContext(ctx, "CHECKPOINT")
		}
		return err
	})
	switch {
	case err == nil:
		return erased, nil
	case ctx.Err() != nil:
		return pipeline.Erased{}, ctx.Err()
	}
	return pipeline.Erased{}, fmt.Errorf("duckdb: erase: %w", err)
}

func (w *Warehouse) erase(ctx context.Context, e *pipeline.Erasure) (erased pipeline.Erased, err error) {
	tx, err := begin(ctx, w.conn)
	if err != nil {
		return erased, err
	}
	defer tx.Rollback()
	if erased.Events, err = eraseFrom(ctx, tx, e, "events", "distinct_id", "received_at", e.DistinctIDs); err != nil {
		return erased, err
	}
	for _, r := range e.Rows {
		names, err := texts(ctx, tx, "SELECT table_name FROM _prickle_tables WHERE source = "+warehouse.Literal(r.Source)+" AND stream = "+warehouse.Literal(r.Stream))
		if err != nil {
			return erased, err
		}
		for _, name := range names {
			n, err := eraseFrom(ctx, tx, e, (&warehouse.Table{Name: name}).Rows(), "_sync_key", "_sync_at", r.Keys)
			if err != nil {
				return erased, err
			}
			erased.Rows += n
		}
	}
	return erased, tx.Commit()
}

// eraseFrom deletes the rows of a table whose column has one of some values, or counts them.
func eraseFrom(ctx context.Context, tx *sql.Tx, e *pipeline.Erasure, table, column, at string, values []string) (all int64, err error) {
	for some := range slices.Chunk(values, warehouse.EraseAtOnce) {
		args := []any{e.Before.UTC().Truncate(time.Microsecond)}
		for _, v := range some {
			args = append(args, warehouse.ValidUTF8(v))
		}
		condition := fmt.Sprintf("%s WHERE %s < ? AND %s IN (%s)", warehouse.Identifier(table), at, column, strings.Repeat("?, ", len(some)-1)+"?")
		var n int64
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+condition, args...).Scan(&n); err != nil {
			return all, err
		}
		if all += n; n == 0 || e.Count {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+condition, args...); err != nil {
			return all, err
		}
	}
	return all, nil
}
