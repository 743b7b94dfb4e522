package clickhouse

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
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
	if err := w.merging.take(ctx); err != nil { // a merge must not write anew what it had read before
		return pipeline.Erased{}, err
	}
	defer w.merging.give()
	erased, err := w.erase(ctx, &e)
	if err != nil {
		return pipeline.Erased{}, fmt.Errorf("clickhouse: erase: %w", w.explain(ctx, err))
	}
	return erased, nil
}

func (w *Warehouse) erase(ctx context.Context, e *pipeline.Erasure) (erased pipeline.Erased, err error) {
	before := fmt.Sprintf("project_id = %d AND received_at", w.project)
	if erased.Events, err = w.eraseFrom(ctx, e, eventsRows, "uuid", "distinct_id", before, e.DistinctIDs); err != nil {
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

// eraseFrom deletes the rows of a table whose column has one of some values, or counts what is different of them by the column of their key. The
// values themselves are in no statement that the server keeps: mutations and the tasks of a cluster stay for days, those that are over too.
func (w *Warehouse) eraseFrom(ctx context.Context, e *pipeline.Erasure, table, key, column, at string, values []string) (all int64, err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"mutations_sync": 2, "alter_sync": 2, "log_queries": 0}))
	before := fmt.Sprintf("%s < fromUnixTimestamp64Micro(%d, 'UTC')", at, e.Before.Truncate(time.Microsecond).UnixMicro())
	for some := range slices.Chunk(values, warehouse.EraseAtOnce) {
		var n uint64
		if err := w.conn.QueryRow(ctx, fmt.Sprintf("SELECT uniqExact(%s) FROM %s WHERE %s IN (%s) AND %s", key, identifier(table), column, literals(some), before)).Scan(&n); err != nil {
			return all, err
		}
		if all += int64(n); n == 0 || e.Count {
			continue
		}
		for _, statement := range w.layout.alter(table, false, fmt.Sprintf("DELETE WHERE %s AND %s", hashed(column, some), before)) {
			if err := w.conn.Exec(ctx, statement); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

func literals(values []string) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = literal(warehouse.ValidUTF8(v))
	}
	return strings.Join(all, ", ")
}

// hashed is a condition that holds where a column has one of some values, and names only hashes of them, with a salt of their own.
func hashed(column string, values []string) string {
	salt := rand.Text()
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprintf("unhex('%x')", sha256.Sum256([]byte(salt+warehouse.ValidUTF8(v))))
	}
	return fmt.Sprintf("SHA256(concat('%s', %s)) IN (%s)", salt, column, strings.Join(all, ", "))
}
