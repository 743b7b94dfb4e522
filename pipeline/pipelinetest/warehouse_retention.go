package pipelinetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

const day = 24 * time.Hour

// clock is what a warehouse takes the time from.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time       { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) set(at time.Time)     { c.at.Store(at.UnixMicro()) }
func (c *clock) pass(d time.Duration) { c.set(c.now().Add(d)) }

// keeping opens a warehouse whose clock begins at readAt.
func keeping(t *testing.T, h WarehouseHarness, kept map[string]Kept) (pipeline.Warehouse, *clock) {
	t.Helper()
	c := &clock{}
	c.set(readAt)
	w := h.OpenKeeping(t, c.now, kept)
	t.Cleanup(func() { closeWarehouse(t, w) })
	return w, c
}

// made is a load of the stream "items", which says when its objects were created.
func made(r ...pipeline.Record) pipeline.Load {
	return pipeline.Load{Records: r, Streams: []pipeline.Stream{{Name: "items", Columns: []pipeline.Column{
		{Name: "created", Type: pipeline.Instant}, {Name: "n", Type: pipeline.Integer},
	}}}}
}

// item is a record of an object that was created then.
func item(key string, version int64, created time.Time, n int) pipeline.Record {
	return record(key, version, fmt.Sprintf(`{"created":%q,"n":%d}`, created.Format(time.RFC3339Nano), n))
}

// deletedAt is a tombstone of an object that was deleted then.
func deletedAt(key string, version int64, at time.Time) pipeline.Record {
	r := tombstone(key, version)
	r.At = at
	return r
}

func compact(t *testing.T, w pipeline.Warehouse) {
	t.Helper()
	if err := w.Compact(t.Context()); err != nil {
		t.Fatalf("Compact: %v", err)
	}
}

// retains lets rows become too old, and wants those to go, and none of them to come again.
func retains(t *testing.T, h WarehouseHarness) {
	w, clock := keeping(t, h, map[string]Kept{"shop_items": {Retention: 30 * day, By: "created"}})
	compact(t, w) // before there is a table
	unfit := record("unfit", 1, `{"created":"soon","n":5}`)
	load := made(item("old", 1, readAt.Add(-day), 1), item("just", 1, readAt.Add(-time.Microsecond), 2), item("edge", 1, readAt, 3), item("young", 1, readAt.Add(day), 4),
		unfit, record("null", 1, `{"created":null,"n":6}`), record("none", 1, `{"n":7}`), item("changed", 1, readAt.Add(-2*day), 8), item("gone", 1, readAt.Add(-day), 9))
	merge(t, w, load, pipeline.Merged{Inserted: 9})
	merge(t, w, made(deletedAt("gone", 2, readAt), deletedAt("unseen", 2, readAt)), pipeline.Merged{Deleted: 2})
	compact(t, w)
	rows := "SELECT _sync_key, n FROM shop_items__all ORDER BY _sync_key"
	all := []string{"changed|8", "edge|3", "gone|9", "just|2", "none|7", "null|6", "old|1", "unfit|5", "unseen|null", "young|4"}
	wantTable(t, w, rows, all...)

	clock.pass(30 * day)
	merge(t, w, made(item("changed", 2, readAt.Add(-2*day), 80)), pipeline.Merged{Updated: 1}) // it is there until the next night
	merge(t, w, made(item("new", 1, readAt.Add(-time.Microsecond), 1), item("other", 1, readAt, 10)), pipeline.Merged{Inserted: 1, Unchanged: 1})
	kept := []string{"edge|3", "none|7", "null|6", "other|10", "unfit|5", "unseen|null", "young|4"}
	for range 2 {
		compact(t, w)
		wantTable(t, w, rows, kept...)
	}
	wantTable(t, w, "SELECT count(*) FROM shop_items__rows WHERE _sync_key IN ('old', 'just', 'gone', 'changed', 'new')", "0")

	// A source that reads everything again brings none of them back, in whatever state.
	merge(t, w, load, pipeline.Merged{Unchanged: 9})
	cursor := made(item("old", 7, readAt.Add(-day), 70), item("young", 7, readAt.Add(day), 40))
	cursor.Cursor = pipeline.Cursor(`{"page":1}`)
	merge(t, w, cursor, pipeline.Merged{Updated: 1, Unchanged: 1})
	wantCursor(t, w, `{"page":1}`)
	kept[len(kept)-1] = "young|40"
	wantTable(t, w, rows, kept...)
	merge(t, w, made(item("old", 8, readAt.Add(2*day), 71)), pipeline.Merged{Inserted: 1}) // it was created later after all
	wantTable(t, w, "SELECT n, _sync_raw FROM shop_items__all WHERE _sync_key = 'old'", `71|{"created":"2026-08-22T10:00:00Z","n":71}`)
}

