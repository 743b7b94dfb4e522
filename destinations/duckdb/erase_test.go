package duckdb

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// DuckDB leaves deleted values in its file. docs/privacy.md tells how to make a file that has none of them, which is a warehouse as the first one.
func TestErasedFromACopy(t *testing.T) {
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "warehouse.duckdb"), filepath.Join(dir, "new.duckdb")
	w := open(t, path)
	events := pipelinetest.Events(0, 100)
	events[50].DistinctID = "marked-value"
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "a", Version: 1, Data: []byte(`{"n":1}`)}}}); err != nil {
		t.Fatal(err)
	}
	erased, err := w.Erase(t.Context(), pipeline.Erasure{DistinctIDs: []string{"marked-value"}, Before: events[99].ReceivedAt.Add(time.Hour)})
	if err != nil || erased.Events != 1 {
		t.Fatalf("Erase\n got %+v, %v\nwant one event", erased, err)
	}
	closed(t, w)

	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"ATTACH '" + path + "' AS old", "ATTACH '" + copied + "' AS new", "COPY FROM DATABASE old TO new", "DETACH new"} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(copied)
	if err != nil || bytes.Contains(text, []byte("marked-value")) {
		t.Errorf("the copy has the erased value, %v", err)
	}
	w = open(t, copied)
	defer closed(t, w)
	if err := w.Send(t.Context(), events[:60]); err != nil { // again, and the erased one as a new event
		t.Fatal(err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*), (SELECT n FROM shop_items) FROM events"); got[0] != "100|1" {
		t.Errorf("events and records\n got %s\nwant 100|1", got[0])
	}
}
