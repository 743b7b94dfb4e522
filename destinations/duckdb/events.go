package duckdb

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// eventColumns are the events table's columns with their types, in order. The batch table has them with properties and groups as text.
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
	return "CREATE TABLE events (" + spelled(func(name, typ string) string {
		if c := compression[name]; c != "" {
			typ += " USING COMPRESSION " + c
		}
		return typ + " NOT NULL"
	}) + ")"
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

// spelled is the list of eventColumns for a CREATE TABLE, with what typed makes of their types.
func spelled(typed func(name, typ string) string) string {
	var columns []string
	for _, c := range eventColumns() {
		columns = append(columns, warehouse.Identifier(c[0])+" "+typed(c[0], c[1]))
	}
	return strings.Join(columns, ", ")
}

// stageEvents makes the table where a batch waits for its INSERT. Its JSON is text until the INSERT casts it, which checks it. The appender could run
// the INSERT itself, but its errors do not tell a bad value from a full disk.
func stageEvents() string {
	text := func(_, typ string) string { return strings.Replace(typ, "JSON", "VARCHAR", 1) }
	return "CREATE OR REPLACE TEMP TABLE _prickle_batch (" + spelled(text) + ")"
}

// eventsByPerson makes the view of events with the persons that they belong to now.
var eventsByPerson = fmt.Sprintf(`CREATE OR REPLACE VIEW %s AS
	SELECT e.* REPLACE (coalesce(CAST(m.person_id AS UUID), e.person_id) AS person_id) FROM events AS e LEFT JOIN %s AS m ON m.distinct_id = e.distinct_id`,
	warehouse.EventsByPerson, warehouse.PersonIDs)

// eventValues appends the values of a row in the order of eventColumns.
func (w *Warehouse) eventValues(values []driver.Value, r *warehouse.EventRow, now time.Time) []driver.Value {
	values = append(values, int32(w.project), duckdb.UUID(r.UUID), r.Name, r.DistinctID, duckdb.UUID(r.PersonID), r.Event.Timestamp, r.Properties,
		r.Extracted[0], r.Groups, r.Source)
	for _, text := range r.Extracted[1:] {
		values = append(values, text)
	}
	return append(values, r.Event.ReceivedAt, now)
}