// retainsDeleted lets deletions become too old, and wants the rows to go with all that is in them, and nothing from before to be seen in their place.
func retainsDeleted(t *testing.T, h WarehouseHarness) {
	w, clock := keeping(t, h, map[string]Kept{"*": {Deleted: 10 * day}, "shop_others": {Deleted: 20 * day}})
	merge(t, w, made(item("a", 1, readAt, 1), item("b", 1, readAt, 2), item("c", 1, readAt, 3), item("live", 1, readAt, 4)), pipeline.Merged{Inserted: 4})
	merge(t, w, made(item("a", 2, readAt, 10), item("late", 2, readAt, 5)), pipeline.Merged{Inserted: 1, Updated: 1})
	other := deletedAt("x", 1, readAt.Add(-day))
	other.Stream = "others"
	gone := made(deletedAt("a", 3, readAt.Add(-time.Microsecond)), deletedAt("b", 3, readAt), deletedAt("unseen", 3, readAt.Add(-day)), other)
	merge(t, w, gone, pipeline.Merged{Deleted: 4})
	own := profiles(1, [2]string{"user-1", ""})
	own.Records[0].At = readAt.Add(-day)
	if _, err := w.Merge(t.Context(), own); err != nil {
		t.Fatalf("Merge: %v", err)
	}
	clock.pass(10 * day)
	rows := "SELECT _sync_key, n, _sync_deleted FROM shop_items__all ORDER BY _sync_key"
	for range 2 {
		compact(t, w)
		wantTable(t, w, rows, "b|2|true", "c|3|false", "late|5|false", "live|4|false")
		wantTable(t, w, "SELECT count(*) FROM shop_items__rows WHERE _sync_key IN ('a', 'unseen')", "0")
		wantTable(t, w, "SELECT _sync_key FROM shop_others__all", "x")
		wantTable(t, w, "SELECT _sync_key FROM person_distinct_ids__all", "user-1")
	}

	// The deletions come again; one of them is heard of only now, and another one after its object in the same load.
	merge(t, w, gone, pipeline.Merged{Unchanged: 4})
	merge(t, w, made(item("short", 4, readAt, 6), deletedAt("short", 5, readAt.Add(-day)), deletedAt("late", 5, readAt.Add(-day))), pipeline.Merged{Deleted: 1, Unchanged: 1})
	wantTable(t, w, "SELECT _sync_key FROM shop_items ORDER BY _sync_key", "c", "live")
	compact(t, w)
	wantTable(t, w, rows, "b|2|true", "c|3|false", "live|4|false")

	// What lives again is new.
	merge(t, w, made(item("a", 9, readAt.Add(day), 11)), pipeline.Merged{Inserted: 1})
	merge(t, w, made(item("b", 9, readAt.Add(day), 12)), pipeline.Merged{Updated: 1})
	clock.pass(100 * day)
	compact(t, w)
	wantTable(t, w, "SELECT _sync_key, n, created, _sync_raw FROM shop_items__all WHERE _sync_key < 'c' ORDER BY _sync_key",
		`a|11|2026-08-21T10:00:00Z|{"created":"2026-08-21T10:00:00Z","n":11}`, `b|12|2026-08-21T10:00:00Z|{"created":"2026-08-21T10:00:00Z","n":12}`)
	wantTable(t, w, "SELECT count(*) FROM shop_others__all", "0")
}

// many is a load of numbered objects.
func many(from, to int, version int64, created time.Time, n int) pipeline.Load {
	load := made()
	for i := from; i < to; i++ {
		load.Records = append(load.Records, item(fmt.Sprintf("%06d", i), version, created, n))
	}
	return load
}

