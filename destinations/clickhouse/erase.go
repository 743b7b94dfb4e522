package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Erase implements pipeline.Warehouse by mutations, which write what has to go out of their parts, and are waited for on every replica. The server
// removes the old parts some minutes later.
func (w *Warehouse) Erase(ctx context.Context, e pipeline.Erasure) (pipeline.Erased, error) {
	w.merging.Lock() // a merge must not write anew what it had read before
	defer w.merging.Unlock()
	erased, err := w.erase(ctx, &e)
	if err != nil {
		return pipeline.Erased{}, fmt.Errorf("clickhouse: erase: %w", w.explain(ctx, err))
	}
	return erased, nil
}

func (w *Warehouse) erase(ctx context.Context, e *pipeline.Erasure) (erased pipeline.Erased, err error) {
	ids := fmt.Sprintf("project_id = %d AND distinct_id", w.project)
	if erased.Events, err = w.eraseFrom(ctx, e, eventsRows, "uuid", ids, "received_at", e.DistinctIDs); err != nil {
		return erased, err
	}
	for _, r := range e.Rows {
		name, err := w.tableOf(ctx, r.Source, r.Stream)
		if err != nil {
			return erased, err
		}
		if name == "" {
			continue
		}
		n, err := w.eraseFrom(ctx, e, (&warehouse.Table{Name: name}).Rows(), "_sync_key", "_sync_key", "_sync_at", r.Keys)
		if err != nil {
			return erased, err
		}
		erased.Rows += n
	}
	return erased, nil
}

// tableOf is the name of a stream's table, "" when there is none.
func (w *Warehouse) tableOf(ctx context.Context, source, stream string) (string, error) {
	rows, err := w.conn.Query(ctx, "SELECT table_name FROM _prickle_tables FINAL WHERE source = {source:String} AND stream = {stream:String}",
		parameter("source", source), parameter("stream", stream))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var name string
	for rows.Next() {
		if err := rows.Scan(&name); err != nil {
			return "", err
		}
	}
	if rows.Err() != nil || name == "" {
		return "", rows.Err()
	}
	kinds, err := w.kinds(ctx)
	if kinds[(&warehouse.Table{Name: name}).Rows()] == "" {
		name = ""
	}
	return name, err
}

// eraseFrom deletes the rows of a table whose column has one of some values, or counts what is different of them by the column of their key.
func (w *Warehouse) eraseFrom(ctx context.Context, e *pipeline.Erasure, table, key, column, at string, values []string) (all int64, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 2, "alter_sync": 2}))
	before := fmt.Sprintf("fromUnixTimestamp64Micro(%d, 'UTC')", e.Before.Truncate(time.Microsecond).UnixMicro())
	for some := range slices.Chunk(values, warehouse.EraseAtOnce) {
		quoted := make([]string, len(some))
		for i, v := range some {
			quoted[i] = literal(warehouse.ValidUTF8(v))
		}
		condition := fmt.Sprintf("%s IN (%s) AND %s < %s", column, strings.Join(quoted, ", "), at, before)
		var n uint64
		if err := w.conn.QueryRow(ctx, fmt.Sprintf("SELECT uniqExact(%s) FROM %s WHERE %s", key, identifier(table), condition)).Scan(&n); err != nil {
			return all, err
		}
		if all += int64(n); n == 0 || e.Count {
			continue
		}
		for _, statement := range w.layout.alter(table, false, "DELETE WHERE "+condition) {
			if err := w.conn.Exec(ctx, statement); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}
