package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

func TestQueryValues(t *testing.T) {
	dsn := postgres.Database(t)
	for _, protocol := range []Protocol{extended, simple} {
		w := open(t, dsn, func(c *Config) { c.Protocol = protocol })
		e := pipelinetest.Event(1)
		e.Properties = pipeline.Properties(`{"b":12345678901234567890123,"a":[1.10]}`)
		mustSend(t, w, []pipeline.Event{e})
		for query, want := range map[string]string{
			"SELECT properties FROM events;":                             `string {"a": [1.10], "b": 12345678901234567890123}`,
			"SELECT uuid FROM events -- the id":                          "string " + e.UUID,
			"SELECT properties->>'b' FROM events":                        "string 12345678901234567890123",
			"SELECT timestamp FROM events":                               "time.Time 2026-08-20 10:00:00.124 +0000 UTC",
			"SELECT '2026-08-20 10:00'::timestamp":                       "time.Time 2026-08-20 10:00:00 +0000 UTC",
			"SELECT 'infinity'::timestamptz":                             "string infinity",
			"SELECT '0044-03-15 BC'::timestamptz":                        "string 0044-03-15 00:00:00+00 BC",
			"SELECT sum(i) FROM generate_series(1, 4) AS i":              "int64 10",
			"SELECT sum(9223372036854775807) FROM generate_series(1, 2)": "string 18446744073709551614",
			"SELECT 1::smallint":                                         "int64 1",
			"SELECT 1.5::real":                                           "float64 1.5",
			"SELECT 'NaN'::float8":                                       "float64 NaN",
			"SELECT 1.50":                                                "string 1.50",
			"SELECT DATE '2026-08-20'":                                   "string 2026-08-20",
			"SELECT INTERVAL '90 minutes'":                               "string 01:30:00",
			"SELECT ARRAY[1, 2]":                                         "string {1,2}",
			"SELECT NULL":                                                "<nil> <nil>",
			"SELECT true":                                                "bool true",
			`SELECT 'x\001'::bytea`:                                      "[]uint8 [120 1]",
			"VALUES ('a')":                                               "string a",
			"TABLE _prickle_tables LIMIT 0":                              "EOF",
			"SHOW standard_conforming_strings":                           "string on",
			"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 9) SELECT max(i) FROM n":              "int64 9",
			"SELECT count(*) > 0 FROM (SELECT random(), gen_random_uuid(), now(), pg_total_relation_size('events')) AS r": "bool true",
		} {
			rows, err := w.Query(t.Context(), query)
			if err != nil {
				t.Errorf("%s: %v", query, err)
				continue
			}
			got := "EOF"
			if values, err := rows.Next(); err == nil {
				got = fmt.Sprintf("%T %v", values[0], values[0])
			} else if !errors.Is(err, io.EOF) {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%s: %s\n got %s\nwant %s", protocol, query, got, want)
			}
			closed(t, rows)
			closed(t, rows)
		}
		closed(t, w)
	}
}

