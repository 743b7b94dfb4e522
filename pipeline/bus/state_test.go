package bus

import (
	"errors"
	"fmt"
	"testing"
)

func TestState(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	s, ctx := b.State(), t.Context()
	if value, revision, err := s.Get(ctx, "breaker.web.crm"); value != nil || revision != 0 || err != nil {
		t.Errorf("a key that is not there\n got %q, %d, %v\nwant nothing", value, revision, err)
	}
	if err := s.Put(ctx, "breaker.web.crm", []byte("open")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"breaker.web.slack", "breaker.web.a.b", "breakers.web", "breaker.app.crm"} {
		if err := s.Put(ctx, key, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete(ctx, "breaker.web.slack"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, "breaker.web.nobody"); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
	if got, err := s.Keys(ctx, "breaker.web"); err != nil || fmt.Sprint(got) != "[breaker.web.a.b breaker.web.crm]" {
		t.Errorf("keys below breaker.web\n got %v, %v\nwant [breaker.web.a.b breaker.web.crm]", got, err)
	}
	if got, err := s.Keys(ctx, "nothing"); err != nil || len(got) != 0 {
		t.Errorf("keys below nothing\n got %v, %v\nwant none", got, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if value, _, err := open(t, dir).State().Get(ctx, "breaker.web.crm"); err != nil || string(value) != "open" {
		t.Errorf("after a restart\n got %q, %v\nwant open", value, err)
	}
}

func TestStateUpdate(t *testing.T) {
	s, ctx := open(t, t.TempDir()).State(), t.Context()
	first, err := s.Update(ctx, "k", []byte("1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(ctx, "k", []byte("other"), 0); !errors.Is(err, ErrConflict) {
		t.Errorf("creating what is there\n got %v\nwant %v", err, ErrConflict)
	}
	second, err := s.Update(ctx, "k", []byte("2"), first)
	if err != nil || second <= first {
		t.Fatalf("update\n got revision %d, %v\nwant one after %d", second, err, first)
	}
	if _, err := s.Update(ctx, "k", []byte("other"), first); !errors.Is(err, ErrConflict) {
		t.Errorf("updating an old revision\n got %v\nwant %v", err, ErrConflict)
	}
	if value, revision, err := s.Get(ctx, "k"); string(value) != "2" || revision != second || err != nil {
		t.Errorf("value\n got %q, %d, %v\nwant 2, %d", value, revision, err, second)
	}
	if err := s.Delete(ctx, "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(ctx, "k", []byte("3"), 0); err != nil {
		t.Errorf("creating what was deleted: %v", err)
	}
}
