package duckdb

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// The file is opened anew after so many rows, beside queries and with nothing lost, doubled or kept from anybody; not while a result is being read.
func TestOpenedAnew(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	between := func(f func()) {
		t.Helper()
		if err := w.writer.Do(t.Context(), func() error { f(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	opened := func() (db *database) {
		between(func() { db = w.db })
		return db
	}
	const size = 500
	stored := 0
	send := func() {
		t.Helper()
		if err := w.Send(t.Context(), pipelinetest.Events(stored, stored+size)); err != nil {
			t.Fatal(err)
		}
		stored += size
	}
	between(func() { w.anewAfter = 1 })
	before := opened()
	send()
	if opened() != before {
		t.Error("it was opened anew before anything was written into the file")
	}

	rows, err := w.Query(t.Context(), "SELECT uuid FROM events")
	if err != nil {
		t.Fatal(err)
	}
	between(w.checkpoint)
	send()
	if opened() != before {
		t.Error("it was opened anew while a result was being read")
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	send()
	if opened() == before {
		t.Error("it was not opened anew after the rows that it may have written")
	}

	var asking sync.WaitGroup
	for range 3 {
		asking.Go(func() {
			for range 50 {
				if _, err := w.Health(t.Context()); err != nil {
					t.Error(err)
				}
				rows, err := w.Query(t.Context(), "SELECT count(*) FROM events")
				if err != nil {
					t.Error(err)
					continue
				}
				if err := rows.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	times := 0
	for range 20 {
		before = opened()
		between(w.checkpoint)
		send()
		if opened() != before {
			times++
		}
	}
	asking.Wait()
	before = opened()
	between(w.checkpoint)
	stored -= size // which come once more
	send()
	if opened() == before {
		t.Error("it is not opened anew any more")
	}
	t.Logf("opened anew %d times of 20 beside queries", times)
	got := pipelinetest.Table(t, w, "SELECT CAST(count(*) AS VARCHAR) || ' ' || CAST(count(DISTINCT uuid) AS VARCHAR) FROM events")
	if want := fmt.Sprintf("[%d %d]", stored, stored); fmt.Sprint(got) != want {
		t.Errorf("events and their uuids\n got %v\nwant %s", got, want)
	}
}
