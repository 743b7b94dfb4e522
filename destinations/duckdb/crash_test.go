package duckdb

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

const (
	crashChild = "PRICKLE_TEST_DUCKDB_CRASH_FILE"
	crashFrom  = "PRICKLE_TEST_DUCKDB_CRASH_FROM"
	crashTo    = "PRICKLE_TEST_DUCKDB_CRASH_EXPORT" // the folder of exports
	crashBatch = 50
)

// sendUntilKilled is the life of the child process: four lanes send batches and print the first number of each one that was acknowledged.
// Every second batch is sent twice, as after a lost acknowledgement. With a folder of exports, what is stored goes to files all the time.
func sendUntilKilled(path string) {
	config, began := newConfig(path), time.Now()
	config.Export.Dir = os.Getenv(crashTo)
	w := New(*config, pipeline.Env{Now: func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Add(time.Since(began)) }})
	if err := w.Open(context.Background()); err != nil {
		fmt.Println("open:", err)
		os.Exit(1)
	}
	if config.Export.Dir != "" {
		go func() {
			for {
				if err := w.Compact(context.Background()); err != nil {
					fmt.Println("compact:", err)
					os.Exit(1)
				}
			}
		}()
	}
	var from int
	fmt.Sscan(os.Getenv(crashFrom), &from)
	var next, out sync.Mutex
	var lanes sync.WaitGroup
	for range 4 {
		lanes.Go(func() {
			for {
				next.Lock()
				n := from
				from += crashBatch
				next.Unlock()
				for range 1 + n/crashBatch%2 {
					if err := w.Send(context.Background(), pipelinetest.Events(n, n+crashBatch)); err != nil {
						fmt.Println("send:", err)
						os.Exit(1)
					}
				}
				out.Lock()
				fmt.Println("ok", n)
				out.Unlock()
			}
		})
	}
	lanes.Wait()
}

// TestKilled kills a writing process at random moments and wants every acknowledged event in the file, once.
func TestKilled(t *testing.T) {
	killed(t, filepath.Join(t.TempDir(), "warehouse.duckdb"), 5)
}

// TestKilledExporting does the same to one that exports what it has stored, beside the writing.
func TestKilledExporting(t *testing.T) {
	rounds := 8
	if os.Getenv("PRICKLE_TEST_TORTURE") != "" {
		rounds = 200
	}
	dir := t.TempDir()
	t.Setenv(crashTo, filepath.Join(dir, "months"))
	path := filepath.Join(dir, "warehouse.duckdb")
	killed(t, path, rounds)
	r, err := OpenForQuery(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, r)
	if got := pipelinetest.Table(t, r, "SELECT count(*) > 0 FROM _prickle_exports WHERE state = 'live'"); got[0] != "true" {
		t.Error("nothing was exported")
	}
}

func killed(t *testing.T, path string, rounds int) {
	acknowledged := map[int]bool{}
	from := 0
	for round := range rounds {
		after := 11 + rand.IntN(60) // more than come again below
		for n := range runChild(t, path, from, after) {
			acknowledged[n] = true
			from = max(from, n)
		}
		if len(acknowledged) == 0 {
			t.Fatalf("round %d: nothing was acknowledged", round)
		}
		// What was under way when the process died comes again, as from the bus.
		from = max(0, from-10*crashBatch)
		checkStored(t, path, acknowledged)
	}
}

// child is a process in sendUntilKilled.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// startChild starts a child that is killed at the end of the test at the latest.
func startChild(t *testing.T, path string, from int) child {
	t.Helper()
	c := child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), crashChild+"="+path, fmt.Sprintf("%s=%d", crashFrom, from))
	c.cmd.Stderr = os.Stderr
	output, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.lines = bufio.NewScanner(output)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c
}

func (c child) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// runChild kills a child a moment after it has acknowledged so many batches, and returns all that it acknowledged.
func runChild(t *testing.T, path string, from, batches int) map[int]bool {
	t.Helper()
	c := startChild(t, path, from)
	got := map[int]bool{}
	for c.lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(c.lines.Text(), "ok %d", &n); err != nil {
			t.Errorf("child: %s", c.lines.Text())
			break
		}
		got[n] = true
		if len(got) == batches {
			timer := time.AfterFunc(time.Duration(rand.IntN(5000))*time.Microsecond, func() { c.cmd.Process.Kill() })
			defer timer.Stop()
		}
	}
	c.kill()
	return got
}

func checkStored(t *testing.T, path string, acknowledged map[int]bool) {
	t.Helper()
	// Reading works with the log of the dead process still beside the file, and leaves it to the next writer.
	r, err := OpenForQuery(t.Context(), path)
	if err != nil {
		t.Fatalf("OpenForQuery after a crash: %v", err)
	}
	defer r.Close()
	stored := map[string]bool{}
	for _, id := range pipelinetest.Table(t, r, "SELECT uuid FROM events") {
		if stored[id] {
			t.Errorf("event %s\n got more than one row\nwant one", id)
		}
		stored[id] = true
	}
	for n := range acknowledged {
		for _, id := range pipelinetest.UUIDs(pipelinetest.Events(n, n+crashBatch)) {
			if !stored[id] {
				t.Errorf("acknowledged event %s\n got no row\nwant one", id)
			}
		}
	}
	t.Logf("%d acknowledged batches, %d events stored", len(acknowledged), len(stored))
}

// TestCrashAfterTypeChanges opens what a process leaves that dies after columns have changed their types: the file and its log.
func TestCrashAfterTypeChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	defer closed(t, w)
	persons := pipeline.Load{Source: "_profiles", Records: []pipeline.Record{{
		Stream: "person_distinct_ids", Key: "a", Version: 1, Data: []byte(`{"distinct_id":"a","person_id":"11111111-1111-4111-8111-111111111111"}`)}}}
	if _, err := w.Merge(t.Context(), persons); err != nil {
		t.Fatal(err)
	}
	for i, v := range []string{`1`, `0.5`, `"text"`, `[1]`} {
		data := fmt.Appendf(nil, `{"v":%s,"n":%s,"other%d":true}`, v, v, i)
		load := pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: fmt.Sprint(i), Version: 1, Data: data}}}
		if _, err := w.Merge(t.Context(), load); err != nil {
			t.Fatal(err)
		}
		left := filepath.Join(t.TempDir(), "left.duckdb")
		for _, suffix := range []string{"", ".wal"} {
			text, err := os.ReadFile(path + suffix)
			if err == nil {
				err = os.WriteFile(left+suffix, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		again := open(t, left)
		query := "SELECT v, n, _sync_key FROM shop_items ORDER BY _sync_key"
		if want, got := pipelinetest.Table(t, w, query), pipelinetest.Table(t, again, query); len(got) != i+1 || !slices.Equal(want, got) {
			t.Errorf("rows after a crash after %s\n got %q\nwant %q", v, got, want)
		}
		closed(t, again)
	}
}
