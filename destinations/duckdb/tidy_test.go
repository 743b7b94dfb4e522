package duckdb

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestTidy gives memory back with what is stored, every ten seconds and no more often.
func TestTidy(t *testing.T) {
	now := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	w := New(*newConfig(filepath.Join(t.TempDir(), "warehouse.duckdb")), pipeline.Env{Now: func() time.Time { return now }})
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
	began := now
	for _, step := range []struct {
		after time.Duration
		store func() error
		want  time.Duration // when it was given back last
	}{
		{0, send, 0}, {9 * time.Second, send, 0}, {9 * time.Second, merge, 0},
		{10 * time.Second, send, 10 * time.Second}, {19 * time.Second, send, 10 * time.Second}, {20 * time.Second, merge, 20 * time.Second},
	} {
		now = began.Add(step.after)
		if err := step.store(); err != nil {
			t.Fatal(err)
		}
		if got := w.trimmed.Sub(began); got != step.want {
			t.Errorf("after %v\n got memory given back at %v\nwant %v", step.after, got, step.want)
		}
	}
}
