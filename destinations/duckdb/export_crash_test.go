package duckdb

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// left is what a process would leave that died between two steps.
type left struct {
	dir, after string
	sent       int // the events that were stored
}

// leaving takes a copy of everything between every two steps.
func leaving(t *testing.T, w *Warehouse, dir string, sent func() int) *[]left {
	var all []left
	w.crash = func(step string) error {
		l := left{t.TempDir(), fmt.Sprintf("step %d, %s", len(all), step), sent()}
		all = append(all, l)
		return os.CopyFS(l.dir, os.DirFS(dir))
	}
	return &all
}

// A process that dies between any two steps of an export loses no event and has none twice, and the next export clears up after it.
func TestExportCrashes(t *testing.T) {
	for _, kept := range []bool{false, true} {
		change := func(c *Config) { c.Export.Keep = kept }
		dir := t.TempDir()
		w := exporting(t, dir, inAugust, change)
		events := append(spread(0, 440), lateIn(1000, 1040)...)
		sent := 0
		all := leaving(t, w, dir, func() int { return sent })
		for _, n := range []int{440, 480} {
			mustDo(t, w.Send(t.Context(), events[:n]))
			sent = n
			mustDo(t, w.Compact(t.Context()))
		}
		closed(t, w)
		if len(*all) < 16 {
			t.Fatalf("%d steps of four exports, want at least 16", len(*all))
		}
		for _, l := range *all {
			t.Run(fmt.Sprintf("keep %t, %s", kept, l.after), func(t *testing.T) {
				w := exporting(t, l.dir, inAugust.AddDate(0, 0, 1), change)
				defer closed(t, w)
				wantOnce(t, w, events[:l.sent])
				mustDo(t, w.Send(t.Context(), events))
				wantOnce(t, w, events)
				mustDo(t, w.Compact(t.Context()))
				mustDo(t, w.Compact(t.Context()))
				wantOnce(t, w, events)
				if got := filesIn(t, w); len(got) != 3 {
					t.Errorf("files\n got %q\nwant those of three months", got)
				}
			})
		}
	}
}

// An export that fails at any step is no harm, and the next one does it.
func TestExportFails(t *testing.T) {
	w := exporting(t, t.TempDir(), inAugust, nil)
	defer closed(t, w)
	sent := spread(0, 440)
	mustDo(t, w.Send(t.Context(), sent))
	for n := range 12 {
		steps := 0
		w.crash = func(string) error {
			if steps++; steps > n {
				return os.ErrDeadlineExceeded
			}
			return nil
		}
		if err := w.Compact(t.Context()); err == nil {
			break
		}
		wantOnce(t, w, sent)
	}
	w.crash = nil
	mustDo(t, w.Compact(t.Context()))
	mustDo(t, w.Compact(t.Context()))
	wantOnce(t, w, sent)
	if got := filesIn(t, w); len(got) != 3 {
		t.Errorf("files\n got %q\nwant those of three months", got)
	}
}

// ofPerson gives every fifth event to one person, and all of June.
func ofPerson(events []pipeline.Event) (others []pipeline.Event) {
	for i := range events {
		events[i].DistinctID = fmt.Sprintf("other %d", i%7)
		if i%5 == 0 || events[i].Timestamp.Month() == 6 {
			events[i].DistinctID = "it's her"
			continue
		}
		others = append(others, events[i])
	}
	return others
}

// inFiles counts the rows of a person in all files, those too that do not count.
func inFiles(t *testing.T, w *Warehouse, id string) (n int) {
	t.Helper()
	err := w.conn.QueryRowContext(t.Context(), "SELECT count(*) FROM read_parquet('"+filepath.ToSlash(w.exports.dir)+"/**/*.parquet') WHERE distinct_id = ?", id).Scan(&n)
	mustDo(t, err)
	return n
}

// A person is erased from the files too, whichever step of it a crash comes after and something may be left for the next one.
func TestExportErase(t *testing.T) {
	for _, kept := range []bool{false, true} {
		change := func(c *Config) { c.Export.Keep = kept }
		dir := t.TempDir()
		w := exporting(t, dir, inAugust, change)
		events := spread(0, 440)
		others := ofPerson(events)
		mustDo(t, w.Send(t.Context(), events))
		mustDo(t, w.Compact(t.Context()))
		erasure := pipeline.Erasure{DistinctIDs: []string{"it's her", "nobody"}, Before: inAugust}
		want := pipeline.Erased{Events: int64(len(events) - len(others))}
		wantErased := func(w *Warehouse, want pipeline.Erased) {
			t.Helper()
			if got, err := w.Erase(t.Context(), erasure); err != nil || got != want {
				t.Errorf("Erase\n got %v, %v\nwant %v", got, err, want)
			}
		}
		erasure.Count = true
		wantErased(w, want)
		wantOnce(t, w, events)
		erasure.Count = false
		all := leaving(t, w, dir, func() int { return len(events) })
		wantErased(w, want)
		wantErased(w, pipeline.Erased{})
		wantOnce(t, w, others)
		if n := inFiles(t, w, "it's her"); n > 0 || len(filesIn(t, w)) != 2 {
			t.Errorf("%d rows of the person are in the files %q, want none in two", n, filesIn(t, w))
		}
		closed(t, w)
		for _, l := range *all {
			t.Run(fmt.Sprintf("keep %t, %s", kept, l.after), func(t *testing.T) {
				w := exporting(t, l.dir, inAugust.AddDate(0, 0, 1), change)
				defer closed(t, w)
				got := pipelinetest.Table(t, w, "SELECT uuid FROM events ORDER BY uuid")
				if !slices.Equal(got, pipelinetest.UUIDs(events)) && !slices.Equal(got, pipelinetest.UUIDs(others)) {
					t.Errorf("events after a crash: %d, want all %d or the others %d", len(got), len(events), len(others))
				}
				if _, err := w.Erase(t.Context(), erasure); err != nil {
					t.Fatal(err)
				}
				wantOnce(t, w, others)
				if n := inFiles(t, w, "it's her"); n > 0 {
					t.Errorf("%d rows of the person are in the files %q", n, filesIn(t, w))
				}
			})
		}
	}
}
