package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// migrations[i] brings a file from version i to version i+1. They are only ever added to.
var migrations = []func(ctx context.Context, tx *sql.Tx, project int) error{
	statements(`
CREATE TABLE events (
	uuid        UUID NOT NULL,
	event       VARCHAR NOT NULL,
	distinct_id VARCHAR NOT NULL,
	timestamp   TIMESTAMPTZ NOT NULL,
	properties  JSON NOT NULL,
	source      VARCHAR NOT NULL,
	received_at TIMESTAMPTZ NOT NULL,
	inserted_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE _prickle_cursors (source VARCHAR NOT NULL, cursor JSON NOT NULL, updated_at TIMESTAMPTZ NOT NULL);
CREATE TABLE _prickle_tables (source VARCHAR NOT NULL, stream VARCHAR NOT NULL, table_name VARCHAR NOT NULL);
CREATE TABLE _prickle_columns (table_name VARCHAR NOT NULL, column_name VARCHAR NOT NULL, field VARCHAR NOT NULL);
`),
	widerEvents,
	tablesBehindViews,
	statements(`
ALTER TABLE events RENAME TO events__rows;
CREATE VIEW events AS SELECT * FROM events__rows;
CREATE TABLE _prickle_exports (
	file            VARCHAR NOT NULL,
	state           VARCHAR NOT NULL,
	project_id      INTEGER NOT NULL,
	month           TIMESTAMPTZ NOT NULL,
	moved           BOOLEAN NOT NULL,
	rows            BIGINT,
	bytes           BIGINT,
	inserted_until  TIMESTAMPTZ,
	received_before TIMESTAMPTZ,
	first_received  TIMESTAMPTZ,
	last_received   TIMESTAMPTZ
);
CREATE TABLE _prickle_export_dir (dir VARCHAR NOT NULL);
`),
	rowNumbersInSight,
}

func statements(text string) func(context.Context, *sql.Tx, int) error {
	return func(ctx context.Context, tx *sql.Tx, _ int) error {
		_, err := tx.ExecContext(ctx, text)
		return err
	}
}

// widerEvents gives the events table the columns that are read from properties, for the rows that there are too.
func widerEvents(ctx context.Context, tx *sql.Tx, project int) error {
	from := []string{
		strconv.Itoa(project), "uuid", "event", "e.distinct_id", "p.person_id", "timestamp", "properties", property(warehouse.Extracted[0].Property),
		`CASE WHEN json_type(properties, '$."$groups"') = 'OBJECT' THEN json_extract(properties, '$."$groups"') ELSE '{}' END`, "source",
	}
	for _, e := range warehouse.Extracted[1:] {
		from = append(from, property(e.Property))
	}
	from = append(from, "received_at", "inserted_at")
	if err := statements("ALTER TABLE events RENAME TO _prickle_events; "+createEvents())(ctx, tx, project); err != nil {
		return err
	}
	if err := personsOfEvents(ctx, tx, project); err != nil {
		return err
	}
	return statements(`
INSERT INTO events SELECT `+strings.Join(from, ", ")+` FROM _prickle_events AS e JOIN _prickle_persons AS p USING (distinct_id) ORDER BY e.rowid;
DROP TABLE _prickle_events;
DROP TABLE _prickle_persons`)(ctx, tx, project)
}

// property is what warehouse.EventRow makes of a property.
func property(name string) string {
	path := warehouse.Literal(`$."` + name + `"`)
	return fmt.Sprintf("CASE WHEN json_type(properties, %s) IN ('OBJECT', 'ARRAY', 'NULL') THEN '' ELSE coalesce(left(properties->>%s, 1024), '') END", path, path)
}

// personsOfEvents makes a temporary table of the person of each distinct id.
func personsOfEvents(ctx context.Context, tx *sql.Tx, project int) error {
	if err := statements("CREATE TEMP TABLE _prickle_persons (distinct_id VARCHAR, person_id UUID)")(ctx, tx, project); err != nil {
		return err
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO _prickle_persons VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	ids, err := texts(ctx, tx, "SELECT DISTINCT distinct_id FROM _prickle_events")
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := insert.ExecContext(ctx, id, uuid.UUID(pipeline.PersonID(project, id)).String()); err != nil {
			return err
		}
	}
	return nil
}

