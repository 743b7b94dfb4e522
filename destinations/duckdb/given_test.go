package duckdb

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestGiven reads rows of more than one vector, with and without values, whole and only in part.
func TestGiven(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	at := time.Date(2026, 8, 20, 12, 0, 0, 0, time.FixedZone("", 7200))
	columns := []column{{"n", duckdb.TYPE_BIGINT}, {"text", duckdb.TYPE_VARCHAR}, {"since", duckdb.TYPE_TIMESTAMP_TZ}, {"odd", duckdb.TYPE_BOOLEAN}}
	rows := given{columns, 5000, func(to *place, row int) {
		put(to, 0, int64(row))
		if row%3 == 0 {
			putNull(to, 1)
			putTime(to, 2, nil)
		} else {
			putText(to, 1, strings.Repeat("é", row%40))
			putTime(to, 2, &at)
		}
		put(to, 3, row%2 == 1)
	}}
	for query, want := range map[string]string{
		"SELECT count(*), sum(n), count(text), max(length(text)), count(DISTINCT since), count(*) FILTER (odd) FROM prickle_given()": "5000 12497500 3333 39 1 2500",
		"SELECT count(*), count(since), epoch_ms(min(since)), 0, 0, 0 FROM prickle_given() WHERE n >= 4090 AND text <> ''":           "592 592 1787220000000 0 0 0",
		"SELECT n, text, 0, 0, 0, 0 FROM prickle_given() WHERE n = 4999":                                                             "4999 " + strings.Repeat("é", 39) + " 0 0 0 0",
	} {
		var got [6]any
		pointers := []any{&got[0], &got[1], &got[2], &got[3], &got[4], &got[5]}
		if err := w.conn.QueryRowContext(rows.in(t.Context()), query).Scan(pointers...); err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if text := strings.Trim(fmt.Sprint(got), "[]"); text != want {
			t.Errorf("%s\n got %s\nwant %s", query, text, want)
		}
	}
}

// What is given is for the statement whose context has it, and for no query of a user.
func TestGivenIsNotForQueries(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	if _, err := w.conn.ExecContext(t.Context(), "CREATE TEMP TABLE t AS FROM prickle_given()"); err == nil || !strings.Contains(err.Error(), "Prickle's own statements") {
		t.Errorf("a statement without rows\n got %v\nwant an error that says what the function is for", err)
	}
	for _, query := range []string{"SELECT * FROM prickle_given()", "FROM PRICKLE_given()", "SELECT (SELECT count(*) FROM prickle_given())"} {
		if _, err := w.Query(t.Context(), query); err == nil || !strings.Contains(strings.ToLower(err.Error()), "the function prickle_given is not allowed") {
			t.Errorf("%s\n got %v\nwant it to be refused", query, err)
		}
	}
}

// A row group is full before the next one begins, whatever the writes, so that no checkpoint has anything to put together; nothing is lost or doubled where
// a write was divided.
func TestRowGroupsAreFull(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	for from := 0; from < 260_000; from += 47_000 {
		again := max(from-1000, 0) // some of the write before once more
		if err := w.Send(t.Context(), pipelinetest.Events(again, from+47_000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.do(context.Background(), func() error { return nil }); err != nil { // what follows the last write is done
		t.Fatal(err)
	}
	got := pipelinetest.Table(t, w, `SELECT sum(count) FROM pragma_storage_info('events__rows') WHERE column_name = 'uuid' AND segment_type <> 'VALIDITY'
		GROUP BY row_group_id ORDER BY row_group_id`)
	if diff := cmp.Diff([]string{fmt.Sprint(rowGroup), fmt.Sprint(rowGroup), fmt.Sprint(282_000 - 2*rowGroup)}, got); diff != "" {
		t.Errorf("rows of the groups (-want +got)\n%s", diff)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events"); got[0] != "282000|282000" {
		t.Errorf("rows, events\n got %s\nwant 282000|282000", got[0])
	}
}
