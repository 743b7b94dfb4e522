package clickhouse

import (
	"context"
	"fmt"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// evolve brings a table to where Fit wants it, and its views after it. There is no transaction: what a column shall become is recorded first,
// as a change under way, so that a crash in the middle is finished by the next Merge.
func (w *Warehouse) evolve(ctx context.Context, t *streamTable) error {
	var changed []warehouse.Column
	fresh, refill := false, false
	for _, c := range t.Columns {
		switch {
		case c.Was == "":
			fresh = true
		case c.Was != c.Type || t.changing[c.Field]:
			changed = append(changed, c)
			refill = refill || needsRaw(c, t.changing[c.Field])
		}
	}
	if t.Exists && !fresh && len(changed) == 0 {
		return nil
	}
	if err := w.checkViews(ctx, t); err != nil {
		return err
	}
	if err := w.recordColumns(ctx, t, true); err != nil {
		return err
	}
	if err := w.exec(ctx, w.changes(t, changed)...); err != nil {
		return err
	}
	if refill {
		if err := w.refill(ctx, t); err != nil {
			return fmt.Errorf("fill changed columns again: %w", err)
		}
	}
	if err := w.exec(ctx, w.layout.views(&t.Table)...); err != nil {
		return err
	}
	clear(t.changing)
	return w.recordColumns(ctx, t, false)
}

// needsRaw reports whether the new values of a column come from the records as received. Integers and booleans lose nothing in any other type.
func needsRaw(c warehouse.Column, unfinished bool) bool {
	return unfinished || c.Was != pipeline.Integer && c.Was != pipeline.Boolean
}

// changes are the statements that make the table what t wants. Each can be run again.
func (w *Warehouse) changes(t *streamTable, changed []warehouse.Column) (statements []string) {
	if !t.Exists {
		return w.layout.create(definition(&t.Table))
	}
	for _, c := range t.Columns {
		if c.Was == "" {
			statements = append(statements, w.layout.alter(t.Rows(), true, "ADD COLUMN IF NOT EXISTS "+fieldDefinition(c))...)
		}
	}
	for _, c := range changed {
		statements = append(statements, w.layout.alter(t.Rows(), true, "MODIFY COLUMN "+fieldDefinition(c))...)
	}
	return statements
}

// checkViews reports tables of the user's where our views should be.
func (w *Warehouse) checkViews(ctx context.Context, t *streamTable) error {
	kinds, err := w.kinds(ctx)
	if err != nil {
		return err
	}
	names := []string{t.Name, t.All()}
	if t.HasPersons() {
		names = append(names, warehouse.EventsByPerson)
	}
	for _, name := range names {
		if err := free(kinds, name, "a view of "+t.Rows(), "View"); err != nil {
			return err
		}
	}
	return nil
}

// recordColumns writes what the columns of a table are to be. changing marks those that are not like that in the table and its views yet.
func (w *Warehouse) recordColumns(ctx context.Context, t *streamTable, changing bool) error {
	n := len(t.Columns)
	if n == 0 {
		return nil
	}
	tables, fields, names, types := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	positions, changes, versions := make([]uint32, n), make([]bool, n), make([]uint64, n)
	version := w.tick()
	for i, c := range t.Columns {
		tables[i], fields[i], names[i], types[i] = t.Name, c.Field, c.Name, string(c.Type)
		positions[i], versions[i] = uint32(i), version
		changes[i] = changing && (c.Was != c.Type || t.changing[c.Field])
	}
	return w.record(ctx, "_prickle_columns", []eventColumn{
		{"table_name", "String", ""}, {"field", "String", ""}, {"column_name", "String", ""}, {"type", "String", ""},
		{"position", "UInt32", ""}, {"changing", "Bool", ""}, {"version", "UInt64", ""},
	}, tables, fields, names, types, positions, changes, versions)
}

// refill writes every row again as its record makes it now, under the same version: of equal ones the engine keeps the last that was
// written. What a column held before was converted by the server, which does not know how the record spelled it.
func (w *Warehouse) refill(ctx context.Context, t *streamTable) error {
	rows, err := w.conn.Query(ctx, "SELECT _sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_raw FROM "+
		identifier(t.Rows())+" FINAL WHERE _sync_raw IS NOT NULL")
	if err != nil {
		return err
	}
	defer rows.Close()
	block := newBlock(&t.Table, blockRows)
	for rows.Next() {
		var r row
		var raw string
		if err := rows.Scan(&r.key, &r.version, &r.at, &r.deleted, &r.deletedAt, &r.hash, &raw); err != nil {
			return err
		}
		r.data, r.fields = []byte(raw), parse(raw).Fields
		block.add(&r)
		if block.full() {
			if err := w.sendBlock(ctx, block); err != nil {
				return err
			}
			block = newBlock(&t.Table, blockRows)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return w.sendBlock(ctx, block)
}

// parse is a record as received, as the state that it is of its key.
func parse(raw string) warehouse.State {
	return warehouse.Reduce([]pipeline.Record{{Key: "-", Data: []byte(raw)}})[0]
}