// tablesBehindViews renames the tables of sources, which views take the names of.
func tablesBehindViews(ctx context.Context, tx *sql.Tx, project int) error {
	names, err := texts(ctx, tx, "SELECT table_name FROM _prickle_tables JOIN duckdb_tables() USING (table_name)")
	if err != nil {
		return err
	}
	for _, name := range names {
		t := warehouse.Table{Name: name}
		rename := fmt.Sprintf("ALTER TABLE %s RENAME TO %s", warehouse.Identifier(t.Name), warehouse.Identifier(t.Rows()))
		if err := statements(rename)(ctx, tx, project); err != nil {
			return err
		}
		if err := addColumns(ctx, tx, &t); err != nil {
			return err
		}
		if err := makeViews(ctx, tx, &t); err != nil {
			return err
		}
	}
	return nil
}

// rowNumbersInSight renames columns that hide DuckDB's number of a row (warehouse.ColumnName).
func rowNumbersInSight(ctx context.Context, tx *sql.Tx, project int) error {
	names, err := texts(ctx, tx, `SELECT p.table_name FROM _prickle_columns AS p JOIN duckdb_columns() AS c ON c.table_name = p.table_name || '__rows' AND c.column_name = p.column_name
		WHERE p.column_name = 'rowid' AND c.schema_name = 'main' AND NOT c.internal`)
	if err != nil {
		return err
	}
	for _, name := range names {
		t := warehouse.Table{Name: name}
		to := warehouse.SecondColumnName("rowid") // nobody has it
		rename := fmt.Sprintf("ALTER TABLE %s RENAME COLUMN rowid TO %s; UPDATE _prickle_columns SET column_name = %s WHERE table_name = %s AND column_name = 'rowid'",
			warehouse.Identifier(t.Rows()), warehouse.Identifier(to), warehouse.Literal(to), warehouse.Literal(name))
		if err := statements(rename)(ctx, tx, project); err != nil {
			return err
		}
		// What the user has changed is for the next merge to tell of, which concerns the table alone.
		if addColumns(ctx, tx, &t) == nil {
			_ = makeViews(ctx, tx, &t)
		}
	}
	return nil
}

// texts is the first column of a query's result.
func texts(ctx context.Context, tx *sql.Tx, query string) (all []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return textsOf(rows)
}

func textsOf(rows *sql.Rows) (all []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// migrate brings the tables up to date, all in one transaction.
func migrate(ctx context.Context, conn *sql.Conn, project int, now time.Time) error {
	tx, err := begin(ctx, conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS _prickle_migrations (version INTEGER NOT NULL, applied_at TIMESTAMPTZ NOT NULL)")
	if err != nil {
		return err
	}
	have, err := version(ctx, tx)
	if err != nil {
		return err
	}
	for i, migration := range migrations[have:] {
		if err := migration(ctx, tx, project); err != nil {
			return fmt.Errorf("migration %d: %w", have+i+1, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO _prickle_migrations VALUES (?, ?)", have+i+1, now.UTC()); err != nil {
			return fmt.Errorf("migration %d: %w", have+i+1, err)
		}
	}
	return tx.Commit()
}

// querier is a database, a connection, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// version reads the version of the tables and refuses one that this program does not know.
func version(ctx context.Context, q querier) (int, error) {
	var have int
	err := q.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM _prickle_migrations").Scan(&have)
	if err != nil {
		return 0, err
	}
	if have > len(migrations) {
		return 0, fmt.Errorf("the tables have version %d, this prickle knows up to %d: use the newer prickle that wrote them", have, len(migrations))
	}
	return have, nil
}

// checkReadable tells whether the tables are ones that a query will find as documented.
func checkReadable(ctx context.Context, db *database) error {
	var made bool
	err := db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = '_prickle_migrations'").Scan(&made)
	if err != nil {
		return err
	}
	if !made {
		return errors.New("is a DuckDB file that was not made by prickle: name another one")
	}
	_, err = version(ctx, db)
	return err
}
