package bus

import (
	"context"
	"errors"
	"testing"
)

// What is known already is told without asking, and a stream that refused is tried again after a moment.
func TestAcceptsOfAFullStream(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.MaxBytes, c.Lanes = 1<<20, 4 }) // person 1 is in lane 3, which subscribe reads
	w := running(t, b.NewWriter())
	slow, _ := subscribe(t, b, "slow")
	if err := errors.Join(b.Accepts(), w.Accepts()); err != nil {
		t.Fatalf("an empty stream: %v", err)
	}
	n := 0
	for ; n < 100 && w.Append(t.Context(), fat(n)) == nil; n++ { // what fits
	}
	var full *fullError
	if err := b.Accepts(); !errors.Is(err, ErrUnavailable) || !errors.As(err, &full) {
		t.Errorf("a full stream\n got %v\nwant %v", err, ErrUnavailable)
	}
	for range n {
		receiveAck(t, slow)
	}
	eventually(t, func() string {
		if err := b.Accepts(); err != nil {
			return err.Error()
		}
		return ""
	})
	if err := w.Append(t.Context(), fat(n)); err != nil {
		t.Errorf("after the pipeline has caught up: %v", err)
	}
}

func TestAcceptsOfALowDisk(t *testing.T) {
	free := int64(100 << 20)
	b := open(t, t.TempDir(), func(c *Config) { c.Free = func() (int64, error) { return free, nil } })
	if err := b.Accepts(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want %v", err, ErrUnavailable)
	}
}

// A stream that does not answer lets the Writer pile up to its limit and no further; then nothing more is accepted until it moves again.
func TestAcceptsOfASlowStream(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 1 })
	w := b.NewWriter()
	w.limit = 100 << 10
	ctx, stop := context.WithCancel(t.Context())
	results := make(chan error, 100)
	for i := range cap(results) { // nothing is published before Run
		go func() { results <- w.Append(ctx, fat(i)) }()
	}
	refused := 0
	for refused < cap(results)-int(w.limit)/20_000 {
		if err := <-results; !errors.Is(err, ErrOverloaded) {
			t.Fatalf("got %v, want %v", err, ErrOverloaded)
		}
		refused++
	}
	if piled := w.piled.Load(); piled > w.limit+25_000 {
		t.Errorf("%d bytes wait, want at most %d", piled, w.limit)
	}
	w.limit = w.piled.Load()
	if err := w.Accepts(); !errors.Is(err, ErrOverloaded) {
		t.Errorf("accepts\n got %v\nwant %v", err, ErrOverloaded)
	}
	running(t, w)
	for ; refused < cap(results); refused++ {
		if err := <-results; err != nil {
			t.Errorf("an append that waited: %v", err)
		}
	}
	eventually(t, func() string {
		if err := errors.Join(w.Accepts(), w.Append(t.Context(), fat(1))); err != nil {
			return err.Error()
		}
		return ""
	})
	stop()
}
