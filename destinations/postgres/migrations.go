package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// migrations[i] brings a schema from version i to version i+1. They are only ever added to.
var migrations = []string{`
CREATE TABLE events (
	project_id   integer NOT NULL,
	uuid         uuid NOT NULL,
	event        text NOT NULL,
	distinct_id  text NOT NULL,
	person_id    uuid NOT NULL,
	timestamp    timestamptz NOT NULL,
	properties   jsonb NOT NULL,
	session_id   text NOT NULL,
	groups       jsonb NOT NULL,
	source       text NOT NULL,
	lib          text NOT NULL,
	lib_version  text NOT NULL,
	country      text NOT NULL,
	browser      text NOT NULL,
	os           text NOT NULL,
	device       text NOT NULL,
	host         text NOT NULL,
	path         text NOT NULL,
	utm_source   text NOT NULL,
	utm_medium   text NOT NULL,
	utm_campaign text NOT NULL,
	utm_content  text NOT NULL,
	utm_term     text NOT NULL,
	received_at  timestamptz NOT NULL,
	inserted_at  timestamptz NOT NULL,
	PRIMARY KEY (project_id, timestamp, uuid)
) PARTITION BY RANGE (timestamp);
CREATE INDEX events_received_at ON events USING brin (received_at);
CREATE INDEX events_event ON events (project_id, event, timestamp);
CREATE INDEX events_distinct_id ON events (project_id, distinct_id, timestamp);
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE _prickle_uuids (bucket integer NOT NULL, uuid uuid NOT NULL, PRIMARY KEY (bucket, uuid));
CREATE TABLE _prickle_cursors (source text PRIMARY KEY, cursor text NOT NULL, updated_at timestamptz NOT NULL);
CREATE TABLE _prickle_tables (source text NOT NULL, stream text NOT NULL, table_name text NOT NULL UNIQUE, PRIMARY KEY (source, stream));
CREATE TABLE _prickle_columns (table_name text NOT NULL, column_name text NOT NULL, field text NOT NULL,
	PRIMARY KEY (table_name, column_name));
COMMENT ON TABLE events IS 'made by prickle';
`}

// prepare makes the schema where it is missing and brings its tables up to date, all in one transaction that no other process does at the same time.
func (w *Warehouse) prepare(ctx context.Context) error {
	have, err := w.tablesVersion(ctx)
	if err != nil || have == len(migrations) {
		return err
	}
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("migrations"))
	if err != nil {
		return err
	}
	defer t.rollback()
	if err := w.migrate(ctx, t); err != nil {
		return err
	}
	return t.commit(ctx)
}

func (w *Warehouse) migrate(ctx context.Context, t *tx) error {
	schema := warehouse.Literal(w.config.Schema)
	exists, err := t.one(ctx, "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = "+schema)
	if err != nil {
		return err
	}
	if exists == "0" {
		if err := t.exec(ctx, "CREATE SCHEMA "+warehouse.Identifier(w.config.Schema)); err != nil {
			return err
		}
	}
	if err := t.exec(ctx, "CREATE TABLE IF NOT EXISTS "+w.named("_prickle_migrations")+" (version integer PRIMARY KEY, applied_at timestamptz NOT NULL)"); err != nil {
		return err
	}
	have, err := w.versionIn(ctx, t)
	if err != nil {
		return err
	}
	for i, statements := range migrations[have:] {
		record := fmt.Sprintf("; INSERT INTO _prickle_migrations VALUES (%d, now())", have+i+1)
		if err := t.exec(ctx, statements+record); err != nil {
			return fmt.Errorf("migration %d: %w", have+i+1, err)
		}
	}
	return nil
}

// named is a table of ours with its schema.
func (w *Warehouse) named(table string) string {
	return warehouse.Identifier(w.config.Schema) + "." + warehouse.Identifier(table)
}

// oldestServer is the oldest major version of Postgres that has all that is used here.
const oldestServer = 13

// tablesVersion is the version of the tables; 0 is none. It fails for one that this program does not know.
func (w *Warehouse) tablesVersion(ctx context.Context) (int, error) {
	t, err := w.begin(ctx, w.writing, "READ ONLY")
	if err != nil {
		return 0, err
	}
	defer t.rollback()
	server, err := t.one(ctx, "SHOW server_version")
	if err != nil {
		return 0, err
	}
	w.version.Store(strings.Fields(server + " ?")[0])
	var major int
	if _, err := fmt.Sscanf(server, "%d", &major); err == nil && major < oldestServer {
		return 0, fmt.Errorf("the server is Postgres %s: want %d or later", server, oldestServer)
	}
	return w.versionIn(ctx, t)
}

func (w *Warehouse) versionIn(ctx context.Context, t *tx) (int, error) {
	made, err := t.one(ctx, "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = "+warehouse.Literal(w.config.Schema)+" AND tablename = '_prickle_migrations'")
	if err != nil || made == "0" {
		return 0, err
	}
	text, err := t.one(ctx, "SELECT coalesce(max(version), 0) FROM "+w.named("_prickle_migrations"))
	if err != nil {
		return 0, err
	}
	have, err := strconv.Atoi(text)
	if err == nil && have > len(migrations) {
		err = fmt.Errorf("%w: the tables in schema %s have version %d, this prickle knows up to %d: use the newer prickle that wrote them",
			errNewer, warehouse.Identifier(w.config.Schema), have, len(migrations))
	}
	return have, err
}

var errNewer = errors.New("a newer prickle was here")
