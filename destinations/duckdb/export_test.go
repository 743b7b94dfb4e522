package duckdb

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// steady is a clock that is a second later with every look at it.
func steady(from time.Time) func() time.Time {
	var looks atomic.Int64
	return func() time.Time { return from.Add(time.Duration(looks.Add(1)) * time.Second) }
}

// inAugust is when the tests of exports happen.
var inAugust = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

// exporting opens the warehouse in a folder that exports to one beside it.
func exporting(t *testing.T, dir string, now time.Time, change func(*Config)) *Warehouse {
	t.Helper()
	config := newConfig(filepath.Join(dir, "w.duckdb"))
	config.Export.Dir = filepath.Join(dir, "months")
	if change != nil {
		change(config)
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	w := New(*config, pipeline.Env{Now: steady(now)})
	if err := w.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

func keep(c *Config) { c.Export.Keep = true }

// spread makes events of every sixth hour from the beginning of May on, each captured a second later.
func spread(first, last int) []pipeline.Event {
	events := pipelinetest.Events(first, last)
	for i := range events {
		events[i].Timestamp = time.Date(2026, 5, 1, 6*(first+i), 0, 0, 0, time.UTC)
		events[i].ReceivedAt = events[i].Timestamp.Add(time.Second)
	}
	return events
}

// lateIn makes events of May that are captured ten days before August's twentieth.
func lateIn(first, last int) []pipeline.Event {
	events := pipelinetest.Events(first, last)
	for i := range events {
		events[i].Timestamp = time.Date(2026, 5, 9, 0, i, 0, 0, time.UTC)
		events[i].ReceivedAt = inAugust.AddDate(0, 0, -10)
	}
	return events
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantOne(t *testing.T, w *Warehouse, query, want string) {
	t.Helper()
	if got := strings.Join(pipelinetest.Table(t, w, query), " "); got != want {
		t.Errorf("%s\n got %s\nwant %s", query, got, want)
	}
}

// wantOnce wants each of the events in events, once, and nothing else.
func wantOnce(t *testing.T, w *Warehouse, events []pipeline.Event) {
	t.Helper()
	want := pipelinetest.UUIDs(events)
	slices.Sort(want)
	if diff := cmp.Diff(want, pipelinetest.Table(t, w, "SELECT uuid FROM events ORDER BY uuid")); diff != "" {
		t.Errorf("uuids in events (-want +got):\n%s", diff)
	}
}

// filesIn are the files in the folder of exports.
func filesIn(t *testing.T, w *Warehouse) (files []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(w.exports.dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	mustDo(t, err)
	return files
}

// compactingStore compacts after every write, so that all that can be in files is in files.
type compactingStore struct{ *Warehouse }

func (s compactingStore) Send(ctx context.Context, events []pipeline.Event) error {
	if err := s.Warehouse.Send(ctx, events); err != nil {
		return err
	}
	return s.Compact(ctx)
}

// The whole contract holds for events that are in files.
func TestContractExported(t *testing.T) {
	pipelinetest.Warehouse(t, func(t *testing.T) pipelinetest.WarehouseHarness {
		dir, opened := t.TempDir(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		return pipelinetest.WarehouseHarness{
			Poison: notJSON, Refused: refused,
			Open: func(t *testing.T) pipeline.Warehouse {
				opened = opened.Add(time.Hour)
				return compactingStore{exporting(t, dir, opened, nil)}
			},
			OpenKeeping: func(t *testing.T, now func() time.Time, kept map[string]pipelinetest.Kept) pipeline.Warehouse {
				c := newConfig(filepath.Join(dir, "w.duckdb"))
				c.Export.Dir, c.Tables = filepath.Join(dir, "months"), retentions(kept)
				return openWith(t, c, pipeline.Env{Now: now})
			},
		}
	})
}

// Closed months are in files alone, what is later is in the table, and events has all of it, whatever comes late, twice or again.
func TestExport(t *testing.T) {
	w := exporting(t, t.TempDir(), inAugust, nil)
	defer closed(t, w)
	sent := spread(0, 440) // to the nineteenth of August
	mustDo(t, w.Send(t.Context(), sent))
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent)
	wantOne(t, w, "SELECT count(*), min(timestamp) FROM events__rows", "72|2026-08-01T00:00:00Z")
	wantOne(t, w, "SELECT month, rows, moved, state FROM _prickle_exports ORDER BY month",
		"2026-05-01T00:00:00Z|124|true|live 2026-06-01T00:00:00Z|120|true|live 2026-07-01T00:00:00Z|124|true|live")
	h, err := w.Health(t.Context())
	if err != nil || h.Events != 440 || len(h.Warnings) > 0 {
		t.Errorf("Health\n got %+v, %v\nwant 440 events and no warnings", h, err)
	}

	mustDo(t, w.Send(t.Context(), sent)) // a replay
	late := lateIn(1000, 1012)
	mustDo(t, w.Send(t.Context(), late))
	mustDo(t, w.Send(t.Context(), late))
	sent = append(sent, late...)
	wantOnce(t, w, sent)
	mustDo(t, w.Compact(t.Context()))
	wantOne(t, w, "SELECT count(*) FROM events__rows", "84") // too few to write the file again
	more := lateIn(2000, 2001)
	mustDo(t, w.Send(t.Context(), more))
	sent = append(sent, more...)
	mustDo(t, w.Compact(t.Context()))
	wantOne(t, w, "SELECT count(*) FROM events__rows", "72")
	wantOne(t, w, "SELECT rows FROM _prickle_exports WHERE state = 'live' ORDER BY month LIMIT 1", "137")
	mustDo(t, w.Send(t.Context(), late)) // they are found in the file
	wantOnce(t, w, sent)
	mustDo(t, w.Compact(t.Context()))
	if got := filesIn(t, w); len(got) != 3 {
		t.Errorf("files\n got %q\nwant those of three months", got)
	}
}

// What was captured within the time in which copies come stays in the table.
func TestExportLeavesWhatIsNew(t *testing.T) {
	w := exporting(t, t.TempDir(), inAugust, nil)
	defer closed(t, w)
	events := lateIn(0, 20)
	for i := range events[:5] {
		events[i].ReceivedAt = inAugust.Add(-47 * time.Hour)
	}
	mustDo(t, w.Send(t.Context(), events))
	mustDo(t, w.Compact(t.Context()))
	wantOne(t, w, "SELECT count(*) FROM events__rows", "5")
	wantOnce(t, w, events)
}

// A month is closed some time after its end.
func TestExportAfter(t *testing.T) {
	for after, want := range map[time.Duration]string{7 * 24 * time.Hour: "72", 20 * 24 * time.Hour: "196", 90 * 24 * time.Hour: "440"} {
		w := exporting(t, t.TempDir(), inAugust, func(c *Config) { c.Export.After = after })
		mustDo(t, w.Send(t.Context(), spread(0, 440)))
		mustDo(t, w.Compact(t.Context()))
		wantOne(t, w, "SELECT count(*) FROM events__rows", want)
		closed(t, w)
	}
}

// With keep the files are copies that follow the table, until the rows are let go.
func TestExportKeep(t *testing.T) {
	dir := t.TempDir()
	w := exporting(t, dir, inAugust, keep)
	sent := append(spread(0, 440), lateIn(1000, 1040)...)
	mustDo(t, w.Send(t.Context(), sent[:440]))
	mustDo(t, w.Compact(t.Context()))
	mustDo(t, w.Send(t.Context(), sent))
	mustDo(t, w.Compact(t.Context()))
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent)
	wantOne(t, w, "SELECT count(*) FROM events__rows", "480")
	wantOne(t, w, "SELECT sum(rows)::BIGINT, count(*) FROM _prickle_exports", "408|3")
	if got := filesIn(t, w); len(got) != 3 {
		t.Errorf("files\n got %q\nwant those of three months", got)
	}
	closed(t, w)

	w = exporting(t, dir, inAugust.Add(time.Hour), nil)
	defer closed(t, w)
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent)
	wantOne(t, w, "SELECT count(*) FROM events__rows", "72")
}

// A month in a file goes when all of it is past the retention.
func TestExportRetention(t *testing.T) {
	dir := t.TempDir()
	w := exporting(t, dir, inAugust, nil)
	sent := spread(0, 440)
	mustDo(t, w.Send(t.Context(), sent))
	mustDo(t, w.Compact(t.Context()))
	closed(t, w)
	w = exporting(t, dir, inAugust.Add(time.Hour), func(c *Config) { c.Retention = 60 * 24 * time.Hour }) // to the 21st of June
	defer closed(t, w)
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent[124:])
	mustDo(t, w.Compact(t.Context()))
	if got := filesIn(t, w); len(got) != 2 {
		t.Errorf("files\n got %q\nwant those of June and July", got)
	}
}

// Rows past their retention go also while months cannot be exported.
func TestRetentionWithoutExport(t *testing.T) {
	w := exporting(t, t.TempDir(), inAugust, func(c *Config) { c.Tables = warehouse.Retentions{warehouse.AllTables: {Deleted: 24 * time.Hour}} })
	defer closed(t, w)
	mustDo(t, w.Send(t.Context(), spread(0, 440)))
	_, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{
		{Stream: "items", Key: "gone", Version: 1, At: inAugust.AddDate(0, 0, -2), Data: []byte(`{"n":1}`)},
		{Stream: "items", Key: "here", Version: 1, At: inAugust, Data: []byte(`{"n":2}`)},
	}})
	mustDo(t, err)
	w.config.Tables = nil // or the tombstone would not come in
	_, err = w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "gone", Version: 2, At: inAugust.AddDate(0, 0, -2), Deleted: true}}})
	mustDo(t, err)
	w.config.Tables = warehouse.Retentions{warehouse.AllTables: {Deleted: 24 * time.Hour}}
	mustDo(t, os.RemoveAll(w.config.Export.Dir))
	mustDo(t, os.WriteFile(w.config.Export.Dir, nil, 0o600)) // in place of the folder
	if err := w.Compact(t.Context()); err == nil {
		t.Error("Compact\n got no error\nwant that of the export")
	}
	wantOne(t, w, "SELECT count(*), min(_sync_key) FROM shop_items__all", "1|here")
}

