package duckdb

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// Compact deletes the events whose time is past the retention, and no others.
func TestRetention(t *testing.T) {
	config := *Spec.NewConfig().(*Config)
	config.Path, config.Retention = filepath.Join(t.TempDir(), "w.duckdb"), 48*time.Hour
	events := pipelinetest.Events(0, 10)
	now := events[0].Timestamp.Add(time.Hour)
	events[3].Timestamp = now.Add(-49 * time.Hour)
	events[4].Timestamp = now.Add(-47 * time.Hour)
	w := New(config, pipeline.Env{Now: func() time.Time { return now }})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if err := w.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := pipelinetest.Table(t, w, "SELECT count(*) FROM events WHERE uuid <> '"+events[3].UUID+"'")
	gone := pipelinetest.Table(t, w, "SELECT count(*) FROM events WHERE uuid = '"+events[3].UUID+"'")
	if got[0] != "9" || gone[0] != "0" {
		t.Errorf("after Compact\n got %s events within the retention and %s beyond it\nwant 9 and 0", got[0], gone[0])
	}
}
