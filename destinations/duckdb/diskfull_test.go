//go:build unix

package duckdb

import (
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
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