// retainsBeside merges and queries while many rows go. Some of those are found to be younger meanwhile.
func retainsBeside(t *testing.T, h WarehouseHarness) {
	const old, fresh = 12_000, 20
	w, clock := keeping(t, h, map[string]Kept{"shop_items": {Retention: 30 * day, By: "created"}})
	merge(t, w, many(0, old, 1, readAt, 1), pipeline.Merged{Inserted: old})
	clock.pass(31 * day)
	done := make(chan error, 1)
	go func() { done <- w.Compact(t.Context()) }()
	n := 0
	for running := true; running; n++ {
		select {
		case err := <-done:
			running = false
			if err != nil {
				t.Fatalf("Compact: %v", err)
			}
		default:
		}
		merge(t, w, many(old+n*fresh, old+(n+1)*fresh, 1, clock.now(), 2), pipeline.Merged{Inserted: fresh})
		younger := many(n*fresh, (n+1)*fresh, 2, clock.now(), 3)
		younger.Source = "shop"
		if _, err := w.Merge(t.Context(), younger); err != nil {
			t.Fatalf("Merge: %v", err)
		}
		wantTable(t, w, "SELECT count(*), min(n), max(n) FROM shop_items WHERE n > 1", fmt.Sprintf("%d|2|3", 2*(n+1)*fresh))
		if err := w.Send(t.Context(), Events(n*10, n*10+10)); err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	compact(t, w)
	wantTable(t, w, "SELECT count(*) FROM shop_items__all", fmt.Sprint(2*n*fresh))
}

// retentionCutOff ends Compacts after ever longer times, until one comes through. Every row that goes has an older state which is not past its retention,
// and must never be seen.
func retentionCutOff(t *testing.T, h WarehouseHarness) {
	const old, young = 500, 100
	w, clock := keeping(t, h, map[string]Kept{"shop_items": {Retention: 30 * day, By: "created", Deleted: 10 * day}})
	merge(t, w, many(0, old+young, 1, readAt.Add(100*day), 1), pipeline.Merged{Inserted: old + young})
	merge(t, w, many(0, old/2, 2, readAt, 2), pipeline.Merged{Updated: old / 2})
	load := made()
	for i := old / 2; i < old; i++ {
		load.Records = append(load.Records, deletedAt(fmt.Sprintf("%06d", i), 2, readAt))
	}
	merge(t, w, load, pipeline.Merged{Deleted: old / 2})
	clock.pass(31 * day)
	for allowed := 50 * time.Microsecond; ; allowed = allowed * 3 / 2 {
		ctx, cancel := context.WithTimeout(t.Context(), allowed)
		err := w.Compact(ctx)
		cancel()
		wantTable(t, w, "SELECT count(*) FROM shop_items WHERE n = 1", fmt.Sprint(young))
		if err == nil {
			break
		}
		if allowed > time.Minute {
			t.Fatalf("Compact with %s\n got %v\nwant no error", allowed, err)
		}
	}
	wantTable(t, w, "SELECT n, count(*) FROM shop_items__all GROUP BY n", fmt.Sprintf("1|%d", young))
}

// retentionWarns names columns that have no times, or none any more, and wants nothing to go by them.
func retentionWarns(t *testing.T, h WarehouseHarness) {
	w, clock := keeping(t, h, map[string]Kept{
		"shop_items": {Retention: 30 * day, By: "created", Deleted: 10 * day}, "shop_others": {Retention: 30 * day, By: "creatd"}, "shop_nothing": {Deleted: 10 * day},
	})
	warned(t, w)
	load := made(item("a", 1, readAt, 1), item("b", 1, readAt, 2), tombstone("c", 1))
	load.Streams = append(load.Streams, pipeline.Stream{Name: "others", Columns: []pipeline.Column{{Name: "made", Type: pipeline.Instant}}})
	other := item("x", 1, readAt, 1)
	other.Stream = "others"
	load.Records = append(load.Records, other)
	merge(t, w, load, pipeline.Merged{Inserted: 3, Deleted: 1})
	missing := "tables: there is no table shop_nothing: name one of shop_items, shop_others, or leave it out"
	creatd := "tables: shop_others has no column creatd: name one of its times (made) as by; nothing is deleted by its age until then"
	warned(t, w, creatd, missing)
	clock.pass(31 * day)
	for _, typ := range []pipeline.Type{pipeline.String, pipeline.JSON} {
		wider := made(item("d", 1, readAt, 4))
		wider.Streams[0].Columns[0].Type = typ
		merged := pipeline.Merged{Inserted: 1}
		if typ == pipeline.JSON { // it was written before
			merged = pipeline.Merged{Unchanged: 1}
		}
		merge(t, w, wider, merged)
		warned(t, w, fmt.Sprintf("tables: the column created of shop_items is of the type %s and has no times: name a column of times, once it has one, as by; "+
			"nothing is deleted by its age until then", typ), creatd, missing)
		compact(t, w)
		wantTable(t, w, "SELECT _sync_key FROM shop_items__all ORDER BY _sync_key", "a", "b", "d")
		wantTable(t, w, "SELECT _sync_key FROM shop_others", "x")
	}
}

func warned(t *testing.T, w pipeline.Warehouse, want ...string) {
	t.Helper()
	got, err := w.Health(t.Context())
	if err != nil {
		t.Fatalf("Health: %v", err)
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
