package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Capabilities implements pipeline.Warehouse. The version is known once the server has answered.
func (w *Warehouse) Capabilities() pipeline.Capabilities {
	version, _ := w.version.Load().(string)
	return pipeline.Capabilities{Store: "Postgres", Version: version, Atomic: true, Shared: true, JSON: true}
}

// mostStray is how many events may be in the default partition before somebody should look.
const mostStray = 100_000

// Health implements pipeline.Warehouse. The events are the server's estimate, exact after Compact; the bytes are those of the whole schema.
func (w *Warehouse) Health(ctx context.Context) (pipeline.Health, error) {
	h, err := w.health(ctx)
	switch {
	case err == nil:
		return h, nil
	case ctx.Err() != nil:
		return pipeline.Health{}, ctx.Err()
	}
	return pipeline.Health{}, fmt.Errorf("postgres: health: %w", w.advised(err))
}

func (w *Warehouse) health(ctx context.Context) (h pipeline.Health, err error) {
	if err := w.ready(ctx); err != nil {
		return h, err
	}
	t, err := w.begin(ctx, w.reading, "READ ONLY", statementTimeout(ctx))
	if err != nil {
		return h, err
	}
	defer t.rollback()
	rows, err := t.rows(ctx, `SELECT
		(SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'events'::regclass),
		(SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_catalog.pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'm')),
		(SELECT greatest(reltuples, 0)::bigint FROM pg_catalog.pg_class WHERE oid = 'events_default'::regclass),
		(SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'),
		current_setting('max_connections')`)
	if err != nil {
		return h, err
	}
	var numbers [5]int64
	for i, text := range rows[0] {
		if numbers[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return h, err
		}
	}
	h.Events, h.Bytes = numbers[0], numbers[1]
	kept, err := w.warningsOfTables(ctx, t)
	h.Warnings = append(w.warnings(numbers[2], numbers[3], numbers[4]), kept...)
	return h, err
}

func (w *Warehouse) warnings(stray, connections, most int64) []string {
	var warnings []string
	if stray > mostStray {
		warnings = append(warnings, fmt.Sprintf(
			"%d events are in the partition events_default: they claim times before 2005 or more than %d months ahead, which is usually a wrong clock: "+
				"look at SELECT source, lib, min(timestamp), max(timestamp), count(*) FROM events_default GROUP BY 1, 2", stray, monthsAhead))
	}
	if connections*10 > most*9 {
		warnings = append(warnings, fmt.Sprintf("the server has %d of %d connections in use: close some, or raise max_connections", connections, most))
	}
	if failed, _ := w.failed.Load().(failure); failed.err != nil {
		warnings = append(warnings, fmt.Sprintf("the last write failed at %s: %v", failed.at.UTC().Format(time.RFC3339), failed.err))
	}
	return warnings
}

// failure is the last write that failed; without an error when one succeeded since.
type failure struct {
	at  time.Time
	err error
}

// Compact implements pipeline.Warehouse: the partitions of the coming months are made, events move from the default partition to where they belong,
// months past the retention go, and rows past theirs, tables of sources get their indexes, and tables that changed are cleaned up and counted for the planner.
func (w *Warehouse) Compact(ctx context.Context) error {
	err := w.compact(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("postgres: compact: %w", w.advised(err))
}

func (w *Warehouse) compact(ctx context.Context) error {
	if err := w.ready(ctx); err != nil {
		return err
	}
	err := w.writer.Do(ctx, func() error {
		clear(w.partitions) // somebody may have detached one
		months, err := w.strayMonths(ctx)
		if err != nil {
			return err
		}
		if err := w.again(func() error { return w.makePartitions(ctx, months) }); err != nil {
			return err
		}
		return w.again(func() error { return w.dropOld(ctx) })
	})
	retained := w.retainTables(ctx) // whatever the rest meets
	if retained != nil {
		retained = fmt.Errorf("retention: %w", retained)
	}
	if err == nil {
		err = w.again(func() error { return w.indexStreams(ctx) })
	}
	if err != nil {
		return errors.Join(err, retained)
	}
	return errors.Join(retained, w.vacuum(ctx))
}

// strayMonths are the months that should have a partition: this one and the coming ones, and those of events in the default partition.
func (w *Warehouse) strayMonths(ctx context.Context) ([]month, error) {
	t, err := w.begin(ctx, w.writing, "READ ONLY")
	if err != nil {
		return nil, err
	}
	defer t.rollback()
	texts, err := t.column(ctx, "SELECT DISTINCT to_char(date_trunc('month', timestamp), 'YYYY-MM') FROM events_default WHERE timestamp >= "+
		warehouse.Literal(oldest.start().Format(time.RFC3339)))
	if err != nil {
		return nil, err
	}
	return w.wanted(func(yield func(time.Time) bool) {
		for ahead := range monthsAhead {
			if !yield((monthOf(w.now()) + month(ahead)).start()) {
				return
			}
		}
		for _, text := range texts {
			at, err := time.Parse("2006-01", text)
			if err == nil && !yield(at) {
				return
			}
		}
	}), nil
}

// changes are the tables that this process has written to since they were cleaned; the server's own statistics come late.
type changes struct {
	mu     sync.Mutex
	tables map[string]bool
}

func (c *changes) add(table string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables == nil {
		c.tables = map[string]bool{}
	}
	c.tables[table] = true
}

// take returns them, and forgets them.
func (c *changes) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	tables := slices.Collect(maps.Keys(c.tables))
	c.tables = nil
	return tables
}

// vacuum cleans the tables that have changed since they were cleaned last, one by one and outside of a transaction, which VACUUM demands.
func (w *Warehouse) vacuum(ctx context.Context) error {
	t, err := w.begin(ctx, w.writing, "READ ONLY")
	if err != nil {
		return err
	}
	defer t.rollback()
	names, err := t.column(ctx, `SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_stat_user_tables AS s ON s.relid = c.oid
		WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind = 'r' AND (c.relname = ANY(`+textArray(w.changed.take())+`)
			OR s.n_mod_since_analyze > 0 OR s.n_dead_tup > 0 OR s.n_ins_since_vacuum > 0) ORDER BY 1`)
	if err != nil {
		return err
	}
	if err := t.commit(ctx); err != nil {
		return err
	}
	for _, name := range names {
		if err := t.exec(ctx, "VACUUM (ANALYZE, SKIP_LOCKED) "+w.named(name)); err != nil {
			return err
		}
	}
	return nil
}

// textArray spells texts as an array for SQL.
func textArray(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = warehouse.Literal(text)
	}
	return "ARRAY[" + strings.Join(quoted, ", ") + "]::text[]"
}
