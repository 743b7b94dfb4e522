package bus

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func attempted(n int) *Record {
	return &Record{Deliver: &DeliverRecord{
		Pipeline: "web", Destination: "crm", Outcome: "delivered", Frames: []FrameRecord{{Sequence: uint64(n), Events: 1, Delivered: 1}},
	}}
}

func journalled(t *testing.T, b *Bus) (entries []JournalEntry) {
	t.Helper()
	r, err := b.JournalRange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = b.ReadJournal(t.Context(), r.First, r.Last, func(e JournalEntry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// Records are read in the order in which they were given, whatever messages they share, with the number of the configuration.
func TestJournal(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	b.SetConfig(7)
	var stored []*Stored
	for i := range 200 {
		stored = append(stored, b.Journal(attempted(i+1)))
	}
	for _, s := range stored {
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r, err := b.JournalRange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r.Last >= 100 {
		t.Errorf("200 records at once took %d messages", r.Last)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	entries := journalled(t, open(t, dir))
	if len(entries) != 200 {
		t.Fatalf("records after a restart\n got %d\nwant 200", len(entries))
	}
	for i, e := range entries {
		if e.Deliver.Frames[0].Sequence != uint64(i+1) || e.Deliver.Config != 7 || e.Lost != 0 || e.Stored.IsZero() {
			t.Fatalf("record %d\n got %+v", i, e)
		}
	}
}

// Records that could not be stored are told of by the next one that could.
func TestJournalLost(t *testing.T) {
	room := int64(1 << 40)
	var text strings.Builder
	config := DefaultConfig()
	config.Dir, config.Sync, config.Free = t.TempDir(), SyncInterval, func() (int64, error) { return room, nil }
	b, err := Open(t.Context(), config, slog.New(slog.NewTextHandler(&text, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	at := time.Now()
	b.disk.now = func() time.Time { return at }
	free := func(bytes int64) {
		room, at = bytes, at.Add(time.Second)
	}
	free(1)
	for i := range 3 {
		if err := b.Journal(attempted(i)).Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "disk is nearly full") {
			t.Errorf("without room\n got %v\nwant a refusal", err)
		}
	}
	free(1 << 40)
	for i := range 2 {
		if err := b.Journal(attempted(i)).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	entries := journalled(t, b)
	if got := fmt.Sprint(entries[0].Lost, entries[1].Lost); got != "3 0" {
		t.Errorf("lost\n got %s\nwant 3 0", got)
	}
	if n := strings.Count(text.String(), "the journal cannot be written"); n != 1 {
		t.Errorf("told %d times, want once\n%s", n, text.String())
	}
}

func TestPlacesAndIDs(t *testing.T) {
	var p Places
	for _, i := range []int{0, 9, 17} {
		p.Add(i)
	}
	for i := range 30 {
		if got, want := p.Has(i), i == 0 || i == 9 || i == 17; got != want {
			t.Errorf("place %d\n got %t\nwant %t", i, got, want)
		}
	}
	if !Places(nil).Has(12) || (Places{0}).Has(3) {
		t.Error("no set is all places, an empty one is none")
	}
	var ids EventIDs
	ids.Add("a")
	ids.Add("b")
	for id, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if got := ids.Has(id); got != want {
			t.Errorf("id %s\n got %t\nwant %t", id, got, want)
		}
	}
	if one := (&FrameRecord{Only: "a", IDs: ids}); !one.Holds("a") || one.Holds("b") {
		t.Error("a frame of one event holds that one")
	}
}

func TestJournalConfig(t *testing.T) {
	c := DefaultConfig()
	c.JournalRetain, c.JournalMaxBytes = time.Minute, 1
	err := c.Validate()
	for _, want := range []string{"bus: journal_retain: want at least 1h, got 1m0s", "bus: journal_max_bytes: want at least 16MB, got 1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("settings\n got %v\nwant %s", err, want)
		}
	}
}
