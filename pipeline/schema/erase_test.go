package schema

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// samples are those of the table's rows.
func samples(t *testing.T, s Store) (all []string) {
	t.Helper()
	for _, row := range rows(t, s) {
		if _, sample, ok := strings.Cut(row, `"sample":"`); ok {
			all = append(all, strings.TrimSuffix(sample, `"}`))
		}
	}
	slices.Sort(all)
	return all
}

func wantSamples(t *testing.T, when string, s Store, want ...string) {
	t.Helper()
	if got := samples(t, s); !slices.Equal(got, want) {
		t.Errorf("samples %s\n got %q\nwant %q", when, got, want)
	}
}

func forget(t *testing.T, o *Observer, s Store, since time.Time) {
	t.Helper()
	o.Forget(since)
	o.Settle()
	if err := EraseSamples(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// Samples are gone from the store and from what is counted, and events from before bring none. Counts stay.
func TestErase(t *testing.T) {
	s := store(t)
	o := observer(t, s, DefaultConfig())
	w := o.Watch()
	w.Event(event(0, "buy", `{"who":"ann","n":1}`), 0, 1, 0)
	flush(t, o)
	w.Event(event(1, "buy", `{"who":"ann"}`), 0, 2, 0)
	wantSamples(t, "before", s, "1", "ann")
	keys, err := Samples(t.Context(), s, time.Now().Add(time.Minute))
	if slices.Sort(keys); err != nil || !slices.Equal(keys, []string{"buy/n", "buy/who"}) {
		t.Errorf("keys of rows with a sample\n got %q, %v\nwant buy/n and buy/who", keys, err)
	}
	forget(t, o, s, began.Add(10*time.Second))
	w.Event(event(2, "buy", `{"who":"ann"}`), 0, 3, 0) // was in hand
	flush(t, o)
	wantSamples(t, "after an erasure", s)
	if got := rows(t, s); len(got) != 2 || !strings.Contains(strings.Join(got, ""), `"types":{"string":3}`) {
		t.Errorf("what was counted\n got %q\nwant two properties, one of them seen 3 times", got)
	}
	w.Event(event(11, "buy", `{"who":"bob"}`), 0, 4, 0)
	flush(t, o)
	wantSamples(t, "of later events", s, "bob")
}

// away is a store that takes nothing for now.
type away struct {
	Store
	off bool
}

func (s *away) Save(ctx context.Context, changes []bus.Profile) error {
	if s.off {
		return errors.New("away")
	}
	return s.Store.Save(ctx, changes)
}

// What waits to be stored when samples are forgotten is stored without them.
func TestEraseWaiting(t *testing.T) {
	s := &away{Store: store(t), off: true}
	o := observer(t, s, DefaultConfig())
	o.Watch().Event(event(0, "buy", `{"who":"ann"}`), 0, 1, 0)
	if o.Flush(t.Context()) == nil {
		t.Fatal("a flush into a store that is away\n got no error")
	}
	s.off = false
	forget(t, o, s, began.Add(10*time.Second))
	flush(t, o)
	wantSamples(t, "after an erasure", s)
	if got := len(rows(t, s)); got != 1 {
		t.Errorf("rows\n got %d\nwant what had waited", got)
	}
}
