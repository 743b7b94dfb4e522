package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// retainAtOnce is how many rows of a table go in one transaction, which merges of its source wait for.
const retainAtOnce = 10_000

// retainTables deletes the rows of tables of sources that are past their retention.
func (w *Warehouse) retainTables(ctx context.Context) error {
	if len(w.config.Tables) == 0 {
		return nil
	}
	t, err := w.begin(ctx, w.writing, "READ ONLY")
	if err != nil {
		return err
	}
	tables, err := sourceTables(ctx, t)
	t.rollback()
	if err != nil {
		return err
	}
	return warehouse.Expire(tables, retainAtOnce, w.log, func(table warehouse.SourceTable) (n int, err error) {
		err = w.again(func() (err error) {
			n, err = w.retainSome(ctx, table.Source, table.Name)
			return err
		})
		if n > 0 {
			w.changed.add(table.Rows())
		}
		return n, err
	})
}

// retainSome deletes up to retainAtOnce rows, between two merges of the source. It looks at the table anew: a merge may have changed its columns.
func (w *Warehouse) retainSome(ctx context.Context, source, name string) (int, error) {
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("source\x00"+source))
	if err != nil {
		return 0, err
	}
	defer t.rollback()
	table := &warehouse.Table{Name: name}
	if err := addColumns(ctx, t, table); err != nil {
		return 0, err
	}
	past := w.config.Tables.Expiry(source, table, w.now())
	if past.None() {
		return 0, nil
	}
	rows := warehouse.Identifier(table.Rows())
	n, err := t.affect(ctx, fmt.Sprintf("DELETE FROM %s WHERE ctid = ANY(ARRAY(SELECT ctid FROM %s WHERE %s LIMIT %d))",
		rows, rows, past.Condition(func(at time.Time) string { return warehouse.Literal(at.Format(time.RFC3339Nano)) + "::timestamptz" }), retainAtOnce))
	if err != nil {
		return 0, err
	}
	return n, t.commit(ctx)
}

// sourceTables are the tables of sources that there are.
func sourceTables(ctx context.Context, t *tx) ([]warehouse.SourceTable, error) {
	rows, err := t.rows(ctx, "SELECT source, table_name FROM _prickle_tables WHERE to_regclass(quote_ident(table_name || '__rows')) IS NOT NULL ORDER BY 2")
	if err != nil {
		return nil, err
	}
	tables := make([]warehouse.SourceTable, len(rows))
	for i, row := range rows {
		tables[i] = warehouse.SourceTable{Source: row[0], Table: &warehouse.Table{Name: row[1]}}
	}
	return tables, nil
}

// warningsOfTables say what the configuration says of tables and can do nothing.
func (w *Warehouse) warningsOfTables(ctx context.Context, t *tx) ([]string, error) {
	if len(w.config.Tables) == 0 {
		return nil, nil
	}
	tables, err := sourceTables(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if err := addColumns(ctx, t, table.Table); err != nil {
			return nil, err
		}
	}
	return w.config.Tables.Warnings(tables), nil
}
