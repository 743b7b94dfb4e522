package duckdb

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// capturedAt makes events that were captured from a time on, one a second.
func capturedAt(from time.Time, first, count int) []pipeline.Event {
	events := pipelinetest.Events(first, first+count)
	for i := range events {
		events[i].ReceivedAt = from.Add(time.Duration(i) * time.Second)
	}
	return events
}

// Replays of any age beside live events in one batch: a row for each event.
func TestReplayedEventsHaveOneRow(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	now := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	live, week, month := capturedAt(now, 0, 50), capturedAt(now.Add(-7*24*time.Hour), 50, 50), capturedAt(now.Add(-30*24*time.Hour), 100, 50)
	send := func(parts ...[]pipeline.Event) {
		t.Helper()
		var all []pipeline.Event
		for _, p := range parts {
			all = append(all, p...)
		}
		if err := w.Send(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	send(month[:25])
	send(week[:25])
	send(live[:25])
	send(live, week, month)     // half of each is there
	send(month, live)           // all of it is
	send(week[10:20], live[:1]) //
	got := pipelinetest.Table(t, w, "SELECT count(*), count(DISTINCT uuid), count(DISTINCT received_at) FROM events")
	if diff := cmp.Diff([]string{"150|150|150"}, got); diff != "" {
		t.Errorf("rows, events, times (-want +got)\n%s", diff)
	}
}

// Two writes of the same events are staged before either of them is in the table: the second finds what the first has stored.
func TestOverlappingWritesStoreOnce(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	events := capturedAt(time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC), 0, sizes.Overlap+1)
	w.turn.Lock()
	var sent sync.WaitGroup
	patience := time.After(time.Minute)
	for n := range inserts {
		sent.Go(func() {
			if err := w.Send(t.Context(), events[n:n+sizes.Overlap]); err != nil {
				t.Errorf("Send: %v", err)
			}
		})
		for tick := time.Tick(time.Millisecond); len(w.stages) >= inserts-n; {
			select {
			case <-tick:
			case <-patience:
				w.turn.Unlock()
				t.Fatal("the writes do not overlap")
			}
		}
	}
	w.turn.Unlock()
	sent.Wait()
	got := pipelinetest.Table(t, w, "SELECT count(*), count(DISTINCT uuid), count(DISTINCT inserted_at) FROM events")
	if diff := cmp.Diff([]string{fmt.Sprintf("%[1]d|%[1]d|%d", len(events), inserts)}, got); diff != "" {
		t.Errorf("rows, events, writes (-want +got)\n%s", diff)
	}
}

func TestPeriods(t *testing.T) {
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	for hours, want := range map[string]string{
		"0":            "0-0",
		"5 0 3":        "0-5",
		"0 48 96":      "0-96",
		"0 49 200 155": "0-0 49-49 155-200",
		"300 0 1 301":  "0-1 300-301",
	} {
		var rows []warehouse.EventRow
		for text := range strings.FieldsSeq(hours) {
			var h int
			fmt.Sscan(text, &h)
			rows = append(rows, warehouse.EventRow{Event: &pipeline.Event{ReceivedAt: at.Add(time.Duration(h) * time.Hour)}})
		}
		var got []string
		for _, p := range periods(rows) {
			got = append(got, fmt.Sprintf("%v-%v", p.first.Sub(at).Hours(), p.last.Sub(at).Hours()))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s\n got %s\nwant %s", hours, text, want)
		}
	}
}
