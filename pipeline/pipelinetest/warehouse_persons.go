package pipelinetest

import (
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// profiles is a load of the source that Prickle has itself: which distinct id belongs to which person.
func profiles(version int64, ids ...[2]string) pipeline.Load {
	load := pipeline.Load{Source: "_profiles", Streams: []pipeline.Stream{
		{Name: "persons", Columns: []pipeline.Column{{Name: "id", Type: pipeline.String}, {Name: "properties", Type: pipeline.JSON}}},
		{Name: "person_distinct_ids", Columns: []pipeline.Column{{Name: "distinct_id", Type: pipeline.String}, {Name: "person_id", Type: pipeline.String}}},
	}}
	for _, id := range ids {
		r := pipeline.Record{Stream: "person_distinct_ids", Key: id[0], Version: version, At: readAt.Add(time.Duration(version) * time.Second),
			Data: []byte(`{"distinct_id":"` + id[0] + `","person_id":"` + id[1] + `"}`)}
		if r.Deleted = id[1] == ""; r.Deleted {
			r.Data = nil
		}
		load.Records = append(load.Records, r)
	}
	return load
}

// eventsByPerson moves distinct ids to other persons, and wants every event once, with the person that it belongs to now or, when nobody took over,
// with its own.
func eventsByPerson(t *testing.T, h WarehouseHarness) {
	w := h.Open(t)
	const first, second = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	mergeAll := func(w pipeline.Warehouse, load pipeline.Load) {
		t.Helper()
		if _, err := w.Merge(t.Context(), load); err != nil {
			t.Fatalf("Merge: %v", err)
		}
	}
	persons := func(w pipeline.Warehouse, want ...string) {
		t.Helper()
		wantTable(t, w, "SELECT distinct_id, person_id, count(*) FROM events_by_person WHERE distinct_id < 'user-4' GROUP BY distinct_id, person_id ORDER BY distinct_id", want...)
	}
	own := map[string]string{}
	mergeAll(w, profiles(1))
	if err := w.Send(t.Context(), Events(0, 14)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	for _, line := range Table(t, w, "SELECT DISTINCT distinct_id, person_id FROM events") {
		id, person, _ := strings.Cut(line, "|")
		own[id] = id + "|" + person + "|2"
	}
	persons(w, own["user-0"], own["user-1"], own["user-2"], own["user-3"])
	mergeAll(w, profiles(2, [2]string{"user-0", first}, [2]string{"user-1", first}, [2]string{"user-2", second}, [2]string{"nobody", second}))
	persons(w, "user-0|"+first+"|2", "user-1|"+first+"|2", "user-2|"+second+"|2", own["user-3"])

	// A field and another type in it make the tables anew beneath the view.
	wider := profiles(3, [2]string{"user-0", second}, [2]string{"user-2", ""})
	wider.Records[0].Data = []byte(strings.Replace(string(wider.Records[0].Data), "{", `{"since":1,`, 1))
	mergeAll(w, wider)
	wider = profiles(4, [2]string{"user-3", first})
	wider.Records[0].Data = []byte(strings.Replace(string(wider.Records[0].Data), "{", `{"since":"now",`, 1))
	mergeAll(w, wider)
	want := []string{"user-0|" + second + "|2", "user-1|" + first + "|2", own["user-2"], "user-3|" + first + "|2"}
	persons(w, want...)
	closeWarehouse(t, w)
	w = h.Open(t)
	defer closeWarehouse(t, w)
	persons(w, want...)
	sameColumns(t, w)
}

// sameColumns wants the columns of events in the view, in their order.
func sameColumns(t *testing.T, w pipeline.Warehouse) {
	t.Helper()
	var columns []string
	for _, from := range []string{"events", "events_by_person"} {
		rows, err := w.Query(t.Context(), "SELECT * FROM "+from)
		if err != nil {
			t.Fatalf("Query: %v", err)
		}
		columns = append(columns, strings.Join(rows.Columns(), ", "))
		rows.Close()
	}
	if columns[0] != columns[1] {
		t.Errorf("columns of events_by_person\n got %s\nwant %s", columns[1], columns[0])
	}
}
