package postgres

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

func mustMerge(t testing.TB, w *Warehouse, want pipeline.Merged, records ...pipeline.Record) {
	t.Helper()
	for i := range records {
		records[i].Stream, records[i].At = "items", pipelinetest.Event(0).Timestamp
	}
	got, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: records})
	if err != nil {
		t.Fatalf("Merge: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merged (-want +got):\n%s", diff)
	}
}

// wide is a record with fields from one number to another, each with a value.
func wide(key string, version int64, from, to int, value string) pipeline.Record {
	var b strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, `,"aPropertyWithALongNameOfACustomField%d":%s`, n, strings.ReplaceAll(value, "#", fmt.Sprint(n)))
	}
	return pipeline.Record{Key: key, Version: version, Data: []byte("{" + b.String()[1:] + "}")}
}

// TestManyProperties has more properties than a table has columns, and more values than a row has room for: each is in its column or in _sync_extra.
func TestManyProperties(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	long := `"a text that is longer than what stays in a row #"`
	for i, values := range []string{`#`, `"text number #"`, long, `{"a":[#,null]}`, `true`} {
		key := fmt.Sprint("k", i)
		mustMerge(t, w, pipeline.Merged{Inserted: 1}, wide(key, 1, 0, 1200, values))
		row := pipelinetest.Table(t, w, `SELECT (SELECT count(*) FROM jsonb_each(to_jsonb(s) - '_sync_extra' - '_sync_key' - '_sync_at') WHERE value <> 'null')
			+ (SELECT count(*) FROM jsonb_object_keys(_sync_extra)) FROM shop_items AS s WHERE _sync_key = $1`, key)
		if diff := cmp.Diff([]string{"1200"}, row); diff != "" {
			t.Errorf("values of %s in columns and extra (-want +got):\n%s", values, diff)
		}
	}
	mustMerge(t, w, pipeline.Merged{Updated: 1}, wide("k0", 2, 1100, 1250, `"x"`))
	mustMerge(t, w, pipeline.Merged{Unchanged: 1}, wide("k0", 2, 1100, 1250, `"x"`))
	wantRows(t, w, "SELECT count(*) FROM jsonb_object_keys((SELECT _sync_extra FROM shop_items WHERE _sync_key = 'k0'))", "150")
	wantRows(t, w, "SELECT a_property_with_a_long_name_of_a_custom_field7 FROM shop_items WHERE _sync_key = 'k2'", `"a text that is longer than what stays in a row 7"`)
}

// TestTypesOfAKey changes the type of one key again and again; what was stored before is there in the wider column.
func TestTypesOfAKey(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	values := []string{`1`, `12345678901234567890`, `0.5`, `"2026-08-20T10:00:00Z"`, `true`, `null`, `-0.0`, `1e-7`, `[1]`, `{"a":"\u0000"}`, `"text"`, `99999999999999999999999999999999999999999`}
	for i, v := range values {
		mustMerge(t, w, pipeline.Merged{Inserted: 1}, pipeline.Record{Key: fmt.Sprintf("k%02d", i), Version: 1, Data: []byte(`{"v":` + v + `}`)})
	}
	wantRows(t, w, "SELECT v FROM shop_items ORDER BY _sync_key", "1", "12345678901234567890", "0.5", `"2026-08-20T10:00:00Z"`, "true", "null", "0", "0.0000001", "[1]",
		"{\"a\":\"\uFFFD\"}", `"text"`, "99999999999999999999999999999999999999999")
}

// TestHugeValues stores values of megabytes, and keys and numbers beyond what an index and a numeric hold.
func TestHugeValues(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	text := strings.Repeat("0123456789", 500_000)
	mustMerge(t, w, pipeline.Merged{Inserted: 4},
		pipeline.Record{Key: "a", Version: 1, Data: []byte(`{"v":"` + text + `"}`)},
		pipeline.Record{Key: strings.Repeat("ü", 3000), Version: 1, Data: []byte(`{"v":"b"}`)},
		pipeline.Record{Key: strings.Repeat("ü", 3001), Version: 1, Data: []byte(`{"v":"c"}`)},
		pipeline.Record{Key: "n\x00ul", Version: 1, Data: []byte(`{"v":"d","n":{"huge":1e200000,"tiny":[-1e-99999],"nul\u0000":"\\u0000"}}`)})
	wantRows(t, w, "SELECT length(v), _sync_key, n FROM shop_items WHERE length(_sync_key) < 10 ORDER BY _sync_key",
		"5000000|a|null", "1|n\uFFFDul|{\"huge\":\"1e200000\",\"nul\uFFFD\":\"\\\\u0000\",\"tiny\":[\"-1e-99999\"]}")
	wantRows(t, w, "SELECT count(DISTINCT _sync_key), max(length(_sync_key)) < 2001 FROM shop_items", "4|true")
	e := pipelinetest.Events(0, 3)
	e[0].Properties = pipeline.Properties(`{"v":"` + text + `"}`)
	e[1].Properties = pipeline.Properties(`{"huge":1e200000,"$groups":{"n":-1e-99999},"text":"1e200000"}`)
	e[2].Name, e[2].DistinctID = "pur\x00chase", "\x00"
	e[2].Properties = pipeline.Properties(`{"$lib":"we\u0000b","$groups":{"a":"\u0000"}}`)
	mustSend(t, w, e)
	wantRows(t, w, "SELECT event, distinct_id, lib, groups, length(properties::text) FROM events ORDER BY timestamp",
		"purchase|user-0||{}|5000009", `purchase|user-1||{"n":"-1e-99999"}|71`, "pur\uFFFDchase|\uFFFD|we\uFFFDb|{\"a\":\"\uFFFD\"}|39")
	if n := w.mended.Load(); n != 5 {
		t.Errorf("mended\n got %d\nwant 5: three records and two events", n)
	}
}

// TestBadEventAmongMany finds the one event that cannot be stored among thousands.
func TestBadEventAmongMany(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	events := pipelinetest.Events(0, 3000)
	for _, i := range []int{17, 2999} {
		events[i] = notJSON(events[i])
	}
	for i, err := range pipeline.EventErrors(w.Send(t.Context(), events), len(events)) {
		if bad := i == 17 || i == 2999; pipeline.IsPermanent(err) != bad || (err != nil) != bad {
			t.Errorf("event %d\n got %v\nwant a permanent error: %v", i, err, bad)
		}
	}
	wantRows(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events", "2998|2998")
}

// TestFarDates stores every century.
func TestFarDates(t *testing.T) {
	w := open(t, postgres.Database(t))
	defer closed(t, w)
	var days, want []string
	for year := 1; year < 10000; year += 101 {
		days = append(days, fmt.Sprintf("%04d-02-28", year))
		want = append(want, fmt.Sprintf("%04d-02-28T00:00:00Z", year))
	}
	mustSend(t, w, eventsAt(days...))
	wantRows(t, w, "SELECT timestamp FROM events ORDER BY timestamp", want...)
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, pipeline.Record{Key: "a", Version: 1, Data: []byte(`{"at":-62135596800}`)})
}
