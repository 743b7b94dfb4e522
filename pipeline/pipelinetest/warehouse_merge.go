package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

func mergeVersions(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(record("a", 5, `{"n":1}`), record("b", 5, `{"n":2}`)), pipeline.Merged{Inserted: 2})
	merge(t, w, records(record("a", 6, `{"n":10}`)), pipeline.Merged{Updated: 1})
	merge(t, w, records(record("a", 4, `{"n":99}`)), pipeline.Merged{Unchanged: 1})
	merge(t, w, records(record("b", 5, `{"n":20}`)), pipeline.Merged{Updated: 1})
	merge(t, w, records(tombstone("b", 4)), pipeline.Merged{Unchanged: 1})
	wantTable(t, w, "SELECT _sync_key, n, _sync_version, _sync_at, _sync_deleted FROM shop_items__all ORDER BY _sync_key",
		"a|10|6|2026-08-20T10:00:06Z|false", "b|20|5|2026-08-20T10:00:05Z|false")
}

func mergeAgain(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	load := records(record("a", 5, `{"n":1}`), record("b", 5, `{"n":2,"s":"x"}`), tombstone("c", 5), record("b", 5, `{"n":3,"s":"y"}`))
	load.Cursor = pipeline.Cursor(`{"page":1}`)
	merge(t, w, load, pipeline.Merged{Inserted: 2, Deleted: 1})
	all := "SELECT _sync_key, n, s, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_raw FROM shop_items__all ORDER BY _sync_key"
	before := Table(t, w, all)
	merge(t, w, load, pipeline.Merged{Unchanged: 3})
	if diff := cmp.Diff(before, Table(t, w, all)); diff != "" {
		t.Errorf("rows after the same load again (-want +got):\n%s", diff)
	}
}

func tombstones(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	query := "SELECT n, _sync_version, _sync_deleted, _sync_deleted_at FROM shop_items__all ORDER BY _sync_key"
	merge(t, w, records(record("a", 1, `{"n":1}`)), pipeline.Merged{Inserted: 1})
	merge(t, w, records(tombstone("a", 2)), pipeline.Merged{Deleted: 1})
	wantTable(t, w, query, "1|2|true|2026-08-20T10:00:02Z")
	merge(t, w, records(tombstone("a", 3)), pipeline.Merged{Unchanged: 1})
	merge(t, w, records(record("a", 2, `{"n":2}`)), pipeline.Merged{Unchanged: 1})
	wantTable(t, w, query, "1|3|true|2026-08-20T10:00:02Z")
	merge(t, w, records(record("a", 4, `{"n":1}`)), pipeline.Merged{Updated: 1})
	wantTable(t, w, query, "1|4|false|null")
	wantTable(t, w, "SELECT n, _sync_key FROM shop_items", "1|a")
	merge(t, w, records(tombstone("b", 9)), pipeline.Merged{Deleted: 1})
	merge(t, w, records(record("b", 8, `{"n":8}`)), pipeline.Merged{Unchanged: 1})
	wantTable(t, w, query, "1|4|false|null", "null|9|true|2026-08-20T10:00:09Z")
	wantTable(t, w, "SELECT n, _sync_key FROM shop_items", "1|a")
}

func newestOfLoad(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(
		record("a", 2, `{"n":2}`), record("a", 3, `{"n":3}`), record("a", 1, `{"n":1}`),
		record("b", 1, `{"n":1}`), tombstone("b", 2),
		tombstone("c", 2), record("c", 1, `{"n":1}`), record("c", 3, `{"n":3}`),
		tombstone("d", 2), record("d", 1, `{"n":4}`),
	), pipeline.Merged{Inserted: 2, Deleted: 2})
	wantTable(t, w, "SELECT _sync_key, n, _sync_version, _sync_deleted FROM shop_items__all ORDER BY _sync_key",
		"a|3|3|false", "b|1|2|true", "c|3|3|false", "d|4|2|true")
}

