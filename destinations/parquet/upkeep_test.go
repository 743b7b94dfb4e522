package parquet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/s3"
)

func compact(t *testing.T, l *Lake) {
	t.Helper()
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// hers gives every third event to one person.
func hers(events []pipeline.Event) (others []pipeline.Event) {
	for i := range events {
		events[i].DistinctID = fmt.Sprintf("other %d", i%5)
		if i%3 == 0 {
			events[i].DistinctID = "it's her"
			continue
		}
		others = append(others, events[i])
	}
	return others
}

// rowsOfHer counts rows in all files that there are, whether they count or not.
func rowsOfHer(t *testing.T, l *Lake, id string) (n int) {
	t.Helper()
	found, err := l.store.list(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range found {
		err := l.eachRow(t.Context(), o.name, func(rows []row) error {
			for i := range rows {
				if rows[i].DistinctID == id {
					n++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func ofHer(events []pipeline.Event) pipeline.Erasure {
	last := events[len(events)-1].ReceivedAt
	return pipeline.Erasure{DistinctIDs: []string{"nobody", "it's her"}, Before: last.Add(time.Second)}
}

// filled is a lake with files of days, of months, and pieces, and what is in it.
func filled(t *testing.T, l *Lake) (events []pipeline.Event) {
	t.Helper()
	events = spread(pipelinetest.Events(0, 240), 20)
	hers(events)
	send(t, l, events[:90])
	l.config.Partition = Month
	compact(t, l)
	l.config.Partition = Day
	send(t, l, events[90:180])
	compact(t, l)
	send(t, l, events[180:210])
	send(t, l, events[210:])
	return events
}

// A person is erased from files and pieces, in a folder and in a bucket, and from those too that do not count any more.
func TestErase(t *testing.T) {
	for what, config := range map[string]Config{"folder": {Path: t.TempDir()}, "bucket": inBucket(s3.Start(t, "lake"), "lake")} {
		l := opened(t, config, newClock())
		events := filled(t, l)
		e := ofHer(events)
		others := hers(slices.Clone(events))
		for _, count := range []bool{true, false} {
			e.Count = count
			if got, err := l.Erase(t.Context(), e); err != nil || got.Events != 80 {
				t.Errorf("%s: Erase, count %t\n got %v, %v\nwant 80 events", what, count, got, err)
			}
			want := map[bool][]pipeline.Event{true: events, false: others}[count]
			same(t, what, pipelinetest.UUIDs(want), l.uuids(t))
		}
		if n := rowsOfHer(t, l, "it's her"); n > 0 {
			t.Errorf("%s: %d rows are in files that do not count", what, n)
		}
		if got, err := l.Erase(t.Context(), e); err != nil || got.Events != 0 {
			t.Errorf("%s: a second time\n got %v, %v\nwant nothing", what, got, err)
		}
		send(t, l, pipelinetest.Events(1000, 1010))
		compact(t, l)
		same(t, what, pipelinetest.UUIDs(append(others, pipelinetest.Events(1000, 1010)...)), l.uuids(t))
	}
}

// Pieces that were written before partition was changed are put together by what it is now.
func TestPartitionChanges(t *testing.T) {
	dir := t.TempDir()
	events := spread(pipelinetest.Events(0, 60), 20)
	for i, by := range []Partition{Day, Month, Day} {
		l := opened(t, Config{Path: dir, Partition: by}, newClock())
		compact(t, l)
		same(t, string(by), pipelinetest.UUIDs(events[:i*20]), l.uuids(t))
		send(t, l, events[i*20:i*20+20])
	}
}

// What was received later stays.
func TestEraseBefore(t *testing.T) {
	l := opened(t, Config{Path: t.TempDir()}, newClock())
	events := pipelinetest.Events(0, 30)
	hers(events)
	send(t, l, events)
	e := ofHer(events)
	e.Before = events[15].ReceivedAt // which is hers
	if got, err := l.Erase(t.Context(), e); err != nil || got.Events != 5 {
		t.Errorf("Erase\n got %v, %v\nwant 5 events", got, err)
	}
	if n := len(l.uuids(t)); n != 25 {
		t.Errorf("%d rows are left, want 25", n)
	}
}

// Whatever step of an erasure is the last one, others' events are there once, and the next one finishes it.
func TestEraseDiesAnywhere(t *testing.T) {
	for steps := range 24 {
		l := opened(t, Config{Path: t.TempDir()}, newClock())
		events := filled(t, l)
		others := pipelinetest.UUIDs(hers(slices.Clone(events)))
		whole := l.store
		l.store = &crashing{whole, steps}
		_, err := l.Erase(t.Context(), ofHer(events))
		l.store = whole
		rows := map[string]int{}
		for _, id := range l.uuids(t) {
			rows[id]++
		}
		for _, id := range others {
			if rows[id] != 1 {
				t.Fatalf("after %d steps: the event %s of another is there %d times", steps, id, rows[id])
			}
		}
		if _, err := l.Erase(t.Context(), ofHer(events)); err != nil {
			t.Fatal(err)
		}
		same(t, fmt.Sprintf("after %d steps", steps), others, l.uuids(t))
		if n := rowsOfHer(t, l, "it's her"); n > 0 {
			t.Errorf("after %d steps: %d rows are in files that do not count", steps, n)
		}
		if err == nil {
			return
		}
	}
	t.Error("the erasure has more steps than the test")
}

// Of an erasure and another process that puts the same files together, one changes nothing.
func TestEraseBesideAnother(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	one, two := opened(t, Config{Path: dir}, c), opened(t, Config{Path: dir}, c)
	events := filled(t, one)
	p := person{ids: map[string]bool{"it's her": true}, before: events[239].ReceivedAt.Add(time.Second).UnixMicro()}
	found, _, err := one.find(t.Context(), &p)
	if err != nil {
		t.Fatal(err)
	}
	compact(t, two)
	if err := one.rewrite(t.Context(), found, &p); err == nil || !strings.Contains(err.Error(), "run it again") {
		t.Errorf("an erasure of what is not there any more\n got %v\nwant that it is to be run again", err)
	}
	same(t, "rows", pipelinetest.UUIDs(events), one.uuids(t))
}

// Partitions go when all of them is past the retention, also when an event comes late for one of them.
func TestRetention(t *testing.T) {
	for by, want := range map[Partition]int{Day: 12, Month: 20} {
		dir, c := t.TempDir(), newClock()
		l := opened(t, Config{Path: dir, Partition: by, Retention: 48 * time.Hour}, c)
		events := pipelinetest.Events(0, 20)
		for i := range events {
			events[i].Timestamp = time.Date(2026, 8, 1+i, 12, 0, 0, 0, time.UTC)
		}
		c.now = time.Date(2026, 8, 2, 0, 0, 0, 0, time.UTC)
		send(t, l, events)
		compact(t, l)
		same(t, string(by), pipelinetest.UUIDs(events), l.uuids(t))
		c.now = time.Date(2026, 8, 11, 1, 0, 0, 0, time.UTC) // the eighth is over since two days
		compact(t, l)
		same(t, string(by), pipelinetest.UUIDs(events[20-want:]), l.uuids(t))
		late := pipelinetest.Events(100, 101)
		late[0].Timestamp = time.Date(2026, 7, 3, 0, 0, 0, 0, time.UTC)
		send(t, l, late)
		compact(t, l)
		same(t, string(by)+", late", pipelinetest.UUIDs(events[20-want:]), l.uuids(t))
		c.now = c.now.Add(2 * grace)
		compact(t, l)
		if found, err := l.store.list(t.Context(), ""); err != nil || len(found) != 1+map[Partition]int{Day: want, Month: 1}[by] {
			t.Errorf("%s: files that are left: %v, %v", by, found, err)
		}
		c.now = time.Date(2026, 9, 4, 0, 0, 0, 0, time.UTC)
		compact(t, l)
		same(t, string(by)+", all", nil, l.uuids(t))
	}
	if err := (&Config{Path: "x", Partition: Day, File: FileConfig{Bytes: leastFile, Every: time.Hour}, Retention: time.Hour}).Validate(); err == nil || !strings.Contains(err.Error(), "retention: want at least 1d") {
		t.Errorf("a retention of an hour\n got %v", err)
	}
}

// Health and Files tell what is in the files that count, and what this process wrote.
func TestHealth(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	l := opened(t, Config{Path: dir}, c)
	events := spread(pipelinetest.Events(0, 60), 30)
	send(t, l, events[:40])
	compact(t, l)
	send(t, l, events[40:])
	h, err := l.Health(t.Context())
	if err != nil || h.Events != 60 || h.Bytes == 0 || len(h.Warnings) > 0 {
		t.Errorf("Health\n got %+v, %v\nwant 60 events and no warnings", h, err)
	}
	f := l.Files()
	if f.Files != 4 || f.Rows != 100 || f.WaitingFiles != 1 || f.WaitingBytes == 0 || f.Bytes <= f.WaitingBytes {
		t.Errorf("Files\n got %+v\nwant two pieces of which one waits, two files, and 100 rows", f)
	}
	compact(t, l)
	if f := l.Files(); f.WaitingFiles != 0 || f.WaitingBytes != 0 {
		t.Errorf("Files after Compact\n got %+v\nwant none that waits", f)
	}
	send(t, l, pipelinetest.Events(100, 101))
	if err := os.WriteFile(filepath.Join(dir, incomingFolder, "x-"+uuid.NewString()+".parquet"), []byte("no Parquet"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := fmt.Sprint(l.Compact(t.Context()))
	l.trouble.Store(&failed)
	if h, err := l.Health(t.Context()); err != nil || len(h.Warnings) != 1 || !strings.Contains(h.Warnings[0], "2 pieces wait to be put together, which failed: parquet: put files together: incoming/x-") {
		t.Errorf("Health with a broken piece\n got %+v, %v\nwant a warning", h, err)
	}
}
