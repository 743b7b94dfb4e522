package duckdb

import (
	"fmt"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// eventColumns are the events table's columns with their types, in order.
func eventColumns() [][2]string {
	columns := [][2]string{
		{"project_id", "INTEGER"}, {"uuid", "UUID"}, {"event", "VARCHAR"}, {"distinct_id", "VARCHAR"}, {"person_id", "UUID"},
		{"timestamp", "TIMESTAMPTZ"}, {"properties", "JSON"}, {"session_id", "VARCHAR"}, {"groups", "JSON"}, {"source", "VARCHAR"},
	}
	for _, e := range warehouse.Extracted[1:] {
		columns = append(columns, [2]string{e.Column, "VARCHAR"})
	}
	return append(columns, [2]string{"received_at", "TIMESTAMPTZ"}, [2]string{"inserted_at", "TIMESTAMPTZ"})
}

// createEvents is the statement that makes the events table.
func createEvents() string {
	var columns []string
	for _, c := range eventColumns() {
		column := warehouse.Identifier(c[0]) + " " + c[1]
		if how := compression[c[0]]; how != "" {
			column += " USING COMPRESSION " + how
		}
		columns = append(columns, column+" NOT NULL")
	}
	return "CREATE TABLE events (" + strings.Join(columns, ", ") + ")"
}

// compression is how columns are stored of which that is known beforehand. Of the others DuckDB finds out, at every checkpoint, by trying each way on
// all values. UUIDs stay as they are: they hardly shrink, and each batch reads them in search of duplicates.
var compression = func() map[string]string {
	how := map[string]string{"uuid": "uncompressed", "person_id": "uncompressed", "distinct_id": "fsst", "session_id": "fsst", "properties": "fsst"}
	for _, name := range []string{"event", "source", "groups"} {
		how[name] = "dictionary"
	}
	for _, e := range warehouse.Extracted[1:] {
		how[e.Column] = "dictionary"
	}
	delete(how, "path") // of which there may be as many as events, or a few
	return how
}()

// eventsByPerson makes the view of events with the persons that they belong to now.
var eventsByPerson = fmt.Sprintf(`CREATE OR REPLACE VIEW %s AS
	SELECT e.* REPLACE (coalesce(CAST(m.person_id AS UUID), e.person_id) AS person_id) FROM events AS e LEFT JOIN %s AS m ON m.distinct_id = e.distinct_id`,
	warehouse.EventsByPerson, warehouse.PersonIDs)

// givenColumns are the columns of an event as it is given to an INSERT, which casts its JSON and so checks it.
var givenColumns = func() (out []column) {
	types := map[string]duckdb.Type{
		"INTEGER": duckdb.TYPE_INTEGER, "UUID": duckdb.TYPE_UUID, "VARCHAR": duckdb.TYPE_VARCHAR, "JSON": duckdb.TYPE_VARCHAR, "TIMESTAMPTZ": duckdb.TYPE_TIMESTAMP_TZ,
	}
	for _, c := range eventColumns() {
		out = append(out, column{c[0], types[c[1]]})
	}
	return out
}()

// givenEvents are rows in the order of eventColumns.
func (w *Warehouse) givenEvents(rows []*warehouse.EventRow, now time.Time) *given {
	return &given{givenColumns, len(rows), func(to *place, row int) {
		r := rows[row]
		put(to, 0, int32(w.project))
		put(to, 1, duckdb.UUID(r.UUID))
		putText(to, 2, r.Name)
		putText(to, 3, r.DistinctID)
		put(to, 4, duckdb.UUID(r.PersonID))
		put(to, 5, r.Event.Timestamp)
		put(to, 6, r.Properties)
		putText(to, 7, r.Extracted[0])
		put(to, 8, r.Groups)
		putText(to, 9, r.Source)
		next := 10
		for _, text := range r.Extracted[1:] {
			putText(to, next, text)
			next++
		}
		put(to, next, r.Event.ReceivedAt)
		put(to, next+1, now)
	}}
}
