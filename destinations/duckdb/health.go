package duckdb

import (
	"context"
	"fmt"
	"os"

	"github.com/prickle-dev/prickle/pipeline"
)

// Capabilities implements pipeline.Warehouse.
func (w *Warehouse) Capabilities() pipeline.Capabilities {
	return pipeline.Capabilities{Store: "DuckDB", Version: w.version, Atomic: true, JSON: true}
}

// Health implements pipeline.Warehouse. The events are DuckDB's own count, which costs nothing; the bytes are the file and its log.
func (w *Warehouse) Health(ctx context.Context) (pipeline.Health, error) {
	var h pipeline.Health
	err := w.db.QueryRowContext(ctx, "SELECT estimated_size FROM duckdb_tables() WHERE table_name = 'events'").Scan(&h.Events)
	if err != nil {
		return h, fmt.Errorf("duckdb: health: %w", err)
	}
	for _, name := range []string{w.file.path, w.file.path + ".wal"} {
		if info, err := os.Stat(name); err == nil {
			h.Bytes += info.Size()
		}
	}
	return h, nil
}

// Compact implements pipeline.Warehouse: events past the retention go, the log goes into the file, and space of deleted rows is used again.
func (w *Warehouse) Compact(ctx context.Context) error {
	return w.writer.Do(ctx, func() error {
		if w.config.Retention > 0 {
			oldest := w.now().Add(-w.config.Retention).UTC()
			if _, err := w.conn.ExecContext(ctx, "DELETE FROM events WHERE timestamp < ?", oldest); err != nil {
				return fmt.Errorf("duckdb: retention: %w", err)
			}
		}
		if _, err := w.conn.ExecContext(ctx, "CHECKPOINT"); err != nil {
			return fmt.Errorf("duckdb: compact: %w", err)
		}
		return nil
	})
}
