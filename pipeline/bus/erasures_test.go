package bus

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// What was captured of an erased id before the erasure is known to be gone, after a restart too; nothing else is, and no id is kept.
func TestErasures(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	e := b.Erasures()
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	event := func(id string, received time.Time) *pipeline.Event {
		return &pipeline.Event{UUID: "1", Name: "e", DistinctID: id, ReceivedAt: received}
	}
	if e.Has(event("ann", at)) {
		t.Error("an event is gone while nobody was erased")
	}
	hash, err := e.Hash(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Put(t.Context(), Erasure{ID: hash, At: at, Hashes: []string{hash}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, test := range []struct {
			event *pipeline.Event
			want  bool
		}{
			{event("ann", at.Add(-time.Second)), true},
			{event("ann", at), false},
			{event("bob", at.Add(-time.Second)), false},
		} {
			if got := b.Erasures().Has(test.event); got != test.want {
				t.Errorf("an event of %s at %s is gone\n got %v\nwant %v", test.event.DistinctID, test.event.ReceivedAt, got, test.want)
			}
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, dir)
	}
	all, err := b.Erasures().List(t.Context())
	text, _ := json.Marshal(all)
	if err != nil || len(all) != 1 || strings.Contains(string(text), "ann") {
		t.Errorf("records\n got %s, %v\nwant one without the id", text, err)
	}
}

// An erasure of another process that cannot be read is read again, with what was erased meanwhile, until it can.
func TestErasuresAreReadAgain(t *testing.T) {
	s := outside(t, nil)
	config := DefaultConfig()
	config.URL = s.ClientURL()
	failed := make(logged, 1)
	two, err := Open(t.Context(), config, slog.New(failed))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := two.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	one := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	unreadable := erasurePrefix + ".0"
	if err := one.State().Put(t.Context(), unreadable, []byte("{")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-failed:
	case <-time.After(20 * time.Second):
		t.Fatal("the failure is not in the log")
	}
	hash, err := one.Erasures().Hash(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	if err := one.Erasures().Put(t.Context(), Erasure{ID: hash, At: at, Hashes: []string{hash}}); err != nil {
		t.Fatal(err)
	}
	if err := one.kv.Delete(t.Context(), unreadable); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if !two.Erasures().Has(&pipeline.Event{DistinctID: "ann", ReceivedAt: at.Add(-time.Second)}) {
			return "the other process does not know of the erasure"
		}
		return ""
	})
}

// logged is told of errors that are logged. It takes no part in what the log says beside.
type logged chan struct{}

func (l logged) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (l logged) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l logged) WithGroup(string) slog.Handler                    { return l }
func (l logged) Handle(context.Context, slog.Record) error {
	select {
	case l <- struct{}{}:
	default:
	}
	return nil
}

// A fence waits for what was begun before it, and not for what is begun after.
func TestErasuresFence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &Erasures{hand: &sync.WaitGroup{}}
		end, fenced := e.Begin(), false
		go func() {
			if err := e.Fence(t.Context()); err != nil {
				t.Error(err)
			}
			fenced = true
		}()
		synctest.Wait()
		later := e.Begin()
		if fenced {
			t.Error("a fence did not wait for what was in hand")
		}
		end()
		synctest.Wait()
		if !fenced {
			t.Error("a fence waits for what was begun after it")
		}
		later()
	})
}