// sameStateLater is about the order 1, 3, 2: the state of 3 equals that of 1, and 2 must still not replace it.
func sameStateLater(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(record("a", 1, `{"n":1,"m":2}`)), pipeline.Merged{Inserted: 1})
	merge(t, w, records(record("a", 3, `{ "m":2, "n":1 }`)), pipeline.Merged{Unchanged: 1})
	merge(t, w, records(record("a", 2, `{"n":2,"m":2}`)), pipeline.Merged{Unchanged: 1})
	wantTable(t, w, "SELECT n, _sync_version FROM shop_items__all", "1|3")
}

func schemaEvolution(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(record("a", 1, `{"id":"a","n":1,"nothing":null}`)), pipeline.Merged{Inserted: 1})
	if rows, err := w.Query(t.Context(), "SELECT nothing FROM shop_items"); err == nil {
		rows.Close()
		t.Error("a field that was only ever null\n got a column\nwant none")
	}
	merge(t, w, records(record("b", 1, `{"id":"b","nothing":true,"list":[1,{"x":2}],"object":{"y":"z"},"text":"t"}`)), pipeline.Merged{Inserted: 1})
	merge(t, w, records(record("a", 2, `{"id":"a"}`)), pipeline.Merged{Updated: 1})
	wantTable(t, w, "SELECT id, n, nothing, list, object, text FROM shop_items ORDER BY _sync_key",
		`a|null|null|null|null|null`, `b|null|true|[1,{"x":2}]|{"y":"z"}|t`)
	wantTable(t, w, "SELECT _sync_raw FROM shop_items__all ORDER BY _sync_key",
		`{"id":"a"}`, `{"id":"b","list":[1,{"x":2}],"nothing":true,"object":{"y":"z"},"text":"t"}`)
}

// typeChanges writes pairs of values into one undeclared column, in one load and in two, and wants to find both again.
func typeChanges(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	values := []string{
		`true`, `1`, `-5`, `9223372036854775807`, `9223372036854775808`, `12345678901234567890123456`, `1.5`, `0.1`, `1e300`, `-2.5e-7`,
		`"text"`, `"42"`, `""`, `"x\u0000y"`, `[1,"a"]`, `{"a":{"b":null}}`,
	}
	for i, first := range values {
		for j, second := range values {
			stream := fmt.Sprintf("pair_%d_%d", i, j)
			a := pipeline.Record{Stream: stream, Key: "a", Version: 1, At: readAt, Data: []byte(`{"v":` + first + `}`)}
			b := pipeline.Record{Stream: stream, Key: "b", Version: 1, At: readAt, Data: []byte(`{"v":` + second + `}`)}
			if (i+j)%2 == 0 {
				merge(t, w, records(a, b), pipeline.Merged{Inserted: 2})
			} else {
				merge(t, w, records(a), pipeline.Merged{Inserted: 1})
				merge(t, w, records(b), pipeline.Merged{Inserted: 1})
			}
			wantPair(t, w, stream, h.zeros(first), h.zeros(second))
		}
	}
}

// wantPair accepts a value as itself or, in a JSON column, as its JSON text. What the column holds must name the value.
func wantPair(t *testing.T, w pipeline.Warehouse, stream, first, second string) {
	t.Helper()
	got := Table(t, w, "SELECT v FROM shop_"+stream+" ORDER BY _sync_key")
	for i, value := range []string{first, second} {
		plain := value
		if text, ok := unquote(value); ok {
			plain = text
		}
		if len(got) != 2 || show(plain) != got[i] && show(value) != got[i] && !sameNumber(plain, got[i]) {
			t.Errorf("column after %s and %s\n got %q\nwant value %d to be %s", first, second, got, i, value)
		}
	}
}

