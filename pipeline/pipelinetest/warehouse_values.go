package pipelinetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Table runs a query and returns its rows as text, values separated by "|", so that warehouses can be compared: null is "null", times are
// RFC 3339 in UTC, JSON is compacted with sorted keys, and numbers have no trailing zeros.
func Table(t *testing.T, w interface {
	Query(ctx context.Context, sql string, args ...any) (pipeline.Rows, error)
}, query string, args ...any) []string {
	t.Helper()
	rows, err := w.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("Query %s: %v", query, err)
	}
	defer rows.Close()
	var table []string
	for {
		values, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return table
		}
		if err != nil {
			t.Fatalf("Next of %s: %v", query, err)
		}
		var line []string
		for _, v := range values {
			line = append(line, show(v))
		}
		table = append(table, strings.Join(line, "|"))
	}
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case []byte:
		return show(string(v))
	case float64:
		return showNumber(fmt.Sprint(v))
	case string:
		if len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			return showJSON(v)
		}
		return showNumber(v)
	}
	return showNumber(fmt.Sprint(v))
}

func showNumber(s string) string {
	if strings.Contains(s, ".") && strings.Trim(s, "-0123456789.") == "" {
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func showJSON(s string) string {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return s
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func unquote(value string) (string, bool) {
	var s string
	return s, json.Unmarshal([]byte(value), &s) == nil
}

// sameNumber compares numbers exactly, however they are written.
func sameNumber(a, b string) bool {
	x, ok := new(big.Rat).SetString(a)
	if !ok {
		return false
	}
	y, ok := new(big.Rat).SetString(b)
	return ok && x.Cmp(y) == 0
}
