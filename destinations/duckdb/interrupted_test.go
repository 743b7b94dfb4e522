package duckdb

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// TestInterruptedQueriesLetGo opens the file again and again in one process, after queries that ran out of time.
func TestInterruptedQueriesLetGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	if err := w.Send(t.Context(), pipelinetest.Events(0, 100)); err != nil {
		t.Fatal(err)
	}
	for round := range 40 {
		var queries sync.WaitGroup
		for n := range 4 {
			queries.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+(7*round+11*n)%20)*time.Millisecond)
				defer cancel()
				rows, err := w.Query(ctx, "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 5")
				if err == nil {
					t.Errorf("a query of a million millions of rows ended in time")
					_ = rows.Close()
				}
			})
		}
		queries.Wait()
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
