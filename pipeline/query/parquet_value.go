package query

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"

	"github.com/prickle-dev/prickle/pipeline"
)

// parquetValue is a JSON value as one of the column's type, and about how many bytes it has.
func parquetValue(c Column, v any) (parquet.Value, int, error) {
	if v == nil {
		return parquet.NullValue(), 1, nil
	}
	switch c.Type {
	case pipeline.Boolean:
		b, ok := v.(bool)
		return parquet.BooleanValue(b), 1, want(ok, v, "true or false")
	case pipeline.Integer:
		n, err := strconv.ParseInt(Cell(v), 10, 64)
		return parquet.Int64Value(n), 8, want(err == nil, v, "a whole number of 64 bits")
	case pipeline.Float:
		f, err := strconv.ParseFloat(Cell(v), 64)
		return parquet.DoubleValue(f), 8, want(err == nil, v, "a number")
	case pipeline.Decimal:
		n, ok := unscaled(Cell(v), c.Decimals)
		return parquet.FixedLenByteArrayValue(n), 16, want(ok, v, "a number of at most 38 digits")
	case pipeline.Instant:
		t, err := time.Parse(time.RFC3339Nano, Cell(v))
		return parquet.Int64Value(t.UnixMicro()), 8, want(err == nil, v, "a point in time")
	case pipeline.Date:
		t, err := time.Parse(time.DateOnly, Cell(v))
		return parquet.Int32Value(int32(t.Unix() / 86400)), 4, want(err == nil, v, "a date") //nolint:gosec // years of four digits
	case pipeline.UUID:
		id, err := uuid.Parse(Cell(v))
		return parquet.FixedLenByteArrayValue(id[:]), 16, want(err == nil, v, "a UUID")
	case pipeline.Binary:
		digits, marked := strings.CutPrefix(Cell(v), `\x`)
		b, err := hex.DecodeString(digits)
		return parquet.ByteArrayValue(b), len(b) + 4, want(marked && err == nil, v, "bytes")
	}
	text := []byte(Cell(v))
	return parquet.ByteArrayValue(text), len(text) + 4, nil
}

func want(ok bool, v any, what string) error {
	if ok {
		return nil
	}
	text := Cell(v)
	return fmt.Errorf("%.40q is not %s", text, what)
}
