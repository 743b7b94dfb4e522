package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// migrations[i] brings a file from version i to version i+1. They are only ever added to.
var migrations = []string{`
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
`}

// migrate brings the tables up to date, all in one transaction.
func migrate(ctx context.Context, conn *sql.Conn, now time.Time) error {
	tx, err := conn.BeginTx(ctx, nil)
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
	for i, statements := range migrations[have:] {
		if _, err := tx.ExecContext(ctx, statements); err != nil {
			return fmt.Errorf("migration %d: %w", have+i+1, err)
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO _prickle_migrations VALUES (?, ?)", have+i+1, now.UTC()); err != nil {
			return fmt.Errorf("migration %d: %w", have+i+1, err)
		}
	}
	return tx.Commit()
}

type querier interface {
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
