package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

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
func lookUp(ctx context.Context, tx *sql.Tx, t *warehouse.Table, states []warehouse.State, have []held) error {
	keys := given{[]column{{"n", duckdb.TYPE_BIGINT}, {"key", duckdb.TYPE_VARCHAR}}, len(states), func(to *place, row int) {
		put(to, 0, int64(row))
		putText(to, 1, states[row].Key)
	}}
	rows, err := tx.QueryContext(keys.in(ctx), fmt.Sprintf(`
		SELECT k.n, t.rowid, t._sync_version, t._sync_deleted, t._sync_hash
		FROM prickle_given() AS k JOIN %s AS t ON t._sync_key = k.key`, warehouse.Identifier(t.Rows())))
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
func (c *rowChanges) write(ctx context.Context, tx *sql.Tx, t *warehouse.Table) error {
	rows := warehouse.Identifier(t.Rows())
	columns, insert := insertStates(t)
	for _, step := range []struct {
		rows      *given
		statement string
	}{
		{c.givenMoves(), `UPDATE ` + rows + ` AS t SET _sync_version = s.version, _sync_at = s.at,
			_sync_deleted = t._sync_deleted OR s.deleted_at IS NOT NULL, _sync_deleted_at = coalesce(t._sync_deleted_at, s.deleted_at)
			FROM prickle_given() AS s WHERE t.rowid = s.id`},
		{c.givenOut(), "DELETE FROM " + rows + " WHERE rowid IN (SELECT id FROM prickle_given())"},
		{givenStates(columns, t, c.in), insert},
	} {
		if step.rows.count == 0 {
			continue
		}
		if _, err := tx.ExecContext(step.rows.in(ctx), step.statement); err != nil {
			return err
		}
	}
	return nil
}

func (c *rowChanges) givenMoves() *given {
	columns := []column{{"id", duckdb.TYPE_BIGINT}, {"version", duckdb.TYPE_BIGINT}, {"at", duckdb.TYPE_TIMESTAMP_TZ}, {"deleted_at", duckdb.TYPE_TIMESTAMP_TZ}}
	return &given{columns, len(c.move), func(to *place, row int) {
		m := &c.move[row]
		put(to, 0, m.row)
		put(to, 1, m.version)
		put(to, 2, m.at.UTC())
		putTime(to, 3, m.deletedAt)
	}}
}

func (c *rowChanges) givenOut() *given {
	return &given{[]column{{"id", duckdb.TYPE_BIGINT}}, len(c.out), func(to *place, row int) { put(to, 0, c.out[row]) }}
}