// The files are found where they are, also by whoever does not know the configuration, and after the folder has moved. Missing ones are told.
func TestExportMoves(t *testing.T) {
	dir := t.TempDir()
	w := exporting(t, dir, inAugust, nil)
	sent := spread(0, 440)
	mustDo(t, w.Send(t.Context(), sent))
	mustDo(t, w.Compact(t.Context()))
	closed(t, w)

	r, err := OpenForQuery(t.Context(), filepath.Join(dir, "w.duckdb"))
	mustDo(t, err)
	if got := pipelinetest.Table(t, r, "SELECT count(*) FROM events"); got[0] != "440" {
		t.Errorf("a reader sees %s events, want 440", got)
	}
	closed(t, r)
	w = exporting(t, dir, inAugust, func(c *Config) { c.Export.Dir = "" }) // no more exports, and those that there are stay
	mustDo(t, w.Send(t.Context(), sent))
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent)
	closed(t, w)

	moved := t.TempDir()
	mustDo(t, os.CopyFS(moved, os.DirFS(dir)))
	mustDo(t, os.RemoveAll(dir))
	w = exporting(t, moved, inAugust, nil)
	wantOnce(t, w, sent)
	lost := w.exports.path(w.exports.months[0].file)
	closed(t, w)
	mustDo(t, os.Remove(lost))
	w = exporting(t, moved, inAugust, nil)
	defer closed(t, w)
	h, err := w.Health(t.Context())
	if err != nil || len(h.Warnings) != 1 || !strings.Contains(h.Warnings[0], lost+" is not there") {
		t.Errorf("Health without a file\n got %+v, %v\nwant a warning of %s", h, err, lost)
	}
	if _, err := w.Query(t.Context(), "SELECT count(*) FROM events"); err == nil {
		t.Error("events without one of its files is shown as if it were all")
	}
	mustDo(t, w.Send(t.Context(), spread(440, 441))) // what is live goes on
}

