package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// A write that the disk refuses makes the embedded server refuse everything. The project says so for as long as there is no room, and ends when there is.
// The next process has all that was acknowledged.
func TestRefusedWriteAsksForARestart(t *testing.T) {
	var refusing, mended atomic.Bool
	p := newProject(t, "{sync: interval}")
	a := p.load()
	a.busConfig.Free = func() (int64, error) {
		if refusing.Load() && !mended.Load() {
			if _, err := a.bus.Status(context.Background()); errors.Is(err, bus.ErrFailed) {
				return 0, nil
			}
		}
		return 10 << 30, nil
	}
	close(p.gate.open)
	stop, done := p.run(a)
	defer stop()
	for range 3 {
		if code := p.send(); code != http.StatusOK {
			t.Fatalf("status %d", code)
		}
	}
	blocks := filepath.Join(p.dir, "data", "bus", "store", "jetstream", "$G", "streams", "EVENTS", "msgs")
	if err := errors.Join(os.Rename(blocks, blocks+".away"), os.WriteFile(blocks, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	refusing.Store(true)
	p.refuses()
	select {
	case err := <-done:
		t.Fatalf("it has ended although there is no room: %v", err)
	default:
	}
	if err := errors.Join(os.Remove(blocks), os.Rename(blocks+".away", blocks)); err != nil {
		t.Fatal(err)
	}
	mended.Store(true)
	if err := <-done; !errors.Is(err, ErrRestart) {
		t.Fatalf("it ended with: %v", err)
	}

	stop, done = p.run(p.load())
	p.until("every acknowledged event arrives", func() bool { return p.send() == http.StatusOK && p.shelf.missing(p.stored) == 0 })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A process does not begin anew with files that would only end it.
func TestStartable(t *testing.T) {
	p := newProject(t, "{}")
	a := p.load()
	if !a.Startable(t.Context()) {
		t.Error("a project as it was is not startable")
	}
	text, err := os.ReadFile(p.config())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.config(), append(text, "mistake: 1\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan struct{})
	a.options.Log = logTo(func() { close(told) })
	go func() {
		<-told
		stop()
	}()
	if a.Startable(ctx) {
		t.Error("a project with a mistake is startable")
	}
}

// logTo calls f for every line.
func logTo(f func()) *slog.Logger {
	return slog.New(slog.NewTextHandler(writeFunc(func(b []byte) (int, error) { f(); return len(b), nil }), nil))
}

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(b []byte) (int, error) { return f(b) }