func TestQueryArguments(t *testing.T) {
	dsn := postgres.Database(t)
	for _, protocol := range []Protocol{extended, simple} {
		w := open(t, dsn, func(c *Config) { c.Protocol = protocol })
		mustSend(t, w, pipelinetest.Events(0, 10))
		since := pipelinetest.Event(7).Timestamp
		got := pipelinetest.Table(t, w, "SELECT properties FROM events WHERE timestamp >= $1 AND distinct_id <> $2 ORDER BY timestamp DESC", since, "user-1")
		if diff := cmp.Diff([]string{`{"n":9,"plan":"pro"}`, `{"n":7,"plan":"pro"}`}, got); diff != "" {
			t.Errorf("rows in order (-want +got):\n%s", diff)
		}
		got = pipelinetest.Table(t, w, "SELECT count(*) FROM events WHERE distinct_id = $1", `'; DROP TABLE events; -- \`)
		if diff := cmp.Diff([]string{"0"}, got); diff != "" {
			t.Errorf("rows of a hostile argument (-want +got):\n%s", diff)
		}
		if rows, err := w.Query(t.Context(), "SELECT $1::text"); err == nil {
			rows.Close()
			t.Error("a query without its argument\n got no error\nwant one")
		}
		closed(t, w)
	}
}

func TestQueryExplain(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	for _, query := range []string{"EXPLAIN SELECT 1", "explain analyze select 1", "EXPLAIN (FORMAT json, VERBOSE true) TABLE events", "EXPLAIN VERBOSE WITH x AS (SELECT 1) SELECT * FROM x"} {
		if got := pipelinetest.Table(t, w, query); len(got) == 0 {
			t.Errorf("%s\n got no rows\nwant some", query)
		}
	}
}

// A large result is not held in memory: its first rows are there at once, and closing it does not read the rest.
func TestQueryStreams(t *testing.T) {
	w := open(t, postgres.Database(t), func(c *Config) { c.Connections = 1 })
	defer closed(t, w)
	began := time.Now()
	for range 3 {
		rows, err := w.Query(t.Context(), "SELECT repeat('x', 1000), generate_series(1, 100000000)")
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, err := rows.Next(); err != nil {
				t.Fatal(err)
			}
		}
		closed(t, rows)
	}
	// Each of them is 100 GB.
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the first rows of large results\n got %s\nwant them at once", took)
	}
	// An error that comes late is told.
	rows, err := w.Query(t.Context(), "SELECT 1 / (1000 - i) FROM generate_series(1, 2000) AS i")
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = rows.Next()
	}
	if !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("a result that breaks off\n got %v\nwant division by zero", err)
	}
	rows.Close()
}

// TestQueryCancelled stops a query that would run for hours, at the server too, and wants the next one unharmed.
func TestQueryCancelled(t *testing.T) {
	dsn := postgres.Database(t)
	w := open(t, dsn, func(c *Config) { c.Connections = 1 })
	defer closed(t, w)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := w.Query(ctx, "SELECT count(*) FROM generate_series(1, 10000) AS a, generate_series(1, 10000) AS b, generate_series(1, 10000) AS c WHERE a + b + c = -1")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a query past its time\n got %v\nwant %v", err, context.DeadlineExceeded)
	}
	mustSend(t, w, pipelinetest.Events(0, 1))
	wantRows(t, w, "SELECT count(*) FROM events", "1")
	for running := "1"; running != "0"; {
		running = postgres.Rows(t, dsn, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%generate_series%' AND pid <> pg_backend_pid()")[0]
	}
}

// TestNothingStaysInSessions looks at what a pooler would hand to somebody else.
func TestNothingStaysInSessions(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	mustSend(t, w, pipelinetest.Events(0, 10))
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, pipeline.Record{Key: "a", Version: 1, Data: []byte(`{"n":1}`)})
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events WHERE distinct_id <> $1", "x"); got[0] != "10" {
		t.Errorf("events\n got %v\nwant 10", got)
	}
	looked := 0
	for _, conn := range append(w.writing.AcquireAllIdle(t.Context()), w.reading.AcquireAllIdle(t.Context())...) {
		looked++
		results, err := conn.Conn().PgConn().Exec(t.Context(), `SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors),
			(SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
			(SELECT count(*) FROM pg_settings WHERE source = 'session' AND name <> 'application_name')`).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s", results[0].Rows[0]); got != "[0 0 0 0 0]" {
			t.Errorf("prepared statements, cursors, temporary tables, locks and settings of a session\n got %s\nwant none", got)
		}
		conn.Release()
	}
	if looked < 2 {
		t.Errorf("sessions looked at\n got %d\nwant at least 2", looked)
	}
}

// Columns may have the names of functions that may do more than read and that no column can call.
func TestColumnsLikeFunctions(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	for query, want := range map[string]string{
		"SELECT t.system, t.lastval FROM (SELECT 1 AS system, 2 AS lastval) AS t": "1|2",
		"SELECT pg_catalog.length(t.text) FROM (SELECT 'abc' AS text) AS t":       "3",
	} {
		if got := pipelinetest.Table(t, w, query); len(got) != 1 || got[0] != want {
			t.Errorf("%s\n got %v\nwant %s", query, got, want)
		}
	}
}
