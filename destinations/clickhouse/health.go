package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// What Health warns of: the parts of one month that inserts make faster than they are merged, and a disk that is nearly full.
const (
	manyParts = 200
	fullDisk  = 0.95
)

// Health asks the server for what is Prickle's on it. Events is the number of stored rows, those sent twice counted twice until they are merged.
func (w *Warehouse) Health(ctx context.Context) (pipeline.Health, error) {
	var h pipeline.Health
	fail := func(err error) (pipeline.Health, error) {
		return h, fmt.Errorf("clickhouse: health: %w", w.explain(ctx, err))
	}
	var events, bytes, parts uint64
	ours := "database = currentDatabase() AND active AND (table LIKE '%\\\\_\\\\_rows' OR table LIKE '%\\\\_\\\\_local' OR table LIKE '\\\\_prickle\\\\_%')"
	err := w.conn.QueryRow(ctx, "SELECT sumIf(rows, table = {events:String}), sum(bytes_on_disk) FROM system.parts WHERE "+ours,
		parameter("events", w.layout.stored(eventsRows))).Scan(&events, &bytes)
	if err != nil {
		return fail(err)
	}
	h.Events, h.Bytes = int64(events), int64(bytes)
	err = w.conn.QueryRow(ctx, "SELECT max(n) FROM (SELECT count() AS n FROM system.parts WHERE "+ours+" GROUP BY table, partition)").Scan(&parts)
	if err != nil {
		return fail(err)
	}
	if parts > manyParts {
		h.Warnings = append(h.Warnings, fmt.Sprintf("a month has %d parts that wait to be merged: let the server merge more at once, or set a longer pace", parts))
	}
	var disk string
	var used float64
	err = w.conn.QueryRow(ctx, "SELECT name, 1 - free_space / total_space AS used FROM system.disks WHERE total_space > 0 ORDER BY used DESC LIMIT 1").Scan(&disk, &used)
	if err == nil && used > fullDisk { // not everybody may see the disks
		h.Warnings = append(h.Warnings, fmt.Sprintf("disk %q is %.0f%% full: make room, or set a shorter retention", disk, 100*used))
	}
	if f := w.lastError.Load(); f != nil && w.now().Sub(f.at) < time.Hour {
		h.Warnings = append(h.Warnings, fmt.Sprintf("the last insert that failed did %s ago: %v", w.now().Sub(f.at).Round(time.Second), f.err))
	}
	kept, err := w.warningsOfTables(ctx)
	if err != nil {
		return fail(err)
	}
	h.Warnings = append(h.Warnings, kept...)
	return h, nil
}

// compactMonths is how long after its end a month is put together: what comes late has come by then.
const compactAfter = 36 * time.Hour

// compactBytes is how large a table of records may be for all of it to be written anew.
const compactBytes = 5 << 30

// Compact merges each month of events that is over into one part, which queries then read without looking for versions, and tables of records
// under 5 GB, from which rows past their retention go before. The server does it in the background of its other work.
func (w *Warehouse) Compact(ctx context.Context) error {
	err := w.retainTables(ctx)
	if err != nil {
		err = fmt.Errorf("clickhouse: retention: %w", w.explain(ctx, err))
	}
	return errors.Join(err, w.optimize(ctx))
}

func (w *Warehouse) optimize(ctx context.Context) error {
	rows, err := w.conn.Query(ctx, `SELECT table, partition_id, partition, count(), sum(bytes_on_disk) FROM system.parts
		WHERE database = currentDatabase() AND active AND (table LIKE '%\\_\\_rows' OR table LIKE '%\\_\\_local' OR table LIKE '\\_prickle\\_%')
		GROUP BY table, partition_id, partition HAVING count() > 1 OR max(has_lightweight_delete) ORDER BY table, partition_id`)
	if err != nil {
		return fmt.Errorf("clickhouse: compact: %w", w.explain(ctx, err))
	}
	defer rows.Close()
	var statements []string
	current := w.now().Add(-compactAfter).UTC().Format("200601")
	for rows.Next() {
		var table, id, partition string
		var parts, bytes uint64
		if err := rows.Scan(&table, &id, &partition, &parts, &bytes); err != nil {
			return fmt.Errorf("clickhouse: compact: %w", w.explain(ctx, err))
		}
		events := table == w.layout.stored(eventsRows)
		if events && partition < current || !events && bytes < compactBytes {
			statements = append(statements, fmt.Sprintf("OPTIMIZE TABLE %s%s PARTITION ID %s FINAL", identifier(table), w.layout.onCluster(), literal(id)))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("clickhouse: compact: %w", w.explain(ctx, err))
	}
	if err := w.exec(ctx, statements...); err != nil {
		return fmt.Errorf("clickhouse: compact: %w", w.explain(ctx, err))
	}
	return nil
}
