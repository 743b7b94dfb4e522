package postgres

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/test/postgres"
)

func item(key string, version int64, data string) pipeline.Record {
	return pipeline.Record{Key: key, Version: version, Data: []byte(data)}
}

const columnsOf = "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND attrelid = "

// What others were granted on a view is theirs still when the view was made anew.
func TestViewsKeepGrants(t *testing.T) {
	dsn := postgres.Database(t)
	w := open(t, dsn)
	defer closed(t, w)
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	reader := role(t, dsn)
	postgres.Exec(t, dsn, "GRANT USAGE ON SCHEMA prickle TO "+reader, "GRANT SELECT ON prickle.shop_items TO "+reader+", PUBLIC")
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("b", 1, `{"n":"text","m":true}`))
	wantRows(t, w, columnsOf+"'shop_items'::regclass", "n m _sync_key _sync_at _sync_extra")
	got := postgres.Rows(t, as(t, dsn, reader, "hunter2"), "SELECT n, m FROM prickle.shop_items ORDER BY _sync_key")
	if strings.Join(got, ",") != "1|<nil>,text|true" {
		t.Errorf("what the reader sees\n got %v\nwant both rows", got)
	}
}

// A view of the user's own on one of ours is left alone: new columns come last then, and a type that has to change is an error that names it.
func TestViewsOfOthers(t *testing.T) {
	dsn := postgres.Database(t)
	w := open(t, dsn)
	defer closed(t, w)
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	postgres.Exec(t, dsn, "CREATE VIEW public.mine AS SELECT n * 2 AS twice FROM prickle.shop_items")
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("b", 1, `{"n":2,"m":true}`))
	wantRows(t, w, columnsOf+"'shop_items'::regclass", "n _sync_key _sync_at _sync_extra m")
	wantRows(t, w, "SELECT twice FROM mine ORDER BY 1", "2", "4")
	_, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "c", Version: 1, Data: []byte(`{"n":"text"}`)}}})
	if err == nil || !strings.Contains(err.Error(), "view mine depends on") || !strings.Contains(err.Error(), "drop that view") {
		t.Errorf("Merge that changes a type\n got %v\nwant the view that is in the way", err)
	}
	postgres.Exec(t, dsn, "DROP VIEW public.mine")
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("c", 1, `{"n":"text"}`))
	wantRows(t, w, columnsOf+"'shop_items'::regclass", "n m _sync_key _sync_at _sync_extra")
}

// A table or view of the user's own in place of our view is neither dropped nor written to.
func TestViewReplaced(t *testing.T) {
	dsn := postgres.Database(t)
	w := open(t, dsn)
	defer closed(t, w)
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	for _, kind := range []string{"TABLE", "VIEW"} {
		postgres.Exec(t, dsn, "DROP VIEW prickle.shop_items", "CREATE "+kind+" prickle.shop_items AS SELECT 1 AS mine")
		_, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "b", Version: 1, Data: []byte(`{"n":2,"m":1}`)}}})
		if err == nil || !strings.Contains(err.Error(), `"shop_items" is not the view that prickle made: rename`) {
			t.Errorf("Merge\n got %v\nwant that the view is not ours", err)
		}
		wantRows(t, w, columnsOf+"'shop_items'::regclass", "mine")
		postgres.Exec(t, dsn, "ALTER "+kind+" prickle.shop_items RENAME TO mine_"+strings.ToLower(kind))
		mustMerge(t, w, pipeline.Merged{Unchanged: 1}, item("a", 1, `{"n":1}`))
	}
	wantRows(t, w, "SELECT n FROM shop_items", "1")
}

// A table that has the name of a stream before the first sync keeps it, and the stream gets another one.
func TestNameIsTaken(t *testing.T) {
	dsn := postgres.Database(t)
	w := open(t, dsn)
	defer closed(t, w)
	postgres.Exec(t, dsn, "CREATE TABLE prickle.shop_items (mine integer)")
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	wantRows(t, w, columnsOf+"'shop_items'::regclass", "mine")
	wantRows(t, w, "SELECT count(*) FROM _prickle_tables WHERE table_name LIKE 'shop\\_items\\_%'", "1")
}

// A table that was dropped is filled again, a column of an unknown type is told.
func TestTableChangedByHand(t *testing.T) {
	dsn := postgres.Database(t)
	w := open(t, dsn)
	defer closed(t, w)
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	postgres.Exec(t, dsn, "DROP TABLE prickle.shop_items__rows CASCADE")
	mustMerge(t, w, pipeline.Merged{Inserted: 1}, item("a", 1, `{"n":1}`))
	wantRows(t, w, "SELECT n FROM shop_items", "1")
	postgres.Exec(t, dsn, "DROP VIEW prickle.shop_items, prickle.shop_items__all", "ALTER TABLE prickle.shop_items__rows ALTER COLUMN n TYPE integer")
	_, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "b", Version: 1, Data: []byte(`{"n":2}`)}}})
	if err == nil || !strings.Contains(err.Error(), "column n of shop_items__rows has the type integer, which prickle does not use") {
		t.Errorf("Merge\n got %v\nwant the column and its type", err)
	}
}
