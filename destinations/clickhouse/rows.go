package clickhouse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// rows is the result of a query, as it comes from the server.
type rows struct {
	ctx    context.Context
	cancel context.CancelFunc
	w      *Warehouse
	result driver.Rows
	room   []any // pointers to what Scan fills
	values []any
	empty  []described // the columns of a result without rows, of which the server tells nothing
	closed bool
}

// described is a column as DESCRIBE tells it.
type described struct{ name, typ string }

func newRows(ctx context.Context, cancel context.CancelFunc, w *Warehouse, result driver.Rows) *rows {
	types := result.ColumnTypes()
	r := &rows{ctx: ctx, cancel: cancel, w: w, result: result, room: make([]any, len(types)), values: make([]any, len(types))}
	for i, t := range types {
		r.room[i] = reflect.New(t.ScanType()).Interface()
	}
	return r
}

func (r *rows) Columns() []string {
	if r.empty == nil {
		return r.result.Columns()
	}
	names := make([]string, len(r.empty))
	for i, c := range r.empty {
		names[i] = c.name
	}
	return names
}

func (r *rows) Next() ([]any, error) {
	if r.closed {
		return nil, io.EOF
	}
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if !r.result.Next() {
		if err := r.result.Err(); err != nil {
			return nil, fmt.Errorf("clickhouse: read result: %w", r.w.explain(r.ctx, err))
		}
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	for i := range r.room {
		reflect.ValueOf(r.room[i]).Elem().SetZero()
	}
	if err := r.result.Scan(r.room...); err != nil {
		return nil, fmt.Errorf("clickhouse: read result: %w", r.w.explain(r.ctx, err))
	}
	for i, p := range r.room {
		r.values[i] = plain(reflect.ValueOf(p).Elem())
	}
	return r.values, nil
}

// plain is a value as pipeline.Rows promises it: lists, maps and tuples are JSON text.
func plain(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		if b, ok := v.Interface().(*big.Int); ok {
			if b.IsInt64() {
				return b.Int64()
			}
			return b
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return x
	case big.Int:
		return plain(reflect.ValueOf(&x))
	case clickhouse.Dynamic: // a member of a JSON column, and every other value whose type differs from row to row
		return plain(reflect.ValueOf(x.Any()))
	case fmt.Stringer:
		return x
	case []byte:
		return x
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.Slice, reflect.Map, reflect.Array, reflect.Struct:
		if text, err := json.Marshal(v.Interface()); err == nil {
			return string(text)
		}
	}
	return v.Interface()
}

func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.cancel() // what has not been read is not wanted: the server need not make it
	_ = r.result.Close()
	return nil
}
