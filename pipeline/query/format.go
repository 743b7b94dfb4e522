package query

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// Format is a way to write rows.
type Format string

// The formats.
const (
	JSON    Format = "json" // an object a line
	CSV     Format = "csv"
	Parquet Format = "parquet"
)

// ParseFormat finds a format by its name. "ndjson" is JSON.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case "ndjson":
		return JSON, nil
	case JSON, CSV, Parquet:
		return f, nil
	}
	return "", fmt.Errorf("format: unknown %q: use json, csv or parquet", name)
}

// Writer is a Result that writes. What has been written is not a whole answer before Close, which does not close what it writes to.
type Writer interface {
	Result
	Close() error
}

// NewWriter writes rows to w, in many small pieces: w had better be buffered. JSON comes in whole lines.
func NewWriter(format Format, w io.Writer) Writer {
	switch format {
	case CSV:
		return &csvWriter{w: csv.NewWriter(w)}
	case Parquet:
		return &parquetWriter{w: w}
	}
	return &jsonWriter{w: w}
}

type jsonWriter struct {
	w    io.Writer
	keys [][]byte
	line []byte
}

func (r *jsonWriter) Columns(columns []Column) error {
	for i, c := range columns {
		key, err := json.Marshal(c.Name)
		if err != nil {
			return fmt.Errorf("column %q: %w", c.Name, err)
		}
		start := byte(',')
		if i == 0 {
			start = '{'
		}
		r.keys = append(r.keys, append(append([]byte{start}, key...), ':'))
	}
	return nil
}

// Row writes an object whose keys are in the order of the columns, which a Go map would lose.
func (r *jsonWriter) Row(values []any) error {
	r.line = r.line[:0]
	for i, v := range values {
		value, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("column %s: %w", r.keys[i], err)
		}
		r.line = append(append(r.line, r.keys[i]...), value...)
	}
	if len(values) == 0 {
		r.line = append(r.line, '{')
	}
	r.line = append(r.line, '}', '\n')
	_, err := r.w.Write(r.line)
	return err
}

func (r *jsonWriter) Close() error { return nil }

type csvWriter struct {
	w     *csv.Writer
	cells []string
}

func (r *csvWriter) Columns(columns []Column) error {
	r.cells = make([]string, len(columns))
	for i, c := range columns {
		r.cells[i] = c.Name
	}
	return r.w.Write(r.cells)
}

func (r *csvWriter) Row(values []any) error {
	for i, v := range values {
		r.cells[i] = Cell(v)
	}
	return r.w.Write(r.cells)
}

func (r *csvWriter) Close() error {
	r.w.Flush()
	return r.w.Error()
}

// Cell is a value as text: JSON values without their quotes, nothing for null.
func Cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
