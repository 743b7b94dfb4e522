package duckdb

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestInterruptedQueriesLetGo opens the file again and again in one process, after queries that ran out of time.
func TestInterruptedQueriesLetGo(t *testing.T) {
	reopened(t, 40, 4, func(t *testing.T, w *Warehouse, n int) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+7*n%20)*time.Millisecond)
		defer cancel()
		rows, err := w.Query(ctx, "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5")
		if err == nil {
			t.Errorf("a query of a million millions of rows ended in time")
			_ = rows.Close()
		}
	})
}

// TestInterruptedHealthLetsGo does so after looks at the health that ran out of time, whose connections are used by others.
func TestInterruptedHealthLetsGo(t *testing.T) {
	var ended, interrupted atomic.Int64
	reopened(t, 20, 100, func(t *testing.T, w *Warehouse, n int) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(50+37*n%5000)*time.Microsecond)
		defer cancel()
		if _, err := w.Health(ctx); err != nil {
			interrupted.Add(1)
			return
		}
		ended.Add(1)
	})
	if interrupted.Load() == 0 {
		t.Errorf("%d looks at the health\n got none that ran out of time\nwant some", ended.Load())
	}
}

// reopened opens and closes a warehouse so many rounds. In each, so many calls are made at once, which are numbered.
func reopened(t *testing.T, rounds, atOnce int, call func(t *testing.T, w *Warehouse, n int)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 100)); err != nil {
		t.Fatal(err)
	}
	var number atomic.Int64
	for round := range rounds {
		var callers sync.WaitGroup
		for range atOnce {
			callers.Go(func() { call(t, w, int(number.Add(1))) })
		}
		callers.Wait()
		closed(t, w)
		again := make(chan *Warehouse, 1)
		go func() { again <- open(t, path) }()
		select {
		case w = <-again:
		case <-time.After(time.Minute):
			t.Fatalf("round %d: the file was not opened again within a minute", round)
		}
	}
	closed(t, w)
}
