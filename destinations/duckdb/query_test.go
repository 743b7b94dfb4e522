package duckdb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func TestQueryTypes(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	for query, want := range map[string]pipeline.ValueType{
		"SELECT uuid FROM events":                               {Type: pipeline.UUID},
		"SELECT event FROM events":                              {Type: pipeline.String},
		"SELECT timestamp FROM events":                          {Type: pipeline.Instant},
		"SELECT properties FROM events":                         {Type: pipeline.JSON},
		"SELECT timestamp::TIMESTAMP::TIMESTAMP_MS FROM events": {Type: pipeline.Instant},
		"SELECT count(*) FROM events":                           {Type: pipeline.Integer},
		"SELECT sum(i) FROM range(5) AS r(i)":                   {Type: pipeline.Decimal},
		"SELECT avg(i) FROM range(5) AS r(i)":                   {Type: pipeline.Float},
		"SELECT 1.50":                                           {Type: pipeline.Decimal, Decimals: 2},
		"SELECT 1.5::FLOAT":                                     {Type: pipeline.Float},
		"SELECT DATE '2026-08-20'":                              {Type: pipeline.Date},
		"SELECT true":                                           {Type: pipeline.Boolean},
		"SELECT 'x'::BLOB":                                      {Type: pipeline.Binary},
		"SELECT [1, 2]":                                         {},
		"SELECT INTERVAL 90 MINUTE":                             {},
		"DESCRIBE events":                                       {Type: pipeline.String},
		"SELECT c FROM (SELECT uuid AS c, 1 AS b FROM events)":  {Type: pipeline.UUID},
	} {
		rows, err := w.Query(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := rows.Types(); len(got) != len(rows.Columns()) || got[0] != want {
			t.Errorf("%s\n got %v\nwant %v", query, got, want)
		}
		closed(t, rows)
	}
}

func TestQueryValues(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	e := pipelinetest.Event(1)
	e.Properties = pipeline.Properties(`{"b":12345678901234567890123,"a":[1.10]}`)
	if err := w.Send(t.Context(), []pipeline.Event{e}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT properties FROM events;":                             `string {"b":12345678901234567890123,"a":[1.10]}`,
		"SELECT uuid FROM events -- the id":                          "string " + e.UUID,
		"FROM (SELECT properties AS p, properties AS p FROM events)": `string {"b":12345678901234567890123,"a":[1.10]}`,
		"SELECT properties->>'b' FROM events":                        "string 12345678901234567890123",
		"SELECT timestamp FROM events":                               "time.Time 2026-08-20 10:00:00.124 +0000 UTC",
		"SELECT sum(i) FROM range(5) AS r(i)":                        "int64 10",
		"SELECT sum(9223372036854775807) FROM range(2)":              "*big.Int 18446744073709551614",
		"SELECT 1::TINYINT":                                          "int64 1",
		"SELECT 1::UINTEGER":                                         "uint64 1",
		"SELECT 1.5::FLOAT":                                          "float64 1.5",
		"SELECT 1.50":                                                "string 1.50",
		"SELECT DATE '2026-08-20'":                                   "string 2026-08-20",
		"SELECT INTERVAL 90 MINUTE":                                  "string 01:30:00",
		"SELECT [1, 2]":                                              "string [1, 2]",
		"SELECT {'a': [1]}":                                          "string {'a': [1]}",
		"SELECT NULL":                                                "<nil> <nil>",
		"SELECT true":                                                "bool true",
		"SELECT 'x'::BLOB":                                           "[]uint8 [120]",
		"SELECT list(properties ORDER BY uuid) FROM events":          `string [{"b":12345678901234567890123,"a":[1.10]}]`,
		"SELECT column_name FROM (DESCRIBE events) LIMIT 1":          "string project_id",
		"SHOW TABLES":                                                "string _prickle_columns",
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 9) SELECT max(i) FROM n": "int64 9",
	} {
		rows, err := w.Query(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		values, err := rows.Next()
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got := fmt.Sprintf("%T %v", values[0], values[0]); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
		closed(t, rows)
		closed(t, rows)
	}
}

func TestQueryArguments(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 10)); err != nil {
		t.Fatal(err)
	}
	since := pipelinetest.Event(7).Timestamp
	got := pipelinetest.Table(t, w, "SELECT properties FROM events WHERE timestamp >= ? AND distinct_id <> ? ORDER BY timestamp DESC", since, "user-1")
	if diff := cmp.Diff([]string{`{"n":9,"plan":"pro"}`, `{"n":7,"plan":"pro"}`}, got); diff != "" {
		t.Errorf("rows in order (-want +got):\n%s", diff)
	}
	if rows, err := w.Query(t.Context(), "SELECT ?"); err == nil {
		rows.Close()
		t.Error("a query without its argument\n got no error\nwant one")
	}
}

// TestQueryExplain has the plan only, and the plan of what must not run refused.
func TestQueryExplain(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	for _, query := range []string{"EXPLAIN SELECT 1", "explain analyze select 1", "EXPLAIN (FORMAT json) FROM events", "SUMMARIZE events"} {
		if got := pipelinetest.Table(t, w, query); len(got) == 0 {
			t.Errorf("%s\n got no rows\nwant some", query)
		}
	}
}

// TestQueryCancelled stops a query that would run for hours, and wants the next one and the writer unharmed.
func TestQueryCancelled(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.Query(ctx, "SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b WHERE a.range + b.range = -1")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a query past its time\n got %v\nwant %v", err, context.DeadlineExceeded)
	}
	if err := w.Send(t.Context(), pipelinetest.Events(0, 1)); err != nil {
		t.Errorf("Send after it: %v", err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events"); got[0] != "1" {
		t.Errorf("count after it\n got %s\nwant 1", got)
	}
}