func declaredTypes(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	load := records(
		record("a", 1, `{"ok":true,"count":3,"ratio":0.5,"price":"12345678901234.123456789012","name":"n","created":1755684000,"meta":{"a":1}}`),
		record("b", 1, `{"ok":"perhaps","count":1.5,"ratio":"much","price":"a lot","name":{"x":1},"created":"soon","meta":"text"}`),
		record("c", 1, `{"created":"2026-08-20T12:00:00.5+02:00","price":7,"name":5,"meta":[1]}`),
	)
	load.Streams = []pipeline.Stream{{Name: "items", Columns: []pipeline.Column{
		{Name: "ok", Type: pipeline.Boolean}, {Name: "count", Type: pipeline.Integer}, {Name: "ratio", Type: pipeline.Float},
		{Name: "price", Type: pipeline.Decimal}, {Name: "name", Type: pipeline.String}, {Name: "created", Type: pipeline.Instant},
		{Name: "meta", Type: pipeline.JSON},
	}}}
	merge(t, w, load, pipeline.Merged{Inserted: 3})
	wantTable(t, w, "SELECT ok, count, ratio, price, name, created, meta FROM shop_items ORDER BY _sync_key",
		`true|3|0.5|12345678901234.123456789012|n|2025-08-20T10:00:00Z|{"a":1}`,
		`null|null|null|null|null|null|"text"`,
		`null|null|null|7|5|2026-08-20T10:00:00.5Z|[1]`)
	wantTable(t, w, "SELECT _sync_extra FROM shop_items ORDER BY _sync_key",
		`null`, `{"count":1.5,"created":"soon","name":{"x":1},"ok":"perhaps","price":"a lot","ratio":"much"}`, `null`)
}

func awkwardNames(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(record("a", 1, `{"userID":1,"Select":2,"2fa":3,"a.b c":4,"_sync_raw":5,"it's \"x\"":6}`)), pipeline.Merged{Inserted: 1})
	wantTable(t, w, `SELECT user_id, "select", _2fa, a_b_c, x_sync_raw, it_s_x_ FROM shop_items`, "1|2|3|4|5|6")
	merge(t, w, records(record("b", 1, `{"user_id":7,"userID":8,"名前":9}`)), pipeline.Merged{Inserted: 1})
	wantTable(t, w, "SELECT user_id FROM shop_items ORDER BY _sync_key", "1", "8")
	wantTable(t, w, "SELECT _sync_extra FROM shop_items ORDER BY _sync_key", "null", "null")
}

// namesOfStores are fields whose names stores have for columns of their own.
func namesOfStores(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	const fields = `"rowid":7,"ctid":1,"xmin":2,"xmax":3,"cmin":4,"cmax":5,"tableoid":6,"_row_exists":0,"_blockNumber":1,"_block_offset":2,"_part":9,"_partition_id":8,"oid":1`
	merge(t, w, records(record("a", 1, `{"n":1,`+fields+`}`), record("b", 1, `{"n":1,`+fields+`}`), record("c", 1, `{"n":1,`+fields+`}`)), pipeline.Merged{Inserted: 3})
	merge(t, w, records(record("a", 2, `{"n":2,`+fields+`}`), tombstone("b", 2)), pipeline.Merged{Updated: 1, Deleted: 1})
	wantTable(t, w, "SELECT _sync_key, n, x_rowid, x_xmin, x_ctid, x_row_exists FROM shop_items ORDER BY _sync_key", "a|2|7|2|1|0", "c|1|7|2|1|0")
	merge(t, w, records(record("c", 3, `{"n":3,"rowid":"AAA","xmin":"x"}`)), pipeline.Merged{Updated: 1})
	wantTable(t, w, "SELECT _sync_key, n, x_rowid, x_xmin FROM shop_items ORDER BY _sync_key", "a|2|7|2", "c|3|AAA|x")
}

