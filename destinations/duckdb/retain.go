package duckdb

import (
	"context"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// retainAtOnce is how many rows of a table go in one transaction, between two writes.
const retainAtOnce = 50_000

// retainTables deletes the rows of tables of sources that are past their retention.
func (w *Warehouse) retainTables(ctx context.Context) error {
	if len(w.config.Tables) == 0 {
		return nil
	}
	var tables []warehouse.SourceTable
	err := w.do(ctx, func() (err error) {
		tables, err = sourceTables(ctx, w.conn)
		return err
	})
	if err != nil {
		return err
	}
	removed := 0
	return warehouse.Expire(tables, retainAtOnce, w.log, func(t warehouse.SourceTable) (n int, err error) {
		err = w.do(ctx, func() (err error) {
			n, err = w.retainSome(ctx, t.Source, t.Name)
			// A checkpoint puts row groups together that have lost rows. One for all of them at the end would keep writes waiting for too long.
			if removed += n; removed >= rowGroup {
				w.checkpoint()
				removed = 0
			}
			return err
		})
		return n, err
	})
}

// retainSome deletes up to retainAtOnce rows. It looks at the table anew: its columns may have changed since the last ones.
func (w *Warehouse) retainSome(ctx context.Context, source, name string) (int, error) {
	t := &warehouse.Table{Name: name}
	if err := addColumns(ctx, w.conn, t); err != nil {
		return 0, err
	}
	past := w.config.Tables.Expiry(source, t, w.now())
	if past.None() {
		return 0, nil
	}
	rows := warehouse.Identifier(t.Rows())
	result, err := w.conn.ExecContext(ctx, fmt.Sprintf("DELETE FROM %s WHERE rowid IN (SELECT rowid FROM %s WHERE %s LIMIT %d)",
		rows, rows, past.Condition(func(at time.Time) string { return fmt.Sprintf("make_timestamptz(%d)", at.UnixMicro()) }), retainAtOnce))
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// sourceTables are the tables of sources that there are.
func sourceTables(ctx context.Context, q querier) ([]warehouse.SourceTable, error) {
	rows, err := q.QueryContext(ctx, `SELECT p.source, p.table_name FROM _prickle_tables AS p JOIN duckdb_tables() AS d ON d.table_name = p.table_name || '__rows'
		WHERE d.schema_name = 'main' AND NOT d.internal ORDER BY 2`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []warehouse.SourceTable
	for rows.Next() {
		t := warehouse.SourceTable{Table: &warehouse.Table{}}
		if err := rows.Scan(&t.Source, &t.Name); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}

// warnOfTables adds what the configuration says of tables and can do nothing.
func (w *Warehouse) warnOfTables(ctx context.Context, q querier, h *pipeline.Health) error {
	if len(w.config.Tables) == 0 {
		return nil
	}
	tables, err := sourceTables(ctx, q)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := addColumns(ctx, q, t.Table); err != nil {
			return err
		}
	}
	h.Warnings = append(h.Warnings, w.config.Tables.Warnings(tables)...)
	return nil
}
