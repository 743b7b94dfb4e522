package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Erase implements pipeline.Warehouse: files of months are written again without the person, and then all counts in one transaction, after which the log
// of the database goes into its file, and the files before are removed.
func (w *Warehouse) Erase(ctx context.Context, e pipeline.Erasure) (pipeline.Erased, error) {
	w.upkeep.Lock()
	defer w.upkeep.Unlock()
	_, release, err := w.use(ctx)
	if err != nil {
		return pipeline.Erased{}, fmt.Errorf("duckdb: erase: %w", err)
	}
	defer release()
	erased, err := w.eraseAll(ctx, &e)
	switch {
	case err == nil:
		return erased, nil
	case ctx.Err() != nil:
		return pipeline.Erased{}, ctx.Err()
	}
	return pipeline.Erased{}, fmt.Errorf("duckdb: erase: %w", err)
}

func (w *Warehouse) eraseAll(ctx context.Context, e *pipeline.Erasure) (erased pipeline.Erased, err error) {
	if !e.Count { // what an erasure that was broken off has left
		if err := w.do(ctx, func() error { return w.sweep(ctx, w.conn) }); err != nil {
			return erased, err
		}
	}
	files, err := w.eraseFiles(ctx, e)
	if err != nil {
		return erased, err
	}
	err = w.do(ctx, func() error {
		var err error
		if erased, err = w.erase(ctx, e, &files); err != nil || e.Count || erased == (pipeline.Erased{}) {
			return err
		}
		if err := w.step("counts"); err != nil {
			return err
		}
		if err := w.sweep(ctx, w.conn); err != nil {
			return err
		}
		_, err = w.conn.ExecContext(ctx, "CHECKPOINT")
		return err
	})
	return erased, err
}

func (w *Warehouse) erase(ctx context.Context, e *pipeline.Erasure, files *erasedFiles) (erased pipeline.Erased, err error) {
	tx, err := begin(ctx, w.conn)
	if err != nil {
		return erased, err
	}
	defer tx.Rollback()
	if erased.Events, err = eraseFrom(ctx, tx, e, "events__rows", "distinct_id", "received_at", e.DistinctIDs); err != nil {
		return erased, err
	}
	erased.Events = max(erased.Events, files.copied) + files.moved
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
	if len(files.gone) > 0 {
		return erased, w.replace(ctx, tx, files.made, files.gone)
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

// erasedFiles are files of months without a person, which do not count yet.
type erasedFiles struct {
	made          []month
	gone          []string // those that had something of the person
	moved, copied int64    // the rows in them that were nowhere else, and those that the table may have too
}

// eraseFiles writes the files that have something of a person again, without that, or counts what they have.
func (w *Warehouse) eraseFiles(ctx context.Context, e *pipeline.Erasure) (files erasedFiles, err error) {
	if len(w.exports.months) == 0 || len(e.DistinctIDs) == 0 {
		return files, nil
	}
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return files, err
	}
	defer func() {
		_, dropped := conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS temp._prickle_erased")
		err = errors.Join(err, dropped, conn.Close())
	}()
	if err := stageErased(ctx, conn, e.DistinctIDs); err != nil {
		return files, err
	}
	condition := fmt.Sprintf("received_at < make_timestamptz(%d) AND distinct_id IN (FROM temp._prickle_erased)", e.Before.UnixMicro())
	for i := range w.exports.months {
		if err := w.eraseFile(ctx, conn, &w.exports.months[i], condition, e.Count, &files); err != nil {
			return files, err
		}
	}
	return files, nil
}

// stageErased makes a temporary table of distinct ids: they may be more than a statement has place for.
func stageErased(ctx context.Context, conn *sql.Conn, ids []string) error {
	erased := given{[]column{{"distinct_id", duckdb.TYPE_VARCHAR}}, len(ids), func(to *place, row int) { putText(to, 0, warehouse.ValidUTF8(ids[row])) }}
	_, err := conn.ExecContext(erased.in(ctx), "CREATE OR REPLACE TEMP TABLE _prickle_erased AS FROM prickle_given()")
	return err
}

func (w *Warehouse) eraseFile(ctx context.Context, conn *sql.Conn, m *month, condition string, count bool, files *erasedFiles) error {
	from := " FROM " + w.exports.reading([]string{m.file}) + " WHERE "
	var n int64
	if err := conn.QueryRowContext(ctx, "SELECT count(*)"+from+condition).Scan(&n); err != nil || n == 0 {
		return err
	}
	if m.moved {
		files.moved += n
	} else {
		files.copied += n
	}
	if count {
		return nil
	}
	files.gone = append(files.gone, m.file)
	if n == m.rows {
		return nil
	}
	next := *m
	if err := w.name(ctx, &next); err != nil {
		return err
	}
	if err := w.write(ctx, conn, &next, "SELECT *"+from+"NOT ("+condition+")"); err != nil {
		return err
	}
	if next.rows != m.rows-n {
		return fmt.Errorf("%s has %d rows less, want %d: run it again", m.file, m.rows-next.rows, n)
	}
	files.made = append(files.made, next)
	return nil
}
