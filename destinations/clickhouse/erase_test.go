package clickhouse

import (
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// The server keeps the statements of mutations, which must not be where an erased id stays.
func TestEraseLeavesNoID(t *testing.T) {
	w := opened(t)
	events := pipelinetest.Events(0, 3)
	events[1].DistinctID = "ann@example.com"
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	erased, err := w.Erase(t.Context(), pipeline.Erasure{DistinctIDs: []string{"ann@example.com"}, Before: events[2].ReceivedAt.Add(time.Hour)})
	if err != nil || erased.Events != 1 {
		t.Fatalf("Erase\n got %+v, %v\nwant one event", erased, err)
	}
	var mutations, named uint64
	err = w.conn.QueryRow(t.Context(), "SELECT count(), countIf(command LIKE '%ann@%') FROM system.mutations WHERE database = currentDatabase()").Scan(&mutations, &named)
	if err != nil || mutations == 0 || named > 0 {
		t.Errorf("mutations that the server remembers\n got %d, %d of them with the id, %v\nwant some, none with the id", mutations, named, err)
	}
}
