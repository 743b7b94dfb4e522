package query

import (
	"fmt"
	"io"
	"math/big"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/prickle-dev/prickle/pipeline"
)

// Rows are collected in a row group until they have so many bytes of values or there are so many of them: it is what is kept in memory.
const groupBytes, groupRows = 8 << 20, 100_000

// batchRows are handed to the encoder together.
const batchRows = 64

// parquetWriter writes one file with a column for each of the result's, all of them nullable.
type parquetWriter struct {
	w       io.Writer
	out     *parquet.GenericWriter[any]
	columns []Column
	values  []parquet.Value // of the rows that wait
	rows    []parquet.Row
	inGroup int // rows
	bytes   int
}

func (r *parquetWriter) Columns(columns []Column) error {
	if len(columns) == 0 {
		return fmt.Errorf("parquet: the statement gives no columns")
	}
	r.columns = columns
	fields := &ordered{Group: parquet.Group{}}
	for _, c := range columns {
		fields.add(c.Name, parquet.Optional(node(c)))
	}
	r.out = parquet.NewGenericWriter[any](r.w, parquet.NewSchema("rows", fields), parquet.Compression(&zstd.Codec{}),
		parquet.CreatedBy("prickle", "", ""), parquet.PageBufferSize(256<<10))
	return nil
}

// node is how a column is stored. A Decimal has 38 digits, as many as there can be.
func node(c Column) parquet.Node {
	switch c.Type {
	case pipeline.Boolean:
		return parquet.Leaf(parquet.BooleanType)
	case pipeline.Integer:
		return parquet.Int(64)
	case pipeline.Float:
		return parquet.Leaf(parquet.DoubleType)
	case pipeline.Decimal:
		return parquet.Decimal(c.Decimals, 38, parquet.FixedLenByteArrayType(16))
	case pipeline.Instant:
		return parquet.Timestamp(parquet.Microsecond)
	case pipeline.UUID:
		return parquet.UUID()
	case pipeline.Date:
		return parquet.Date()
	case pipeline.JSON:
		return parquet.JSON()
	case pipeline.Binary:
		return parquet.Leaf(parquet.ByteArrayType)
	}
	return parquet.String()
}

func (r *parquetWriter) Row(values []any) error {
	at := len(r.values)
	for i, v := range values {
		value, size, err := parquetValue(r.columns[i], v)
		if err != nil {
			return fmt.Errorf("parquet: column %q: %w: cast it to another type in the query, for example to VARCHAR", r.columns[i].Name, err)
		}
		present := 1
		if v == nil {
			present = 0
		}
		r.values = append(r.values, value.Level(0, present, i))
		r.bytes += size
	}
	r.rows = append(r.rows, r.values[at:len(r.values):len(r.values)])
	if len(r.rows) < batchRows && r.bytes < groupBytes {
		return nil
	}
	return r.flush()
}

// flush hands over the rows that wait, and ends the row group when it is large enough.
func (r *parquetWriter) flush() error {
	if _, err := r.out.WriteRows(r.rows); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	r.inGroup += len(r.rows)
	r.rows, r.values = r.rows[:0], r.values[:0]
	if r.inGroup < groupRows && r.bytes < groupBytes {
		return nil
	}
	r.inGroup, r.bytes = 0, 0
	if err := r.out.Flush(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

func (r *parquetWriter) Close() error {
	if r.out == nil {
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	if err := r.out.Close(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// ordered is a Group that keeps the columns in their order and finds a name of its own for each.
type ordered struct {
	parquet.Group
	names []string
}

func (o *ordered) add(name string, n parquet.Node) {
	if name == "" {
		name = fmt.Sprintf("column_%d", len(o.names)+1)
	}
	own := name
	for i := 2; o.Group[own] != nil; i++ {
		own = fmt.Sprintf("%s_%d", name, i)
	}
	o.Group[own] = n
	o.names = append(o.names, own)
}

// Fields implements parquet.Node.
func (o *ordered) Fields() []parquet.Field {
	byName := make(map[string]parquet.Field, len(o.names))
	for _, f := range o.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(o.names))
	for i, name := range o.names {
		fields[i] = byName[name]
	}
	return fields
}

var ten = big.NewInt(10)

// unscaled is the integer that a decimal number is with so many digits after the point, in 16 bytes with the highest first. It reports false for one
// that has more than 38 digits, or more after the point.
func unscaled(text string, decimals int) ([]byte, bool) {
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, false
	}
	number.Mul(number, new(big.Rat).SetInt(new(big.Int).Exp(ten, big.NewInt(int64(decimals)), nil)))
	n := number.Num()
	if !number.IsInt() || len(new(big.Int).Abs(n).String()) > 38 {
		return nil, false
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	return n.FillBytes(make([]byte, 16)), true
}
