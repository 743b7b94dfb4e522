//go:build unix

package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// limitFiles lets no file of this process grow beyond size, which DuckDB sees as it sees a full disk, and returns how to undo it.
func limitFiles(t *testing.T, size uint64) (undo func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := before
	limit.Cur = size
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ) // or the kernel ends the process before write returns its error
	undo = func() { syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before) }
	t.Cleanup(undo)
	return undo
}

// TestDiskFull writes until there is no room, and wants errors worth another try, success once there is room again, and neither a lost
// nor a doubled event.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	makeRoom := limitFiles(t, 1<<20)
	stored, err := 0, error(nil)
	for ; stored < 100_000; stored += 100 {
		if err = w.Send(t.Context(), pipelinetest.Events(stored, stored+100)); err != nil {
			break
		}
	}
	if err == nil || stored == 0 {
		t.Fatalf("Send\n got %v after %d events\nwant an error after some", err, stored)
	}
	if slices.ContainsFunc(pipeline.EventErrors(err, 100), pipeline.IsPermanent) {
		t.Errorf("Send without room\n got %v, permanent\nwant an error worth another try", err)
	}
	load := pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "a", Version: 1, Data: []byte(`{"text":"` + strings.Repeat("long ", 300_000) + `"}`)}}}
	if _, err := w.Merge(t.Context(), load); err == nil {
		t.Error("Merge without room\n got no error\nwant one")
	}
	makeRoom()
	if err := w.Send(t.Context(), pipelinetest.Events(stored, stored+100)); err != nil {
		t.Errorf("Send with room again: %v", err)
	}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Errorf("Merge with room again: %v", err)
	}
	closed(t, w)
	w = open(t, path)
	defer closed(t, w)
	got := pipelinetest.Table(t, w, "SELECT count(*) = ?, count(DISTINCT uuid) = ?, (SELECT count(*) FROM shop_items) FROM events", stored+100, stored+100)
	if got[0] != "true|true|1" {
		t.Errorf("all events stored, each once, and the record\n got %s\nwant true|true|1", got)
	}
}

// TestDiskFullAtCheckpoint lets the log of the database grow, and not its file, until a checkpoint is due. DuckDB then refuses everything; once there is
// room, events are stored and queries answered again, without a restart.
func TestDiskFullAtCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	stored := 0
	send := func(count int) error {
		err := w.Send(t.Context(), pipelinetest.Events(stored, stored+count))
		if err == nil {
			stored += count
		}
		return err
	}
	if err := errors.Join(send(20_000), w.Compact(t.Context())); err != nil {
		t.Fatal(err)
	}
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	makeRoom := limitFiles(t, uint64(file.Size()))
	if err := send(5000); err != nil {
		t.Fatalf("Send with room in the log: %v", err)
	}
	if err := w.Compact(t.Context()); err == nil {
		t.Fatal("Compact without room in the file\n got no error\nwant one")
	}
	count := "SELECT count(*) FROM events"
	for range 2 { // what is there can be read, and what fits in the log stored, or not; nothing of that is for good
		if err := send(1000); err != nil && slices.ContainsFunc(pipeline.EventErrors(err, 1000), pipeline.IsPermanent) {
			t.Errorf("Send without room\n got %v, permanent\nwant an error worth another try", err)
		}
		_ = w.writer.Do(t.Context(), func() error { w.checkpoint(); return nil })
	}
	makeRoom()
	if err := send(1000); err != nil {
		t.Errorf("Send with room again: %v", err)
	}
	if got, want := pipelinetest.Table(t, w, count), fmt.Sprint(stored); len(got) != 1 || got[0] != want {
		t.Errorf("events\n got %s\nwant %s", got, want)
	}
	if _, err := w.Merge(t.Context(), pipelinetest.Invoices(0, 1)); err != nil {
		t.Errorf("Merge with room again: %v", err)
	}
	if err := w.Compact(t.Context()); err != nil {
		t.Errorf("Compact with room again: %v", err)
	}
	closed(t, w)
	w = open(t, path)
	defer closed(t, w)
	got := pipelinetest.Table(t, w, "SELECT count(*), count(DISTINCT uuid), (SELECT count(*) FROM shop_invoices) FROM events")
	if want := fmt.Sprintf("%d|%d|10000", stored, stored); got[0] != want {
		t.Errorf("all events stored, each once, and the records\n got %s\nwant %s", got, want)
	}
}

// TestDeadUntilRead has a database that is refused everything be opened again by who only reads, but not under a reader's feet.
func TestDeadUntilRead(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 10)); err != nil {
		t.Fatal(err)
	}
	rows, err := w.Query(t.Context(), "SELECT uuid FROM events")
	if err != nil {
		t.Fatal(err)
	}
	w.dead.Store(true)
	if err := w.Send(t.Context(), pipelinetest.Events(10, 20)); !errors.Is(err, errInUse) {
		t.Errorf("Send while a result is read\n got %v\nwant %v", err, errInUse)
	}
	for range 10 {
		if _, err := rows.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events"); got[0] != "10" || w.dead.Load() {
		t.Errorf("events\n got %s, still dead %t\nwant 10, false", got, w.dead.Load())
	}
	if err := w.Send(t.Context(), pipelinetest.Events(0, 20)); err != nil {
		t.Errorf("Send to the file that was opened again: %v", err)
	}
}

// TestDeadIsWaitedFor gives up on a look at a database that is being opened again when its time is over, and has that go on.
func TestDeadIsWaitedFor(t *testing.T) {
	w := open(t, filepath.Join(t.TempDir(), "warehouse.duckdb"))
	defer closed(t, w)
	w.dead.Store(true)
	release := make(chan struct{})
	busy := make(chan error, 1)
	go func() {
		busy <- w.writer.Do(t.Context(), func() error { <-release; return nil })
	}()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Health(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Health without time\n got %v\nwant %v", err, context.Canceled)
	}
	close(release)
	if err := <-busy; err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				if _, err := w.Health(t.Context()); err != nil {
					t.Errorf("Health: %v", err)
				}
				_ = w.Capabilities()
			}
		})
	}
	all.Wait()
	if w.dead.Load() {
		t.Error("the database is still dead")
	}
}
