package duckdb

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestTidy gives memory back with what is stored, every ten seconds and no more often.
func TestTidy(t *testing.T) {
	began := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	var after atomic.Int64
	w := New(*newConfig(filepath.Join(t.TempDir(), "warehouse.duckdb")), pipeline.Env{Now: func() time.Time { return began.Add(time.Duration(after.Load())) }})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer closed(t, w)
	stored := 0
	send := func() error {
		stored += 10
		return w.Send(t.Context(), pipelinetest.Events(stored-10, stored))
	}
	merge := func() error {
		_, err := w.Merge(t.Context(), pipelinetest.Invoices(0, int64(stored)))
		return err
	}
	for _, step := range []struct {
		after time.Duration
		store func() error
		want  time.Duration // when it was given back last
	}{
		{0, send, 0}, {9 * time.Second, send, 0}, {9 * time.Second, merge, 0},
		{10 * time.Second, send, 10 * time.Second}, {19 * time.Second, send, 10 * time.Second}, {20 * time.Second, merge, 20 * time.Second},
	} {
		after.Store(int64(step.after))
		if err := step.store(); err != nil {
			t.Fatal(err)
		}
		var got time.Duration
		if err := w.writer.Do(t.Context(), func() error { got = w.trimmed.Sub(began); return nil }); err != nil { // after what follows a write
			t.Fatal(err)
		}
		if got != step.want {
			t.Errorf("after %v\n got memory given back at %v\nwant %v", step.after, got, step.want)
		}
	}
}
