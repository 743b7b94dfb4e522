package duckdb

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// firstVersion makes a file as the first version of the tables had it, with two events and a source's table.
func firstVersion(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("duckdb", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations[0](t.Context(), tx, 0); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"CREATE TABLE _prickle_migrations (version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL)",
		"INSERT INTO _prickle_migrations VALUES (1, now())",
		`INSERT INTO events VALUES ('01987654-3210-7000-8000-000000000000', 'purchase', 'user-0', '2026-08-20T10:00:00Z',
			'{"$session_id":17,"$groups":{"company":"acme"},"$browser":"Firefox","$os":{"a":1},"$lib":null,"utm_source":"s"}', 'web', '2026-08-20T10:00:01Z', now()),
			('01987654-3210-7000-8000-000000000001', 'left', 'user-1', '2026-08-20T10:00:00Z', '{"$groups":"none"}', 'web', '2026-08-20T10:00:01Z', now())`,
		`CREATE TABLE shop_items (_sync_key VARCHAR NOT NULL, n BIGINT, _sync_version BIGINT, _sync_at TIMESTAMPTZ, _sync_deleted BOOLEAN,
			_sync_deleted_at TIMESTAMPTZ, _sync_hash UBIGINT, _sync_extra JSON, _sync_raw JSON)`,
		"INSERT INTO _prickle_tables VALUES ('shop', 'items', 'shop_items'), ('shop', 'never', 'shop_never')",
		"INSERT INTO _prickle_columns VALUES ('shop_items', 'n', 'n')",
		`INSERT INTO shop_items VALUES ('a', 1, 1, now(), false, NULL, 7, NULL, '{"n":1}'), ('b', 2, 1, now(), true, now(), 8, NULL, '{"n":2}')`,
	} {
		if _, err := tx.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestMigrateFirstVersion wants the rows of an old file to be what they would be had they been written now.
func TestMigrateFirstVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	firstVersion(t, path)
	w := New(*newConfig(path), pipeline.Env{Project: pipeline.Project{ID: 3}})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer closed(t, w)
	got := pipelinetest.Table(t, w, "SELECT project_id, event, person_id, session_id, groups, lib, browser, os, utm_source FROM events ORDER BY uuid")
	if diff := cmp.Diff([]string{
		`3|purchase|` + uuid.UUID(pipeline.PersonID(3, "user-0")).String() + `|17|{"company":"acme"}||Firefox||s`,
		`3|left|` + uuid.UUID(pipeline.PersonID(3, "user-1")).String() + `||{}||||`,
	}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if err := w.Send(t.Context(), pipelinetest.Events(0, 3)); err != nil {
		t.Fatal(err)
	}
	load := pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "a", Version: 2, Data: []byte(`{"n":10,"m":"new"}`)}}}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"SELECT count(*) FROM events":                                           "3",
		"SELECT n, m, _sync_key FROM shop_items":                                "10|new|a",
		"SELECT count(*) FILTER (_sync_deleted), count(*) FROM shop_items__all": "1|2",
	} {
		if got := pipelinetest.Table(t, w, query); got[0] != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

// A column that hides DuckDB's number of a row gets another name, and nothing but the record that changes is changed from then on.
func TestMigrateHiddenRowNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	load := pipeline.Load{Source: "shop"}
	for _, key := range []string{"a", "b", "c"} {
		load.Records = append(load.Records, pipeline.Record{Stream: "items", Key: key, Version: 1, Data: []byte(`{"rowid":7,"n":1}`)})
	}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{ // as the version before had it
		"ALTER TABLE shop_items__rows RENAME COLUMN x_rowid TO rowid", "UPDATE _prickle_columns SET column_name = 'rowid' WHERE column_name = 'x_rowid'",
		"DELETE FROM _prickle_migrations WHERE version = 5",
	} {
		if _, err := w.conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, w)
	w = open(t, path)
	defer closed(t, w)
	load.Records = []pipeline.Record{{Stream: "items", Key: "a", Version: 2, Data: []byte(`{"rowid":7,"n":2}`)}}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	name := warehouse.SecondColumnName("rowid")
	want := []string{"a|2|7", "b|1|7", "c|1|7"}
	if diff := cmp.Diff(want, pipelinetest.Table(t, w, "SELECT _sync_key, n, "+name+" FROM shop_items ORDER BY 1")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestViewTaken puts a table of the user's own in the place of a view.
func TestViewTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "warehouse.duckdb")
	w := open(t, path)
	load := pipeline.Load{Source: "shop", Records: []pipeline.Record{{Stream: "items", Key: "a", Version: 1, Data: []byte(`{"n":1}`)}}}
	if _, err := w.Merge(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"DROP VIEW shop_items", "CREATE TABLE shop_items (mine INTEGER)"} {
		if _, err := w.conn.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	load.Records[0].Data = []byte(`{"n":1,"more":true}`)
	load.Records[0].Version = 2
	_, err := w.Merge(t.Context(), load)
	const want = `duckdb: merge "shop": stream "items": there is a table "shop_items" where prickle keeps a view of "shop_items__rows": rename it`
	if err == nil || err.Error() != want {
		t.Errorf("Merge\n got %v\nwant %s", err, want)
	}
	if got := pipelinetest.Table(t, w, "SELECT count(*), max(_sync_version) FROM shop_items__rows"); got[0] != "1|1" {
		t.Errorf("rows after the refusal\n got %s\nwant what was there before", got)
	}
	closed(t, w)
}
