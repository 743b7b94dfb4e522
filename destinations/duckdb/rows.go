package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/big"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/pipeline"
)

// rows is the result of a query with the connection it was run on.
type rows struct {
	ctx    context.Context
	conn   connection
	stmt   *duckdb.Stmt
	result driver.Rows
	types  []pipeline.ValueType
	raw    []driver.Value
	values []any
	closed bool
	// released is called when the rows are closed; nil is nothing.
	released func()
}

func newRows(ctx context.Context, c connection, stmt *duckdb.Stmt, result driver.Rows, types []string) *rows {
	n := len(types)
	r := &rows{ctx: ctx, conn: c, stmt: stmt, result: result, types: make([]pipeline.ValueType, n), raw: make([]driver.Value, n), values: make([]any, n)}
	for i, name := range types {
		r.types[i] = valueType(name)
	}
	return r
}

func (r *rows) Columns() []string { return r.result.Columns() }

func (r *rows) Types() []pipeline.ValueType { return r.types }

func (r *rows) Next() ([]any, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if r.closed {
		return nil, io.EOF
	}
	switch err := r.result.Next(r.raw); {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case err != nil:
		return nil, fmt.Errorf("duckdb: read result: %w", err)
	}
	for i, v := range r.raw {
		r.values[i] = plain(v)
	}
	return r.values, nil
}

// plain widens numbers to the types that pipeline.Rows promises. A sum of integers is a HUGEINT, which is an int64 whenever it fits.
func plain(v any) any {
	switch v := v.(type) {
	case int8:
		return int64(v)
	case int16:
		return int64(v)
	case int32:
		return int64(v)
	case uint8:
		return uint64(v)
	case uint16:
		return uint64(v)
	case uint32:
		return uint64(v)
	case float32:
		return float64(v)
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
	}
	return v
}

func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.released != nil {
		defer r.released()
	}
	return errors.Join(r.result.Close(), r.stmt.Close(), r.conn.Close())
}
