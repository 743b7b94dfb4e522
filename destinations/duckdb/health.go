package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/prickle-dev/prickle/pipeline"
)

// Capabilities implements pipeline.Warehouse.
func (w *Warehouse) Capabilities() pipeline.Capabilities {
	return pipeline.Capabilities{Store: "DuckDB", Version: w.version, Atomic: true, JSON: true}
}

// Health implements pipeline.Warehouse. Counting the rows of the table reads none of its columns; the bytes are the file, its log and the
// files of months.
func (w *Warehouse) Health(ctx context.Context) (pipeline.Health, error) {
	var h pipeline.Health
	db, release, err := w.use(ctx)
	if err != nil {
		return h, fmt.Errorf("duckdb: health: %w", err)
	}
	defer release()
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM events__rows").Scan(&h.Events); err != nil {
		return h, fmt.Errorf("duckdb: health: %w", w.noticed(err))
	}
	exported := exports{dir: db.exportDir}
	if err := exported.load(ctx, db); err != nil {
		return h, fmt.Errorf("duckdb: health: %w", err)
	}
	for i := range exported.months {
		m := &exported.months[i]
		if h.Bytes += m.bytes; m.moved {
			h.Events += m.rows
		}
	}
	for _, file := range exported.missing() {
		h.Warnings = append(h.Warnings, fmt.Sprintf("%s is not there, and its events with it: put it back, or name the folder that it is in as export.dir", exported.path(file)))
	}
	if err := w.warnOfTables(ctx, db, &h); err != nil {
		return h, fmt.Errorf("duckdb: health: %w", w.noticed(err))
	}
	for _, name := range []string{w.file.path, w.file.path + ".wal"} {
		if info, err := os.Stat(name); err == nil {
			h.Bytes += info.Size()
		}
	}
	return h, nil
}

// Compact implements pipeline.Warehouse: events and rows past their retention go, closed months go to files, the log goes into the file, and space of deleted
// rows is used again.
func (w *Warehouse) Compact(ctx context.Context) error {
	w.upkeep.Lock()
	defer w.upkeep.Unlock()
	_, release, err := w.use(ctx)
	if err != nil {
		return fmt.Errorf("duckdb: compact: %w", err)
	}
	defer release()
	// What was superseded the last time goes now: queries may still have read it then.
	if err := w.do(ctx, func() error { return w.sweep(ctx, w.conn) }); err != nil {
		return fmt.Errorf("duckdb: %w", err)
	}
	if err := w.do(ctx, func() error { return w.retain(ctx) }); err != nil {
		return fmt.Errorf("duckdb: retention: %w", err)
	}
	exported := w.exportMonths(ctx) // whose folder may be away for long
	if err = w.retainTables(ctx); err != nil {
		err = fmt.Errorf("duckdb: retention: %w", err)
	}
	if exported != nil {
		return errors.Join(exported, err)
	}
	return errors.Join(err, w.intoFile(ctx))
}

// intoFile writes the log of the database into its file.
func (w *Warehouse) intoFile(ctx context.Context) error {
	return w.do(ctx, func() error {
		_, err := w.conn.ExecContext(ctx, "CHECKPOINT")
		if inUse(err) {
			w.log.Info("the log of the database goes into its file later: a query is open")
			return nil
		}
		if err != nil {
			return fmt.Errorf("duckdb: compact: %w", err)
		}
		return nil
	})
}

// retain deletes what is past the retention. A month in a file goes when all of it is.
func (w *Warehouse) retain(ctx context.Context) error {
	if w.config.Retention == 0 {
		return nil
	}
	oldest := w.now().Add(-w.config.Retention).UTC()
	tx, err := begin(ctx, w.conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "DELETE FROM events__rows WHERE timestamp < ?", oldest); err != nil {
		return err
	}
	var gone []string
	for i := range w.exports.months {
		if m := &w.exports.months[i]; !m.end().After(oldest) {
			gone = append(gone, m.file)
		}
	}
	if len(gone) == 0 {
		return tx.Commit()
	}
	return w.replace(ctx, tx, nil, gone)
}
