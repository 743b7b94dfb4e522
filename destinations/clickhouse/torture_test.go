package clickhouse

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// Properties come back as the very bytes that were sent, in both modes.
func TestTortureProperties(t *testing.T) {
	var wide strings.Builder
	for n := range 1200 {
		fmt.Fprintf(&wide, `"property %d":%d,`, n, n)
	}
	texts := []string{
		`{}`, `{"n":12345678901234567890,"m":-9223372036854775809,"f":1.50,"e":1E+2,"z":-0.0}`, `{"b":1,"a":null,"o":{},"l":[]}`,
		`{"a.b":1,"a":{"b":2}}`, `{"userID":1,"user_id":2,"USER_ID":3,"user id":4}`, `{"k":1,"k":"two"}`, `{"":1," ":2,"'":3,"\"":4,"\\":5,"\u0000":6}`,
		`{"a":"x\u0000y","b":"tab\tnewline\nquote\"backslash\\"}`, `{"when":"9999-12-31T23:59:59Z","then":"0001-01-01","far":253402300799}`,
		`{` + strings.TrimSuffix(wide.String(), ",") + `}`, `{"big":"` + strings.Repeat("0123456789", 500_000) + `"}`,
		`{"mixed":[1,"a",{"q":1},[null]],"deep":` + strings.Repeat(`{"a":`, 120) + "1" + strings.Repeat("}", 120) + `}`, `{"emoji":"😀","rtl":"\u202eabc"}`,
	}
	for n, typ := range []string{`true`, `1`, `1.5`, `"x"`, `null`, `[1]`, `{"a":1}`, `"2026-08-20T10:00:00Z"`} {
		texts = append(texts, fmt.Sprintf(`{"n":%d,"changing":%s}`, n, typ))
	}
	overEach(t, func(t *testing.T, protocol string) {
		for _, json := range []string{"on", "off"} {
			w := openedOver(t, protocol, func(c *Config) { c.JSON = json })
			events := pipelinetest.Events(0, len(texts))
			for i := range events {
				events[i].Properties = pipeline.Properties(texts[i])
			}
			if err := w.Send(t.Context(), events); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(texts, verbatim(t, w, "SELECT properties FROM events ORDER BY uuid")); diff != "" {
				t.Errorf("properties with json %s (-want +got):\n%.3000s", json, diff)
			}
		}
	})
}

// verbatim is the first column of a query's rows, as it is.
func verbatim(t *testing.T, w *Warehouse, query string, args ...any) []string {
	t.Helper()
	rows, err := w.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	defer rows.Close()
	var got []string
	for {
		values, err := rows.Next()
		if err != nil {
			return got
		}
		got = append(got, fmt.Sprint(values[0]))
	}
}

// What the documentation says that the type JSON does to properties.
func TestJSONColumn(t *testing.T) { overEach(t, testJSONColumn) }

func testJSONColumn(t *testing.T, protocol string) {
	w := openedOver(t, protocol, func(c *Config) { c.JSON = "on" })
	if !w.Capabilities().JSON {
		t.Fatal("no JSON column")
	}
	events := pipelinetest.Events(0, 4)
	events[0].Properties = pipeline.Properties(`{"b":1,"a":null,"o":{},"f":1.50,"u":18446744073709551615,"x.y":true,"s":"1"}`)
	events[1].Properties = pipeline.Properties(`{"n":12345678901234567890123,"plan":"pro"}`)
	events[2].Properties = pipeline.Properties(`{"k":1,"k":2}`)
	if err := w.Send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	want := []string{`{"b":1,"f":1.5,"s":"1","u":18446744073709551615,"x":{"y":true}}`, `{}`, `{}`, `{"n":3,"plan":"pro"}`}
	for i, got := range verbatim(t, w, "SELECT properties_json FROM events ORDER BY uuid") {
		if strings.ReplaceAll(strings.ReplaceAll(got, `"18446744073709551615"`, "18446744073709551615"), `"3"`, "3") != want[i] {
			t.Errorf("properties_json of %s\n got %s\nwant %s", events[i].Properties, got, want[i])
		}
	}
	if got := verbatim(t, w, "SELECT properties_json.plan FROM events WHERE properties_json.n.:Int64 = 3"); len(got) != 1 || got[0] != "pro" {
		t.Errorf("a member\n got %q\nwant pro", got)
	}
}

// The column comes and goes with the configuration, and loses nothing.
func TestJSONColumnChanges(t *testing.T) {
	first := opened(t, func(c *Config) { c.JSON = "off" })
	c := first.config
	persons := pipeline.Load{Source: "_profiles", Records: []pipeline.Record{{
		Stream: "person_distinct_ids", Key: "user-0", Version: 1, Data: []byte(`{"distinct_id":"user-0","person_id":"11111111-1111-4111-8111-111111111111"}`)}}}
	if _, err := first.Merge(t.Context(), persons); err != nil {
		t.Fatal(err)
	}
	if err := first.Send(t.Context(), pipelinetest.Events(0, 3)); err != nil {
		t.Fatal(err)
	}
	for _, json := range []string{"on", "off", "on"} {
		c.JSON, c.Retention = json, map[string]time.Duration{"on": 3650 * 24 * time.Hour}[json]
		w := open(t, &c)
		got := pipelinetest.Table(t, w, "SELECT count() FROM events WHERE JSONExtractString(properties, 'plan') = 'pro'")
		if json == "on" {
			got = pipelinetest.Table(t, w, "SELECT count() FROM events WHERE properties_json.plan = 'pro'")
		}
		if got[0] != "3" {
			t.Errorf("events with json %s\n got %s\nwant 3", json, got[0])
		}
		by := pipelinetest.Table(t, w, "SELECT count(DISTINCT person_id), countIf(toString(person_id) LIKE '11111111-%') FROM events_by_person")
		if by[0] != "3|1" {
			t.Errorf("persons of events with json %s\n got %s\nwant 3, one of them by a record", json, by[0])
		}
		rows, err := w.Query(t.Context(), "SELECT * FROM events_by_person")
		if err != nil {
			t.Fatal(err)
		}
		if last := rows.Columns()[len(rows.Columns())-1]; (last == jsonColumn) != (json == "on") {
			t.Errorf("last column of events_by_person with json %s: %s", json, last)
		}
		rows.Close()
		ttl := pipelinetest.Table(t, w, "SELECT engine_full LIKE '%toIntervalDay(3650)%' FROM system.tables WHERE database = currentDatabase() AND name = 'events__rows'")
		if want := map[string]string{"on": "1", "off": "0"}[json]; ttl[0] != want {
			t.Errorf("retention in the table\n got %s\nwant %s", ttl[0], want)
		}
		closed(t, w)
	}
}

