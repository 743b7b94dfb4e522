package pipelinetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// awkwardID is a distinct id that must be quoted, in every dialect.
const awkwardID = `it's "x" \' \\ ; -- $1 ? ü`

// erases deletes the events and rows of two ids, and wants all others, and what came later, to be there.
func erases(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	events := Events(0, 6)
	events[1].DistinctID = awkwardID
	events[4].DistinctID = events[0].DistinctID
	events[5].DistinctID = events[0].DistinctID
	before := events[5].ReceivedAt // what was received then or later stays
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatalf("Send: %v", err)
	}
	merge(t, w, records(record("a", 1, `{"n":1}`), record(awkwardID, 1, `{"n":2}`), record("c", 1, `{"n":3}`), record("later", 60, `{"n":4}`)),
		pipeline.Merged{Inserted: 4})
	merge(t, w, records(tombstone("a", 2)), pipeline.Merged{Deleted: 1})

	e := pipeline.Erasure{DistinctIDs: []string{events[0].DistinctID, awkwardID, "nobody"}, Before: before, Count: true}
	erase(t, w, e, pipeline.Erased{Events: 3})
	wantTable(t, w, "SELECT count(*) FROM events", "6")
	e.Count = false
	erase(t, w, e, pipeline.Erased{Events: 3})
	wantTable(t, w, "SELECT uuid FROM events ORDER BY uuid", events[2].UUID, events[3].UUID, events[5].UUID)
	erase(t, w, e, pipeline.Erased{})

	rows := pipeline.Erasure{Before: readAt.Add(30 * time.Second), Count: true, Rows: []pipeline.KeyedRows{
		{Source: "shop", Stream: "items", Keys: []string{"a", awkwardID, "later", "nobody"}}, {Source: "shop", Stream: "nothing", Keys: []string{"a"}},
	}}
	erase(t, w, rows, pipeline.Erased{Rows: 2})
	wantTable(t, w, "SELECT count(*) FROM shop_items__all", "4")
	rows.Count = false
	erase(t, w, rows, pipeline.Erased{Rows: 2})
	wantTable(t, w, "SELECT n, _sync_key FROM shop_items__all ORDER BY n", "3|c", "4|later")
	erase(t, w, rows, pipeline.Erased{})
	wantTable(t, w, "SELECT count(*) FROM events", "3")
	merge(t, w, records(record("a", 1, `{"n":1}`)), pipeline.Merged{Inserted: 1}) // somebody who comes back is new
	wantTable(t, w, "SELECT count(*) FROM shop_items", "3")
}

// erasesMany erases a person with more ids than one statement can name, after a restart.
func erasesMany(t *testing.T, h WarehouseHarness) {
	const ids = 2000
	w := h.Open(t)
	events := Events(0, ids+10)
	e := pipeline.Erasure{Before: events[ids+9].ReceivedAt.Add(time.Second)}
	for i := range ids {
		events[i].DistinctID = fmt.Sprintf("%0200d", i)
		e.DistinctIDs = append(e.DistinctIDs, events[i].DistinctID)
	}
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatalf("Send: %v", err)
	}
	closeWarehouse(t, w)
	w = openWarehouse(t, h)
	erase(t, w, e, pipeline.Erased{Events: ids})
	wantTable(t, w, "SELECT count(*) FROM events", "10")
	if err := w.Send(t.Context(), Events(ids+10, ids+20)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	wantTable(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events", "20|20")
}

func erase(t *testing.T, w pipeline.Warehouse, e pipeline.Erasure, want pipeline.Erased) {
	t.Helper()
	got, err := w.Erase(t.Context(), e)
	if err != nil {
		t.Fatalf("Erase: %v", err)
	}
	if got != want {
		t.Errorf("Erase, count only: %v\n got %+v\nwant %+v", e.Count, got, want)
	}
}
