package duckdb

import (
	"fmt"
	"path/filepath"
	"strings"
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