func TestExportConfig(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"export.after: want at least 2d":                func(c *Config) { c.Export.After = time.Hour },
		"export.dir: \"a/*\": want a folder":            func(c *Config) { c.Export.Dir = "a/*" },
		"memory_limit: want at least 128MB with export": func(c *Config) { c.MemoryLimit, c.Export.Dir = leastMemory, "x" },
		"cannot be the name of a view":                  func(c *Config) { c.Lakes = map[string]string{"events__rows": "x"} },
	} {
		c := newConfig("w.duckdb")
		change(c)
		err := c.Validate()
		if err == nil {
			err = c.Export.Validate()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate\n got %v\nwant %s", err, want)
		}
	}
}

// The folder may be a link, to another disk for example.
func TestExportThroughLink(t *testing.T) {
	dir, disk := t.TempDir(), t.TempDir()
	if err := os.Symlink(disk, filepath.Join(dir, "months")); err != nil {
		t.Skipf("NOT TESTED: exports through links, which this system does not have: %v", err)
	}
	w := exporting(t, dir, inAugust, nil)
	defer closed(t, w)
	sent := spread(0, 440)
	mustDo(t, w.Send(t.Context(), sent))
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent)
	files, err := filepath.Glob(filepath.Join(disk, "project=0", "month=2026-*", "*.parquet"))
	if err != nil || len(files) != 3 {
		t.Errorf("files on the other disk\n got %q, %v\nwant three", files, err)
	}
}
