package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/prickle-dev/prickle/pipeline"
)

// Query runs one SQL statement that reads: SELECT, WITH, EXPLAIN, DESCRIBE, SHOW or EXISTS. Each ? outside of texts stands for an argument. The
// statement runs in a session that the server itself lets write nothing, and functions that reach for files, other servers or other
// statements are refused. Rows are streamed; ctx holds for them too.
func (w *Warehouse) Query(ctx context.Context, query string, args ...any) (pipeline.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	statement, err := allow(query)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: query: %w", err)
	}
	bound, parameters, err := statement.bind(args)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: query: %w", err)
	}
	settings := clickhouse.Settings{"readonly": 1, "do_not_merge_across_partitions_select_final": 1}
	if w.abilities.json {
		settings["output_format_native_write_json_as_string"] = 1
	}
	ctx, cancel := context.WithCancel(ctx)
	options := []clickhouse.QueryOption{clickhouse.WithSettings(settings)}
	if len(parameters) > 0 {
		options = append(options, clickhouse.WithParameters(parameters))
	}
	result, err := w.conn.Query(clickhouse.Context(ctx, options...), bound)
	if err != nil {
		defer cancel()
		return nil, fmt.Errorf("clickhouse: query: %w", w.explain(ctx, err))
	}
	r := newRows(ctx, cancel, w, result)
	if len(r.room) == 0 && statement.selects() {
		if r.empty, err = w.describe(ctx, cancel, bound, options); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// describe asks for the columns of a query that has no rows, of which the server tells nothing over HTTP.
func (w *Warehouse) describe(ctx context.Context, cancel context.CancelFunc, query string, options []clickhouse.QueryOption) (columns []described, err error) {
	result, err := w.conn.Query(clickhouse.Context(ctx, options...), "DESCRIBE TABLE ("+query+"\n)")
	if err != nil {
		return nil, fmt.Errorf("clickhouse: query: %w", w.explain(ctx, err))
	}
	defer result.Close()
	r := newRows(ctx, cancel, w, result)
	for {
		values, err := r.Next()
		if errors.Is(err, io.EOF) {
			return columns, nil
		}
		if err != nil {
			return nil, err
		}
		columns = append(columns, described{fmt.Sprint(values[0]), fmt.Sprint(values[1])})
	}
}
