package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

// WarehouseHarness is an empty place for a warehouse: a file, a database.
type WarehouseHarness struct {
	// Open opens a warehouse on the place. It is called again after the one before has been closed, which is a restart.
	Open func(t *testing.T) pipeline.Warehouse
	// OpenKeeping opens one with a clock, which keeps rows of the tables of sources for as long as kept says, by the tables' names; "*" is all of them.
	OpenKeeping func(t *testing.T, now func() time.Time, kept map[string]Kept) pipeline.Warehouse
	// Poison makes an event that is refused for good while others are taken. Nil when there is no such event.
	Poison func(e pipeline.Event) pipeline.Event
	// NoZeros says that texts cannot hold zero bytes in this store, which has U+FFFD in their place.
	NoZeros bool
	// Refused are statements that Query must refuse, beside the ones that all warehouses have to.
	Refused []string
}

// Kept is how long a warehouse keeps rows of a table: by the time in a column, and after their objects were deleted. 0 is for ever.
type Kept struct {
	Retention time.Duration
	By        string
	Deleted   time.Duration
}

// Warehouse holds a warehouse to the contract of pipeline.Warehouse: as a destination of events that keeps each once, and as a store of
// tables. create is called for every part of the suite and makes a place of its own.
func Warehouse(t *testing.T, create func(t *testing.T) WarehouseHarness) {
	t.Run("events", func(t *testing.T) {
		Destination(t, func(t *testing.T) DestinationHarness {
			h := create(t)
			w := openWarehouse(t, h)
			return DestinationHarness{
				Destination: w, Poison: h.Poison, ExactlyOnce: true,
				Received: func(t *testing.T) []string { return column(t, w, "SELECT uuid FROM events") },
			}
		})
	})
	parts := map[string]func(*testing.T, WarehouseHarness){
		"event columns":             eventColumns,
		"extracted columns":         extractedColumns,
		"health":                    health,
		"compaction":                compacts,
		"awkward events":            awkwardEvents,
		"duplicates":                duplicates,
		"restart":                   restart,
		"merge by version":          mergeVersions,
		"merge again":               mergeAgain,
		"tombstones":                tombstones,
		"newest of one load":        newestOfLoad,
		"same state read later":     sameStateLater,
		"schema evolution":          schemaEvolution,
		"type changes":              typeChanges,
		"declared types":            declaredTypes,
		"names":                     awkwardNames,
		"names of stores":           namesOfStores,
		"small changes":             smallChanges,
		"records that are no JSON":  brokenRecords,
		"cursor":                    cursors,
		"cursor and rows together":  mergeIsAtomic,
		"merge cut off":             mergeCutOff,
		"streams without records":   emptyStreams,
		"events by person":          eventsByPerson,
		"query":                     queries,
		"query is refused":          refusedQueries,
		"query beside writing":      queryBesideWriting,
		"merge with a dead context": mergeCancelled,
		"erasure":                   erases,
		"erasure of many":           erasesMany,
		"retention":                 retains,
		"retention of the deleted":  retainsDeleted,
		"retention beside work":     retainsBeside,
		"retention cut off":         retentionCutOff,
		"retention of other types":  retentionWarns,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) { part(t, create(t)) })
	}
}

// zeros is what becomes of JSON text with zero bytes.
func (h WarehouseHarness) zeros(text string) string {
	if h.NoZeros {
		return strings.ReplaceAll(text, `\u0000`, "\uFFFD")
	}
	return text
}

// openWarehouse opens the place and closes it at the end of the test.
func openWarehouse(t *testing.T, h WarehouseHarness) pipeline.Warehouse {
	t.Helper()
	w := h.Open(t)
	t.Cleanup(func() { closeWarehouse(t, w) })
	return w
}

