package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// Request is one question: a SQL statement that reads, and the values of its parameters.
type Request struct {
	SQL    string `json:"sql"`
	Params Params `json:"params,omitempty"`
	Limit  int    `json:"limit,omitempty"` // at most so many rows are given; 0 is all
}

// Params are the values of a statement's parameters in their order: nil, bool, int64, float64 or string.
type Params []any

// UnmarshalJSON takes an array of such values. A whole number stays one to its last digit.
func (p *Params) UnmarshalJSON(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var raw []any
	if err := dec.Decode(&raw); err != nil {
		return errors.New("params: want a list")
	}
	*p = make(Params, len(raw))
	for i, v := range raw {
		value, ok := scalar(v)
		if !ok {
			return fmt.Errorf("params: value %d: want a text, a number, true, false or null", i+1)
		}
		(*p)[i] = value
	}
	return nil
}

// Param is the value that somebody has written on a command line or in an address: a JSON number, true, false, null or text in double quotes
// is that, and everything else is text as it stands.
func Param(text string) any {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber()
	var raw any
	if err := dec.Decode(&raw); err != nil || int(dec.InputOffset()) != len(text) || strings.TrimSpace(text) != text {
		return text
	}
	if value, ok := scalar(raw); ok {
		return value
	}
	return text
}

func scalar(v any) (any, bool) {
	switch v := v.(type) {
	case nil, bool, string:
		return v, true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
		if strings.Trim(v.String(), "-0123456789") == "" {
			return v.String(), true // the store knows how to read it without losing a digit
		}
		f, err := v.Float64()
		return f, err == nil
	}
	return nil, false
}

// Column is a column of a result.
type Column struct {
	Name     string        `json:"name"`
	Type     pipeline.Type `json:"type,omitempty"` // "" is text
	Decimals int           `json:"decimals,omitempty"`
}

// Columns are those of rows.
func Columns(rows pipeline.Rows) []Column {
	names, types := rows.Columns(), rows.Types()
	columns := make([]Column, len(names))
	for i, name := range names {
		columns[i] = Column{name, types[i].Type, types[i].Decimals}
	}
	return columns
}

// Result takes a result as it is read. An error of either method ends the query.
type Result interface {
	// Columns is called once, before the first row.
	Columns(columns []Column) error
	// Row is called with JSON values: nil, bool, string, int64, uint64, float64 or json.Number. Points in time are RFC 3339 text in UTC, bytes
	// are \x and hexadecimal digits. The slice is good until Row returns.
	Row(values []any) error
}

// EachRow is a Result that does not care for the columns.
type EachRow func(values []any) error

// Columns implements Result.
func (EachRow) Columns([]Column) error { return nil }

// Row implements Result.
func (r EachRow) Row(values []any) error { return r(values) }
