package bus

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// refuseWrites lets the disk refuse what is written to a stream, from the next of its blocks on, until mend.
func refuseWrites(t *testing.T, dir, stream string) (mend func()) {
	t.Helper()
	blocks := filepath.Join(dir, "store", "jetstream", "$G", "streams", stream, "msgs")
	if err := os.Rename(blocks, blocks+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blocks, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(os.Remove(blocks), os.Rename(blocks+".away", blocks)); err != nil {
			t.Fatal(err)
		}
	}
}

// The server refuses everything once the disk has refused a write. That is said at once, and the end of it when there is room again; opened anew, the
// bus has all that it acknowledged.
func TestRefusedWriteStopsTheServer(t *testing.T) {
	dir := t.TempDir()
	config := DefaultConfig()
	config.Dir, config.Sync, config.Lanes = dir, SyncInterval, 1
	b, err := Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			_ = b.Close()
		}
	}()
	w := b.NewWriter()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	stored := 0
	store := func() error {
		e := event(1, stored)
		e.Properties = pipeline.Properties(`{"x":"` + noise(stored, 1<<20) + `"}`)
		err := w.Append(t.Context(), []pipeline.Event{e})
		if err == nil {
			stored++
		}
		return err
	}
	for range 3 {
		if err := store(); err != nil {
			t.Fatal(err)
		}
	}
	mend := refuseWrites(t, dir, streamEvents)
	for err = nil; err == nil && stored < 100; err = store() {
	}
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("after %d events: %v, want ErrUnavailable", stored, err)
	}
	eventually(t, func() string {
		if !errors.Is(b.Accepts(), ErrFailed) {
			return "it does not say that it has failed"
		}
		return ""
	})
	wantCodes(t, b, "after the failure", "bus_failed")
	if _, err := b.Status(t.Context()); !errors.Is(err, ErrFailed) {
		t.Errorf("status: %v", err)
	}

	var asked, room atomic.Int64
	b.disk.free = func() (int64, error) {
		asked.Add(1)
		return room.Load(), nil
	}
	eventually(t, func() string { // an answer of the disk is believed for a moment
		if len(codes(b)) < 2 {
			return "the disk is not seen to be low"
		}
		return ""
	})
	wantCodes(t, b, "without room", "bus_failed", "disk_low")
	over, before := make(chan error, 1), asked.Load()
	go func() { over <- b.Watch(t.Context()) }()
	eventually(t, func() string {
		if asked.Load() < before+3 {
			return "it does not ask for room"
		}
		return ""
	})
	select {
	case err := <-over:
		t.Fatalf("without room: %v", err)
	default:
	}
	room.Store(10 << 30)
	if err := <-over; !errors.Is(err, ErrFailed) {
		t.Errorf("with room: %v", err)
	}

	stop()
	<-ended //nolint:errcheck // it may have had something in hand
	closed = true
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	mend()
	again := open(t, dir, func(c *Config) { c.Lanes = 1 })
	info, err := again.events.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Msgs < uint64(stored) {
		t.Errorf("%d frames are there, and %d were acknowledged", info.State.Msgs, stored)
	}
	wantCodes(t, again, "opened anew")
}

func TestWatchEndsWithItsContext(t *testing.T) {
	b := open(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- b.Watch(ctx) }()
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
