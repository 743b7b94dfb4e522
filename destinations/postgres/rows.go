package postgres

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Next returns the next row. Numbers without a fraction are int64 where they fit, exact decimals and everything without a Go type of its own are
// text as Postgres writes it.
func (r *rows) Next() ([]any, error) {
	if r.closed || r.ended {
		return nil, io.EOF
	}
	if !r.first && !r.result.Next() {
		r.ended = true
		switch err := r.result.Err(); {
		case r.ctx.Err() != nil:
			return nil, r.ctx.Err()
		case err != nil:
			return nil, fmt.Errorf("postgres: read result: %w", err)
		}
		return nil, io.EOF
	}
	r.first = false
	fields, raw := r.result.FieldDescriptions(), r.result.RawValues()
	if r.values == nil {
		r.values = make([]any, len(fields))
	}
	for i, text := range raw {
		r.values[i] = value(fields[i].DataTypeOID, text)
	}
	return r.values, nil
}

// value reads what the server wrote as text.
func value(oid uint32, text []byte) any {
	if text == nil {
		return nil
	}
	s := string(text)
	switch oid {
	case pgtype.BoolOID:
		return s == "t"
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.OIDOID:
		return orText(s)(strconv.ParseInt(s, 10, 64))
	case pgtype.Float4OID, pgtype.Float8OID:
		return orText(s)(strconv.ParseFloat(s, 64))
	case pgtype.NumericOID:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case pgtype.TimestamptzOID:
		return orText(s)(time.Parse("2006-01-02 15:04:05.999999-07", s))
	case pgtype.TimestampOID:
		return orText(s)(time.Parse("2006-01-02 15:04:05.999999", s))
	case pgtype.ByteaOID:
		if digits, ok := strings.CutPrefix(s, `\x`); ok {
			return orText(s)(hex.DecodeString(digits))
		}
	}
	return s
}

// orText makes what could not be read the text that it was: a time before our era, or infinity.
func orText(s string) func(v any, err error) any {
	return func(v any, err error) any {
		if err != nil {
			return s
		}
		if t, ok := v.(time.Time); ok {
			return t.UTC()
		}
		return v
	}
}
