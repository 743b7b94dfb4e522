package duckdb

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
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

// Rows of a source that are past theirs go in pieces, with the log of the database going into its file in between.
func TestRetentionInPieces(t *testing.T) {
	now := time.Date(2026, 8, 31, 0, 0, 0, 0, time.UTC)
	c := newConfig(filepath.Join(t.TempDir(), "w.duckdb"))
	c.Tables = warehouse.Retentions{"shop_items": {Rows: 30 * 24 * time.Hour, By: "created"}}
	w := openWith(t, c, pipeline.Env{Now: func() time.Time { return now }})
	defer closed(t, w)
	_, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Streams: []pipeline.Stream{{Name: "items", Columns: []pipeline.Column{{Name: "created", Type: pipeline.Instant}}}}})
	mustDo(t, err)
	mustDo(t, w.do(t.Context(), func() error {
		_, err := w.conn.ExecContext(t.Context(), `INSERT INTO shop_items__rows (_sync_key, created, _sync_version, _sync_at, _sync_deleted, _sync_hash)
			SELECT i::VARCHAR, make_timestamptz(?) - to_days((i % 40)::INTEGER), 1, now(), false, i FROM range(520000) AS r(i)`, now.UnixMicro())
		return err
	}))
	for range 2 {
		mustDo(t, w.Compact(t.Context()))
		wantOne(t, w, "SELECT count(*), min(created) FROM shop_items__all", "403000|2026-08-01T00:00:00Z")
	}
}
