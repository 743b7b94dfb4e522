package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

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
	text, err := os.ReadFile(p.config())
	if err != nil {
		t.Fatal(err)
	}
	for what, more := range map[string]string{"a mistake": "mistake: 1\n", "a change that wants a restart": "data: elsewhere\n"} {
		if err := os.WriteFile(p.config(), append(bytes.Clone(text), more...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.startable(); err == nil {
			t.Errorf("with %s in its file the project is startable", what)
		}
	}
	if err := errors.Join(os.WriteFile(p.config(), text, 0o600), os.Remove(blocks), os.Rename(blocks+".away", blocks)); err != nil {
		t.Fatal(err)
	}
	mended.Store(true)
	select {
	case err := <-done:
		if !errors.Is(err, ErrRestart) {
			t.Fatalf("it ended with: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end although there is room")
	}

	stop, done = p.run(p.load())
	p.until("events are stored again", func() bool { return p.send() == http.StatusOK })
	p.until("every acknowledged event arrives", func() bool { return p.shelf.missing(p.stored) == 0 })
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
