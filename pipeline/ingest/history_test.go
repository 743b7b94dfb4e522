package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

// told returns the rows that were written of passes, by stream, without their times.
func (s *store) told(t *testing.T) map[string][]map[string]any {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := map[string][]map[string]any{}
	for _, load := range s.loads {
		if load.Source != HistorySource {
			continue
		}
		for _, r := range load.Records {
			var row map[string]any
			if err := json.Unmarshal(r.Data, &row); err != nil {
				t.Fatal(err)
			}
			for _, column := range columnsOf(load.Streams, r.Stream) {
				if _, there := row[column]; !there {
					t.Errorf("%s: no %s in %s", r.Stream, column, r.Data)
				}
			}
			if r.Key == "" || r.Version == 0 || r.At.IsZero() {
				t.Errorf("%s: record %+v without key, version or time", r.Stream, r)
			}
			for _, column := range []string{"id", "run", "started_at", "ended_at", "succeeded_at"} {
				delete(row, column)
			}
			rows[r.Stream] = append(rows[r.Stream], row)
		}
	}
	return rows
}

func columnsOf(streams []pipeline.Stream, name string) (columns []string) {
	for _, s := range streams {
		if s.Name != name {
			continue
		}
		for _, c := range s.Columns {
			columns = append(columns, c.Name)
		}
	}
	return columns
}

func TestPassesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &store{}
		s := &script{pass: func(ctx context.Context, n int, _ pipeline.Cursor, emit pipeline.Emit) error {
			switch n {
			case 1:
				return emit(ctx, batch(`{}`, "things", "things", "others"))
			case 2:
				return errors.New("no answer")
			default:
				<-ctx.Done()
				return ctx.Err()
			}
		}}
		r := New(Deps{Source: s, Name: "shop", Every: 10 * time.Minute, Warehouse: w, History: true})
		stop := start(t, r)
		synctest.Wait()
		if err := r.Sync(t.Context(), nil); err == nil {
			t.Error("second pass: got no error, want that of the source")
		}
		<-time.After(15 * time.Minute)
		stop()
		row := func(trigger, status string, read int, err any) map[string]any {
			return map[string]any{
				"source": "shop", "trigger": trigger, "status": status, "rows_read": float64(read), "inserted": float64(read),
				"updated": 0., "deleted": 0., "unchanged": 0., "error": err,
			}
		}
		want := map[string][]map[string]any{
			"sync_runs": {
				row("schedule", "succeeded", 3, nil), row("command", "failed", 0, `source "shop": no answer`),
				row("schedule", "cancelled", 0, `source "shop": context canceled`),
			},
			"sync_streams": { // of the pass that read everything alone
				{"source": "shop", "stream": "things", "rows_read": 2.}, {"source": "shop", "stream": "others", "rows_read": 1.},
			},
		}
		if diff := cmp.Diff(want, w.told(t)); diff != "" {
			t.Errorf("rows of passes\n%s", diff)
		}
	})
}

// Whoever waits for a pass finds it told when Sync returns.
func TestPassIsToldBeforeSyncReturns(t *testing.T) {
	w := &store{}
	s := &script{pass: func(context.Context, int, pipeline.Cursor, pipeline.Emit) error { return nil }}
	r := New(Deps{Source: s, Name: "shop", Warehouse: w, History: true})
	if err := r.Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := w.told(t); len(got["sync_runs"]) != 1 || len(got["sync_streams"]) != 2 {
		t.Errorf("rows\n got %v\nwant the pass and its two streams", got)
	}
}

func TestPassIsNotHarmedByItsHistory(t *testing.T) {
	var log bytes.Buffer
	w := &store{err: errors.New("read-only")}
	s := &script{pass: func(context.Context, int, pipeline.Cursor, pipeline.Emit) error { return nil }}
	r := New(Deps{Source: s, Name: "shop", Warehouse: w, History: true, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := r.Sync(t.Context(), nil); err != nil || r.Status().State != Succeeded {
		t.Errorf("Sync\n got %v, %s\nwant a pass that succeeded", err, r.Status().State)
	}
	if got := log.String(); !strings.Contains(got, "sync_runs") || !strings.Contains(got, "read-only") {
		t.Errorf("log\n got %q\nwant why the pass is missing", got)
	}
}

// What a warehouse quotes of a record is in the error and the log, and not in the table.
func TestHistoryHasNoValues(t *testing.T) {
	w := &store{err: errors.New("cannot read 'anna@example.com' of column \"email\" in `shop_things` as Int64")}
	s := &script{pass: func(ctx context.Context, _ int, _ pipeline.Cursor, emit pipeline.Emit) error {
		defer func() { w.err = nil }()
		return emit(ctx, batch(`{}`, "things"))
	}}
	r := New(Deps{Source: s, Name: "shop", Warehouse: w, History: true})
	if err := r.Sync(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "anna@example.com") {
		t.Errorf("got %v, want the whole error", err)
	}
	want := "source \"shop\": merge: cannot read '…' of column \"…\" in `shop_things` as Int64"
	if got := w.told(t)["sync_runs"][0]["error"]; got != want {
		t.Errorf("in the table\n got %s\nwant %s", got, want)
	}
}

// What changes while a pass is told of is not in that pass.
func TestSyncWhileAPassIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowHistory{told: make(chan struct{})}
		s := &script{pass: func(context.Context, int, pipeline.Cursor, pipeline.Emit) error { return nil }}
		r := New(Deps{Source: s, Name: "shop", Warehouse: w, History: true})
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- r.Sync(t.Context(), nil) }()
			synctest.Wait() // the first one waits for its history
		}
		if s.count() != 1 {
			t.Errorf("passes\n got %d\nwant 1 at a time", s.count())
		}
		close(w.told)
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if s.count() != 2 {
			t.Errorf("passes\n got %d\nwant 2: the second call came when the first pass had read everything", s.count())
		}
	})
}

// slowHistory is a store that is told of passes only once told is closed.
type slowHistory struct {
	store
	told chan struct{}
}

func (s *slowHistory) Merge(ctx context.Context, load pipeline.Load) (pipeline.Merged, error) {
	if load.Source == HistorySource {
		<-s.told
	}
	return s.store.Merge(ctx, load)
}

func TestErrorsAreTold(t *testing.T) {
	w := &store{}
	s := &script{pass: func(context.Context, int, pipeline.Cursor, pipeline.Emit) error {
		panic(strings.Repeat("é", longestError))
	}}
	r := New(Deps{Source: s, Name: "shop", Warehouse: w, History: true})
	if err := r.Sync(t.Context(), nil); err == nil {
		t.Error("got no error, want that of the pass")
	}
	text, _ := w.told(t)["sync_runs"][0]["error"].(string)
	if !strings.HasPrefix(text, `source "shop": panic: éé`) || len(text) > longestError+len("…") || strings.Contains(text, "\n") || !utf8.ValidString(text) {
		t.Errorf("error\n got %q\nwant the beginning of its first line", text)
	}
}

func TestHistoryIsOptional(t *testing.T) {
	w := &store{}
	s := &script{pass: func(context.Context, int, pipeline.Cursor, pipeline.Emit) error { return nil }}
	if err := runner(s, w).Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(w.loads) != 0 {
		t.Errorf("loads\n got %v\nwant none", w.loads)
	}
}