// smallChanges swap the values of two fields, and change two of them by one, which is little for a hash.
func smallChanges(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(record("a", 1, `{"active":0,"blocked":1,"from":1500,"to":1500}`)), pipeline.Merged{Inserted: 1})
	merge(t, w, records(record("a", 2, `{"active":1,"blocked":0,"from":1500,"to":1500}`)), pipeline.Merged{Updated: 1})
	merge(t, w, records(record("a", 3, `{"active":1,"blocked":0,"from":1400,"to":1600}`)), pipeline.Merged{Updated: 1})
	wantTable(t, w, `SELECT active, blocked, "from", "to" FROM shop_items`, "1|0|1400|1600")
}

func brokenRecords(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, records(
		record("a", 1, `not json`), record("b", 1, `[1,2]`), record("c", 1, `{"s":"half \ud83d","s":"an emoji"}`), record("d\xff", 1, `{}`),
	), pipeline.Merged{Inserted: 4})
	wantTable(t, w, "SELECT _sync_key, s FROM shop_items ORDER BY _sync_key", "a|null", "b|null", "c|an emoji", "d\uFFFD|null")
}

func cursors(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	wantCursor(t, w, "")
	merge(t, w, pipeline.Load{Cursor: pipeline.Cursor(`{"page":1}`)}, pipeline.Merged{})
	wantCursor(t, w, `{"page":1}`)
	merge(t, w, pipeline.Load{Cursor: pipeline.Cursor(`["b",2]`)}, pipeline.Merged{})
	wantCursor(t, w, `["b",2]`)
	merge(t, w, records(record("a", 1, `{}`)), pipeline.Merged{Inserted: 1})
	wantCursor(t, w, `["b",2]`)
	if got, err := w.Cursor(t.Context(), "another"); got != nil || err != nil {
		t.Errorf("Cursor of a source that was never merged\n got %s, %v\nwant nil, no error", got, err)
	}
}

func wantCursor(t *testing.T, w pipeline.Warehouse, want string) {
	t.Helper()
	got, err := w.Cursor(t.Context(), "shop")
	if err != nil {
		t.Fatalf("Cursor: %v", err)
	}
	if string(got) != want {
		t.Errorf("Cursor\n got %s\nwant %s", got, want)
	}
}

// mergeIsAtomic fails a Merge at its very end, by a cursor that is no JSON, and wants neither rows nor cursor.
func mergeIsAtomic(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	load := records(record("a", 1, `{"n":1}`))
	load.Cursor = pipeline.Cursor(`{"page":1}`)
	merge(t, w, load, pipeline.Merged{Inserted: 1})
	bad := records(record("a", 2, `{"n":2,"m":true}`), record("b", 2, `{"n":2}`))
	bad.Source, bad.Cursor = "shop", pipeline.Cursor(`{"page":`)
	if _, err := w.Merge(t.Context(), bad); err == nil {
		t.Error("Merge with a broken cursor\n got no error\nwant one")
	}
	wantTable(t, w, "SELECT _sync_key, n, _sync_version FROM shop_items__all", "a|1|1")
	wantCursor(t, w, `{"page":1}`)
}

func emptyStreams(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	merge(t, w, pipeline.Load{Streams: []pipeline.Stream{
		{Name: "items", Columns: []pipeline.Column{{Name: "id", Type: pipeline.String}, {Name: "created", Type: pipeline.Instant}}},
		{Name: "others"},
	}}, pipeline.Merged{})
	wantTable(t, w, "SELECT id, created, _sync_key FROM shop_items")
	wantTable(t, w, "SELECT _sync_key FROM shop_others")
}

func mergeCancelled(t *testing.T, h WarehouseHarness) {
	w := openWarehouse(t, h)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	load := records(record("a", 1, `{"n":1}`))
	load.Source = "shop"
	if _, err := w.Merge(ctx, load); !errors.Is(err, context.Canceled) {
		t.Errorf("Merge with a context that has ended\n got %v\nwant %v", err, context.Canceled)
	}
	merge(t, w, load, pipeline.Merged{Inserted: 1})
}
