package bus

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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

// The server refuses everything once the disk has refused a write. That is said at once; opened anew, the bus has all that it acknowledged.
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

	if err := b.Failure(t.Context()); !errors.Is(err, ErrFailed) {
		t.Errorf("failure: %v", err)
	}
	b.disk.free = func() (int64, error) { return 0, nil }
	eventually(t, func() string { // an answer of the disk is believed for a moment
		if len(codes(b)) < 2 {
			return "the disk is not seen to be low"
		}
		return ""
	})
	wantCodes(t, b, "without room", "bus_failed", "disk_low")

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

func TestFailureEndsWithItsContext(t *testing.T) {
	b := open(t, t.TempDir())
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- b.Failure(ctx) }()
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// After the disk was full, a server that does not answer has failed; one that does has not.
func TestLockedUpServer(t *testing.T) {
	b := open(t, t.TempDir())
	if b.disk.wasFull(suspectFor) {
		t.Error("the disk was full")
	}
	b.disk.free = func() (int64, error) { return 0, nil }
	eventually(t, func() string {
		if !b.disk.wasFull(suspectFor) {
			return "the disk is not seen to be full"
		}
		return ""
	})
	if !b.answers(t.Context()) {
		t.Error("a server that works does not answer")
	}
	ctx, stop := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer stop()
	if !b.answers(ctx) {
		t.Error("a server whose answer nobody waited for is taken for locked up")
	}
}

// A server that was not heard of again after the disk was full is taken for failed.
func TestSilentServerHasFailed(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	silent, err := b.conn.Subscribe("SILENT.>", func(*nats.Msg) {})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Unsubscribe()
	if b.js, err = jetstream.NewWithAPIPrefix(b.conn, "SILENT"); err != nil {
		t.Fatal(err)
	}
	b.disk.free = func() (int64, error) { return 0, nil }
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Failure(ctx); !errors.Is(err, ErrFailed) {
		t.Errorf("failure: %v", err)
	}
	wantCodes(t, b, "after that", "bus_failed", "disk_low")
}

func TestTellsOfFailure(t *testing.T) {
	for line, want := range map[string]bool{
		"Filestore [EVENTS] Critical write error: write 1.blk: no space left on device":                      true,
		"JetStream out of File resources, will be DISABLED":                                                  true,
		"Filesystem permission denied while writing msg, disabling JetStream: open 1.blk: permission denied": true,
		"JetStream stream '$G > KV_PRICKLE' critical write error: malformed or corrupt message in 1.blk":     false,
		"JetStream failed to store a msg on stream '$G > EVENTS': maximum bytes exceeded":                    false,
		"Filestore [KV_PRICKLE] Ignoring non-write error: malformed or corrupt message in 1.blk":             false,
		"Filestore [PROFILES] Stream state too short (0 bytes)":                                              false,
	} {
		if got := tellsOfFailure(line); got != want {
			t.Errorf("%s\n got %v\nwant %v", line, got, want)
		}
	}
}
