package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

// clocked opens a warehouse whose clock is a variable.
func clocked(t *testing.T, dsn string, now *time.Time, change ...func(*Config)) *Warehouse {
	t.Helper()
	c := newConfig(dsn)
	for _, f := range change {
		f(c)
	}
	w := New(*c, pipeline.Env{Now: func() time.Time { return *now }})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func day(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

// eventsAt makes an event for each day, captured at that time too.
func eventsAt(days ...string) []pipeline.Event {
	events := pipelinetest.Events(0, len(days))
	for i, text := range days {
		events[i].Timestamp = day(text)
		events[i].ReceivedAt = day(text)
		events[i].UUID = fmt.Sprintf("01987654-3210-7000-8000-%s0000", strings.ReplaceAll(text, "-", ""))
	}
	return events
}

const partitions = "SELECT tableoid::regclass::text, count(*) FROM events GROUP BY 1 ORDER BY 1"

func mustSend(t testing.TB, w *Warehouse, events []pipeline.Event) {
	t.Helper()
	if err := w.Send(context.Background(), events); err != nil {
		t.Fatalf("Send: %v", err)
	}
}

func wantRows(t *testing.T, w *Warehouse, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, pipelinetest.Table(t, w, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

// Each month has a partition; what a wrong clock claims has not, until its time comes.
func TestPartitions(t *testing.T) {
	dsn := postgres.Database(t)
	now := day("2026-08-20")
	w := clocked(t, dsn, &now)
	defer closed(t, w)
	mustSend(t, w, eventsAt("2026-07-31", "2026-08-01", "2026-08-31", "2026-10-31", "2026-11-01", "2027-02-03", "0001-01-01", "9999-12-31", "2004-12-31", "2005-01-01"))
	wantRows(t, w, partitions, "events_2005_01|1", "events_2026_07|1", "events_2026_08|2", "events_2026_10|1", "events_default|5")
	now = day("2027-01-15")
	if err := w.Compact(t.Context()); err != nil {
		t.Fatalf("Compact: %v", err)
	}
	wantRows(t, w, partitions, "events_2005_01|1", "events_2026_07|1", "events_2026_08|2", "events_2026_10|1", "events_2026_11|1", "events_2027_02|1", "events_default|3")
	wantRows(t, w, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass", "8")
	// Another process knows nothing of these partitions.
	other := clocked(t, dsn, &now)
	defer closed(t, other)
	mustSend(t, other, eventsAt("2026-08-31", "2026-11-02"))
	wantRows(t, w, "SELECT count(*) FROM events", "11")
}

// Months past the retention go whole, with their ids.
func TestRetention(t *testing.T) {
	now := day("2026-08-20")
	w := clocked(t, postgres.Database(t), &now, func(c *Config) { c.Retention = 2 })
	defer closed(t, w)
	mustSend(t, w, eventsAt("2026-05-31", "2026-06-01", "2026-07-01", "2026-08-01", "1999-01-01", "2031-01-01"))
	if err := w.Compact(t.Context()); err != nil {
		t.Fatalf("Compact: %v", err)
	}
	wantRows(t, w, partitions, "events_2026_06|1", "events_2026_07|1", "events_2026_08|1", "events_default|1")
	now = day("2026-10-01")
	if err := w.Compact(t.Context()); err != nil {
		t.Fatalf("Compact: %v", err)
	}
	wantRows(t, w, partitions, "events_2026_08|1", "events_default|1")
	wantRows(t, w, "SELECT count(*) FROM _prickle_uuids", "2")
	mustSend(t, w, eventsAt("2026-07-01", "2026-08-01"))
	wantRows(t, w, partitions, "events_2026_07|1", "events_2026_08|1", "events_default|1")
}

// A session that reads the default partition for minutes keeps a new month from its partition, but not its events from being stored.
func TestPartitionIsBlocked(t *testing.T) {
	dsn := postgres.Database(t)
	now := day("2026-08-20")
	w := clocked(t, dsn, &now)
	defer closed(t, w)
	w.lockTimeout = 20 * time.Millisecond
	rows, err := w.Query(t.Context(), "SELECT generate_series(1, 100000) FROM (SELECT count(*) FROM events_default) AS e")
	if err != nil {
		t.Fatal(err)
	}
	mustSend(t, w, eventsAt("2026-08-01"))
	wantRows(t, w, partitions, "events_default|1")
	closed(t, rows)
	w.lockTimeout = lockTimeout // the server takes a moment to end the query
	if err := w.Compact(t.Context()); err != nil {
		t.Fatalf("Compact: %v", err)
	}
	wantRows(t, w, partitions, "events_2026_08|1")
}

// Copies of an event within two days of capture are found whatever time they claim, and those with the same time whenever they come.
func TestDuplicates(t *testing.T) {
	now := day("2026-08-20")
	w := clocked(t, postgres.Database(t), &now)
	defer closed(t, w)
	first := eventsAt("2026-08-10")
	mustSend(t, w, first)
	for _, hours := range []int{-48, -1, 0, 1, 47, 48} {
		again := eventsAt("2026-08-10")
		again[0].Timestamp = again[0].Timestamp.AddDate(0, hours, 7)
		again[0].ReceivedAt = again[0].ReceivedAt.Add(time.Duration(hours) * time.Hour)
		mustSend(t, w, again)
	}
	late := eventsAt("2026-08-10")
	late[0].ReceivedAt = day("2026-12-24")
	mustSend(t, w, late)
	wantRows(t, w, "SELECT count(*), min(timestamp) FROM events", "1|2026-08-10T00:00:00Z")
}