// A field of a source takes on every type after every other, three times over, and shows each value as the record spelled it.
func TestTortureTypes(t *testing.T) {
	w := opened(t)
	values := []string{`true`, `7`, `12345678901234567890`, `1.50`, `1e300`, `"text"`, `"42"`, `{"a":1.10}`, `[1,null]`}
	for i, a := range values {
		for j, b := range values {
			c := values[(i+j)%len(values)]
			stream := fmt.Sprintf("types_%d_%d", i, j)
			for n, v := range []string{a, b, c} {
				load := pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: stream, Key: fmt.Sprint(n), Version: 1, Data: []byte(`{"v":` + v + `}`)}}}
				if _, err := w.Merge(t.Context(), load); err != nil {
					t.Fatalf("Merge of %s after %s, %s: %v", v, a, b, err)
				}
			}
			wantSpelled(t, w, stream, a, b, c)
		}
	}
}

// wantSpelled accepts a text with or without its quotes, and a number in a column of numbers by its value.
func wantSpelled(t *testing.T, w *Warehouse, stream string, values ...string) {
	t.Helper()
	got := verbatim(t, w, "SELECT v FROM shop_"+stream+" ORDER BY _sync_key")
	typ := verbatim(t, w, "SELECT toTypeName(v) FROM shop_"+stream+" LIMIT 1")[0]
	for i, v := range values {
		exact := strings.Contains(typ, "String")
		same := len(got) == len(values) && (got[i] == v || got[i] == strings.Trim(v, `"`) || !exact && strings.TrimRight(got[i], "0") == strings.TrimRight(v, "0") ||
			!exact && strings.ReplaceAll(got[i], "e+", "e") == v)
		if !same {
			t.Errorf("%s after %v\n got %q\nwant %s", typ, values, got, v)
		}
	}
}

// Records with far dates, large values, many fields and names that collide.
func TestTortureRecords(t *testing.T) { overEach(t, testTortureRecords) }

func testTortureRecords(t *testing.T, protocol string) {
	w := openedOver(t, protocol)
	var wide strings.Builder
	for n := range 1200 {
		fmt.Fprintf(&wide, `"field %d":%d,`, n, n)
	}
	load := pipeline.Load{Source: "shop", Streams: []pipeline.Stream{{Name: "items", Columns: []pipeline.Column{{Name: "created", Type: pipeline.Instant}, {Name: "big", Type: pipeline.String}}}}}
	for n, data := range []string{
		`{` + wide.String() + `"created":"2026-08-20T10:00:00Z"}`,
		`{"created":"9999-12-31T23:59:59Z","userID":1,"user_id":2,"USER ID":3}`,
		`{"created":"0001-01-01T00:00:00Z","big":"` + strings.Repeat("x\\u0000", 800_000) + `"}`,
		`{"created":"1899-12-31T23:59:59Z","n":12345678901234567890}`,
	} {
		load.Records = append(load.Records, pipeline.Record{Stream: "items", Key: fmt.Sprint(n), Version: 1, Data: []byte(data)})
	}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	for i, want := range load.Records {
		if got := verbatim(t, w, "SELECT _sync_raw FROM shop_items__all WHERE _sync_key = ?", fmt.Sprint(i)); len(got) != 1 || got[0] != string(want.Data) {
			t.Errorf("record %d\n got %.100q\nwant %.100s", i, got, want.Data)
		}
	}
	got := verbatim(t, w, "SELECT concat(toString(created), ' ', ifNull(_sync_extra, '')) FROM shop_items WHERE _sync_key > '0' ORDER BY _sync_key")
	extra := verbatim(t, w, "SELECT ifNull(_sync_extra, 'none') FROM shop_items WHERE _sync_key > '0' ORDER BY _sync_key")
	for i, want := range []string{`"created":"9999-12-31T23:59:59Z"`, `"created":"0001-01-01T00:00:00Z"`, `"created":"1899-12-31T23:59:59Z"`} {
		if !strings.Contains(extra[i], want) {
			t.Errorf("_sync_extra of %d\n got %.200s (%.60s)\nwant %s", i+1, extra[i], got[i], want)
		}
	}
	big := verbatim(t, w, "SELECT length(big) FROM shop_items WHERE _sync_key = '2'")
	if len(big) != 1 || big[0] != "1600000" {
		t.Errorf("length of a text of 5 MB\n got %v\nwant 1600000", big)
	}
}
