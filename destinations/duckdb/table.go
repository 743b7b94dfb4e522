package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// mostColumns is how many fields of a stream get a column; what comes later goes to _sync_extra.
const mostColumns = 990

// table is a stream's table as it is, and as the records at hand want it to be.
type table struct {
	name    string
	exists  bool
	columns []column
	byField map[string]int
	taken   map[string]bool // column names
}

type column struct {
	name, field string
	typ         string // as it shall be
	was         string // as it is in the file; "" when it does not exist
	declared    bool
}

// loadTable finds or invents the table of a stream. Which table and column belongs to what is kept in the file, so that names stay when
// another stream or field arrives that wants the same one.
func loadTable(ctx context.Context, tx *sql.Tx, source, stream string) (*table, error) {
	t := &table{byField: map[string]int{}, taken: map[string]bool{}}
	err := tx.QueryRowContext(ctx, "SELECT table_name FROM _prickle_tables WHERE source = ? AND stream = ?", source, stream).Scan(&t.name)
	if errors.Is(err, sql.ErrNoRows) {
		return t, t.choose(ctx, tx, source, stream)
	}
	if err != nil {
		return nil, err
	}
	t.exists = true
	rows, err := tx.QueryContext(ctx, `
		SELECT p.column_name, p.field, c.data_type
		FROM _prickle_columns AS p
		JOIN duckdb_columns() AS c ON c.table_name = p.table_name AND c.column_name = p.column_name
		WHERE p.table_name = ? AND c.schema_name = 'main' AND NOT c.internal
		ORDER BY c.column_index`, t.name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.field, &c.typ); err != nil {
			return nil, err
		}
		c.was = c.typ
		t.add(c)
	}
	return t, rows.Err()
}

// choose finds a name for the table of a stream that has none, and records it.
func (t *table) choose(ctx context.Context, tx *sql.Tx, source, stream string) error {
	t.name = tableName(source, stream)
	var taken bool
	err := tx.QueryRowContext(ctx, "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = ?", t.name).Scan(&taken)
	if err != nil {
		return err
	}
	if taken {
		t.name = distinct(t.name, source+"\x00"+stream)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO _prickle_tables VALUES (?, ?, ?)", source, stream, t.name)
	return err
}

func (t *table) add(c column) {
	t.byField[c.field] = len(t.columns)
	t.taken[c.name] = true
	t.columns = append(t.columns, c)
}

// want notes that field shall have a column, and tells which, or -1 when the table is full.
func (t *table) want(field, typ string) int {
	if i, ok := t.byField[field]; ok {
		return i
	}
	if len(t.columns) >= mostColumns {
		return -1
	}
	name := columnName(field)
	if t.taken[name] {
		name = distinct(name, field)
	}
	t.add(column{name: name, field: field, typ: typ})
	return len(t.columns) - 1
}

// fit plans columns for what the stream declares and what the states hold.
func (t *table) fit(declared []pipeline.Column, states []state) {
	for _, d := range declared {
		if i := t.want(d.Name, declaredType(d.Type)); i >= 0 {
			t.columns[i].declared = true
			t.columns[i].typ = join(t.columns[i].typ, declaredType(d.Type))
		}
	}
	for _, s := range states {
		for _, f := range s.fields {
			i := t.want(f.name, "")
			if i < 0 {
				continue
			}
			c := &t.columns[i]
			if c.typ == "" {
				c.typ = infer(f.value)
			}
			if _, ok := cell(c.typ, c.declared, f.value); !ok && !c.declared {
				c.typ = widen(c.typ, f.value)
			}
		}
	}
}

// alter brings the table in the file to where fit wants it.
func (t *table) alter(ctx context.Context, tx *sql.Tx) error {
	var statements []string
	if !t.exists {
		statements = append(statements, t.create())
	}
	for _, c := range t.columns {
		switch {
		case c.was == "" && t.exists:
			statements = append(statements, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", identifier(t.name), identifier(c.name), c.typ))
		case c.was != "" && c.was != c.typ:
			statements = append(statements, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s",
				identifier(t.name), identifier(c.name), c.typ, fromRaw(c)))
		}
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	for _, c := range t.columns {
		if c.was == "" {
			if _, err := tx.ExecContext(ctx, "INSERT INTO _prickle_columns VALUES (?, ?, ?)", t.name, c.name, c.field); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *table) create() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (_sync_key VARCHAR NOT NULL", identifier(t.name))
	for _, c := range t.columns {
		fmt.Fprintf(&b, ", %s %s", identifier(c.name), c.typ)
	}
	b.WriteString(`, _sync_version BIGINT, _sync_at TIMESTAMPTZ, _sync_deleted BOOLEAN, _sync_deleted_at TIMESTAMPTZ,
		_sync_hash UBIGINT, _sync_extra JSON, _sync_raw JSON)`)
	return b.String()
}

// fromRaw computes a column again from the records as received, for a type that was widened.
func fromRaw(c column) string {
	path := literal("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(c.field))
	if c.typ == typeJSON {
		return fmt.Sprintf("nullif(json_extract(_sync_raw, %s), 'null'::JSON)", path)
	}
	return fmt.Sprintf("TRY_CAST(json_extract_string(_sync_raw, %s) AS %s)", path, c.typ)
}