func closeWarehouse(t *testing.T, w pipeline.Warehouse) {
	t.Helper()
	if c, ok := w.(pipeline.Closer); ok {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func column(t *testing.T, w pipeline.Warehouse, query string) []string {
	t.Helper()
	return Table(t, w, query)
}

func wantTable(t *testing.T, w pipeline.Warehouse, query string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, Table(t, w, query)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

func merge(t *testing.T, w pipeline.Warehouse, load pipeline.Load, want pipeline.Merged) {
	t.Helper()
	load.Source = "shop"
	got, err := w.Merge(t.Context(), load)
	if err != nil {
		t.Fatalf("Merge: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merged (-want +got):\n%s", diff)
	}
}

var readAt = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

// record makes a record of the stream "items".
func record(key string, version int64, data string) pipeline.Record {
	return pipeline.Record{Stream: "items", Key: key, Version: version, Data: []byte(data), At: readAt.Add(time.Duration(version) * time.Second)}
}

func tombstone(key string, version int64) pipeline.Record {
	r := record(key, version, "")
	r.Data, r.Deleted = nil, true
	return r
}

func records(r ...pipeline.Record) pipeline.Load { return pipeline.Load{Records: r} }

func eventColumns(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	if err := w.Send(t.Context(), Events(3, 4)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	wantTable(t, w, "SELECT uuid, event, distinct_id, timestamp, properties, source, received_at FROM events",
		`01987654-3210-7000-8000-000000000003|purchase|user-3|2026-08-20T10:00:00.126Z|{"n":3,"plan":"pro"}|web|2026-08-20T10:00:01.126Z`)
	wantTable(t, w, "SELECT event FROM events WHERE timestamp >= '2026-08-20' AND timestamp < '2026-08-21'", "purchase")
}

// extractedColumns has the same values in the same columns, and in the same order, in every warehouse.
func extractedColumns(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	events := Events(0, 3)
	events[0].Properties = pipeline.Properties(`{"$session_id":"s1","$groups":{"company":"acme"},"$lib":"web","$lib_version":"1.2.3","$geoip_country_code":"DE",
		"$browser":"Firefox","$os":"Linux","$device_type":"Desktop","$host":"example.com","$pathname":"/a/\u00fc","utm_source":"s","utm_medium":"m",
		"utm_campaign":"c","utm_content":"co","utm_term":"t"}`)
	events[1].Properties = pipeline.Properties(`{"$session_id":17,"$groups":"none","$lib":null,"$browser":{"a":1},"$os":true,"$host":"` + strings.Repeat("ü", 600) + `"}`)
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatalf("Send: %v", err)
	}
	columns := "session_id, groups, lib, lib_version, country, browser, os, device, host, path, utm_source, utm_medium, utm_campaign, utm_content, utm_term"
	wantTable(t, w, "SELECT "+columns+" FROM events ORDER BY timestamp",
		`s1|{"company":"acme"}|web|1.2.3|DE|Firefox|Linux|Desktop|example.com|/a/ü|s|m|c|co|t`,
		`17|{}|||||true||`+strings.Repeat("ü", 512)+strings.Repeat("|", 6), `|{}`+strings.Repeat("|", 13))
	wantTable(t, w, "SELECT count(DISTINCT person_id) FROM events", "3")
	wantTable(t, w, "SELECT person_id FROM events WHERE distinct_id = 'user-0'", "47347b5c-fdf1-5764-a5ec-494a23fa9dc6")
	rows, err := w.Query(t.Context(), "SELECT * FROM events")
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	defer rows.Close()
	want := "project_id, uuid, event, distinct_id, person_id, timestamp, properties, " + strings.Replace(columns, "groups,", "groups, source,", 1) + ", received_at, inserted_at"
	if got := strings.Join(rows.Columns(), ", "); got != want && !strings.HasPrefix(got, want+", ") {
		t.Errorf("columns of events\n got %s\nwant %s, and behind them what only this store has", got, want)
	}
}

func awkwardEvents(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	for i, test := range []struct{ properties, want string }{
		{``, `{}`},
		{`{}`, `{}`},
		{`{"a":"x\u0000y"}`, h.zeros(`{"a":"x\u0000y"}`)},
		{`{"a":"half an emoji \ud83d"}`, "{\"a\":\"half an emoji \uFFFD\"}"},
		{`{"a":"an emoji \ud83d\ude00"}`, `{"a":"an emoji 😀"}`},
		{`{"a":12345678901234567890123,"b":0.1,"c":-0}`, `{"a":12345678901234567890123,"b":0.1,"c":0}`},
		{`{"a":"` + strings.Repeat("long ", 200_000) + `"}`, `{"a":"` + strings.Repeat("long ", 200_000) + `"}`},
		{`{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`},
		{"{\n \"a\" : 1 }", `{"a":1}`},
		{`{"it's":"a \"quote\" and a ' and a ; -- $1 ?"}`, `{"it's":"a \"quote\" and a ' and a ; -- $1 ?"}`},
	} {
		e := Event(i)
		e.Name = fmt.Sprintf("it's \"%d\" 名前 😀", i)
		e.Properties = pipeline.Properties(test.properties)
		if err := w.Send(t.Context(), []pipeline.Event{e}); err != nil {
			t.Errorf("Send of properties %.80s: %v", test.properties, err)
			continue
		}
		got := Table(t, w, "SELECT properties FROM events WHERE event = '"+strings.ReplaceAll(e.Name, "'", "''")+"'")
		for i := range got {
			got[i] = strings.ReplaceAll(got[i], ":-0}", ":0}") // which is the same number
		}
		if diff := cmp.Diff([]string{test.want}, got); diff != "" {
			t.Errorf("properties %.80s (-want +got):\n%.500s", test.properties, diff)
		}
	}
}

func duplicates(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	corrected := Event(1)
	corrected.Timestamp = corrected.Timestamp.Add(3 * time.Minute)
	for _, batch := range [][]pipeline.Event{
		{Event(1), Event(2), Event(1), Event(2), Event(2)},
		{Event(2), Event(3)},
		{corrected},
	} {
		if err := w.Send(t.Context(), batch); err != nil {
			t.Fatalf("Send: %v", err)
		}
	}
	wantTable(t, w, "SELECT uuid, count(*) FROM events GROUP BY uuid ORDER BY uuid",
		Event(1).UUID+"|1", Event(2).UUID+"|1", Event(3).UUID+"|1")

	later := Event(3)
	later.ReceivedAt, later.Properties = later.ReceivedAt.Add(time.Hour), pipeline.Properties(`{"later":true}`)
	if err := w.Send(t.Context(), []pipeline.Event{later}); err != nil {
		t.Fatalf("Send: %v", err)
	}
	for range 2 { // as it was inserted, and put together
		wantTable(t, w, "SELECT properties FROM events WHERE uuid = '"+later.UUID+"'", string(Event(3).Properties))
		if err := w.Compact(t.Context()); err != nil {
			t.Fatalf("Compact: %v", err)
		}
	}
}

func health(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	if c := w.Capabilities(); c.Store == "" || c.Version == "" {
		t.Errorf("Capabilities\n got %+v\nwant the store's name and version", c)
	}
	if err := w.Send(t.Context(), Events(0, 100)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	if err := w.Compact(t.Context()); err != nil {
		t.Fatalf("Compact: %v", err)
	}
	got, err := w.Health(t.Context())
	if err != nil || got.Events != 100 || got.Bytes == 0 || len(got.Warnings) > 0 {
		t.Errorf("Health of a store with 100 events\n got %+v, %v\nwant them, their size and no warnings", got, err)
	}
}

// compacts does the housekeeping between and beside writes, and wants what was there before.
func compacts(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	for n := range 5 {
		if err := w.Send(t.Context(), Events(n*10, n*10+20)); err != nil {
			t.Fatalf("Send: %v", err)
		}
		want := pipeline.Merged{Inserted: 1}
		if n > 0 {
			want = pipeline.Merged{Updated: 1}
		}
		merge(t, w, records(record("a", int64(n), fmt.Sprintf(`{"n":%d}`, n))), want)
	}
	done := make(chan error, 1)
	go func() { done <- w.Compact(t.Context()) }()
	if err := w.Send(t.Context(), Events(60, 70)); err != nil {
		t.Errorf("Send beside Compact: %v", err)
	}
	if err := <-done; err != nil {
		t.Fatalf("Compact: %v", err)
	}
	wantTable(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events", "70|70")
	wantTable(t, w, "SELECT n, _sync_key FROM shop_items", "4|a")
}

func restart(t *testing.T, h WarehouseHarness) {
	w := h.Open(t)
	if err := w.Send(t.Context(), Events(0, 50)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	load := records(record("a", 1, `{"n":1}`))
	load.Cursor = pipeline.Cursor(`{"page":7}`)
	merge(t, w, load, pipeline.Merged{Inserted: 1})
	closeWarehouse(t, w)

	w = openWarehouse(t, h)
	if err := w.Send(t.Context(), Events(25, 75)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	wantTable(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events", "75|75")
	wantTable(t, w, "SELECT n FROM shop_items", "1")
	wantCursor(t, w, `{"page":7}`)
}

func queries(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	rows, err := w.Query(t.Context(), "SELECT 1 AS one, 'x' AS letter, NULL AS nothing")
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	defer rows.Close()
	if diff := cmp.Diff([]string{"one", "letter", "nothing"}, rows.Columns()); diff != "" {
		t.Errorf("Columns (-want +got):\n%s", diff)
	}
	if types := rows.Types(); len(types) != 3 || types[0].Type != pipeline.Integer || types[1].Type != pipeline.String {
		t.Errorf("Types\n got %v\nwant %s, %s and any", types, pipeline.Integer, pipeline.String)
	}
	if _, err := rows.Next(); err != nil {
		t.Errorf("Next: %v", err)
	}
	if _, err := rows.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("Next after the last row\n got %v\nwant %v", err, io.EOF)
	}
	if _, err := w.Query(t.Context(), "SELECT no_such_column FROM events"); err == nil {
		t.Error("Query for a column that does not exist\n got no error\nwant one")
	}
	eventTypes(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Query(ctx, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Query with a context that has ended\n got %v\nwant %v", err, context.Canceled)
	}
}

// eventTypes asks for columns of the events table, whose types every store has to tell.
func eventTypes(t *testing.T, w pipeline.Warehouse) {
	t.Helper()
	rows, err := w.Query(t.Context(), "SELECT uuid, event, timestamp, properties, (SELECT count(*) FROM events) FROM events")
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	defer rows.Close()
	want := []pipeline.ValueType{{Type: pipeline.UUID}, {Type: pipeline.String}, {Type: pipeline.Instant}, {Type: pipeline.JSON}, {Type: pipeline.Integer}}
	got := rows.Types()
	if len(got) == len(want) && got[3].Type == pipeline.String {
		want[3] = got[3] // a store without a type for JSON
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Types (-want +got):\n%s", diff)
	}
}

func refusedQueries(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	if err := w.Send(t.Context(), Events(0, 3)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	statements := slices.Concat([]string{
		"", "DELETE FROM events", "INSERT INTO events SELECT * FROM events", "UPDATE events SET event = 'x'", "DROP TABLE events",
		"TRUNCATE TABLE events", "CREATE TABLE x (a INTEGER)", "ALTER TABLE events ADD COLUMN x INTEGER", "SELECT 1; DELETE FROM events",
		"DELETE FROM events; SELECT 1", "nonsense",
	}, h.Refused)
	for _, statement := range statements {
		rows, err := w.Query(t.Context(), statement)
		if err == nil {
			rows.Close()
			t.Errorf("Query %q\n got no error\nwant a refusal", statement)
		}
	}
	wantTable(t, w, "SELECT count(*) FROM events WHERE event = 'purchase'", "3")
}

func queryBesideWriting(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	if err := w.Send(t.Context(), Events(0, 10)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	rows, err := w.Query(t.Context(), "SELECT uuid FROM events")
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	defer rows.Close()
	if _, err := rows.Next(); err != nil {
		t.Fatalf("Next: %v", err)
	}
	if err := w.Send(t.Context(), Events(10, 20)); err != nil {
		t.Fatalf("Send beside an open query: %v", err)
	}
	merge(t, w, records(record("a", 1, `{"n":1}`)), pipeline.Merged{Inserted: 1})
	n := 1
	for _, err := rows.Next(); !errors.Is(err, io.EOF); _, err = rows.Next() {
		if err != nil {
			t.Fatalf("Next: %v", err)
		}
		n++
	}
	if n != 10 {
		t.Errorf("rows of a query begun before the writing\n got %d\nwant 10", n)
	}
	wantTable(t, w, "SELECT count(*) FROM events", "20")
}
