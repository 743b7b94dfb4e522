package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// held is the row that a table has of a key.
type held struct {
	warehouse.Stored
	row   int64 // DuckDB's rowid
	found bool
}

// lookUp finds the rows that the table has of the states' keys. It reads the keys of the table, and the rest of the rows that it finds.
func lookUp(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t *warehouse.Table, states []warehouse.State, have []held) error {
	if _, err := tx.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE _prickle_keys (n BIGINT, key VARCHAR)"); err != nil {
		return err
	}
	err := appendTo(ctx, conn, "_prickle_keys", func(appendRow func(...driver.Value) error) error {
		for i := range states {
			if err := appendRow(int64(i), states[i].Key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(`
		SELECT k.n, t.rowid, t._sync_version, t._sync_deleted, t._sync_hash
		FROM _prickle_keys AS k JOIN %s AS t ON t._sync_key = k.key`, warehouse.Identifier(t.Rows())))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		h := held{found: true}
		if err := rows.Scan(&n, &h.row, &h.Version, &h.Deleted, &h.Hash); err != nil {
			return err
		}
		have[n] = h
	}
	return rows.Err()
}

// rowChanges are what a load does to a table. A row whose fields change is taken out and a new one put in: in place it would cost as much for each of
// its columns.
type rowChanges struct {
	in   []*warehouse.State
	out  []int64
	move []move
}

// move is for a row that keeps its fields: a tombstone came for it, or the same state once more.
type move struct {
	row       int64
	version   int64
	at        time.Time
	deletedAt *time.Time
}

func changesOf(states []warehouse.State, have []held, merged *pipeline.Merged) *rowChanges {
	c := &rowChanges{in: make([]*warehouse.State, 0, len(states))}
	for i := range states {
		s, h := &states[i], &have[i]
		var stored *warehouse.Stored
		if h.found {
			stored = &h.Stored
		}
		switch s.Change(stored, merged) {
		case warehouse.Insert:
			c.in = append(c.in, s)
		case warehouse.Replace:
			c.in, c.out = append(c.in, s), append(c.out, h.row)
		case warehouse.Bury, warehouse.Touch:
			c.move = append(c.move, move{h.row, s.Version, s.At, s.DeletedAt})
		}
	}
	return c
}

// write makes the changes, those by a row's number before new rows come.
func (c *rowChanges) write(ctx context.Context, conn *sql.Conn, t *warehouse.Table) error {
	rows := warehouse.Identifier(t.Rows())
	if len(c.move) > 0 {
		err := execWith(ctx, conn, `UPDATE `+rows+` AS t SET _sync_version = s.version, _sync_at = s.at,
			_sync_deleted = t._sync_deleted OR s.deleted_at IS NOT NULL, _sync_deleted_at = coalesce(t._sync_deleted_at, s.deleted_at)
			FROM staged AS s WHERE t.rowid = s.id`, moveColumns, c.appendMoves)
		if err != nil {
			return err
		}
	}
	if len(c.out) > 0 {
		if err := execWith(ctx, conn, "DELETE FROM "+rows+" WHERE rowid IN (SELECT id FROM staged)", outColumns, c.appendOut); err != nil {
			return err
		}
	}
	if len(c.in) == 0 {
		return nil
	}
	columns, statement := insertStates(t)
	return execWith(ctx, conn, statement, columns, func(appendRow func(...driver.Value) error) error {
		row := make([]driver.Value, len(columns))
		for _, s := range c.in {
			fill(row, t, s)
			if err := appendRow(row...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *rowChanges) appendMoves(appendRow func(...driver.Value) error) error {
	for _, m := range c.move {
		if err := appendRow(m.row, m.version, m.at.UTC(), utc(m.deletedAt)); err != nil {
			return err
		}
	}
	return nil
}

func (c *rowChanges) appendOut(appendRow func(...driver.Value) error) error {
	for _, row := range c.out {
		if err := appendRow(row); err != nil {
			return err
		}
	}
	return nil
}

func utc(t *time.Time) driver.Value {
	if t == nil {
		return nil
	}
	return t.UTC()
}
