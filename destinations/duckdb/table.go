package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// loadTable finds or invents the table of a stream. Which table and column belongs to what is kept in the file, so that names stay when
// another stream or field arrives that wants the same one.
func loadTable(ctx context.Context, tx *sql.Tx, source, stream string) (*warehouse.Table, error) {
	t := &warehouse.Table{}
	err := tx.QueryRowContext(ctx, "SELECT table_name FROM _prickle_tables WHERE source = ? AND stream = ?", source, stream).Scan(&t.Name)
	if errors.Is(err, sql.ErrNoRows) {
		t.Name, err = chooseName(ctx, tx, source, stream)
		return t, err
	}
	if err != nil {
		return nil, err
	}
	t.Exists = true
	return t, addColumns(ctx, tx, t)
}

// addColumns adds the columns that the table has.
func addColumns(ctx context.Context, q querier, t *warehouse.Table) error {
	rows, err := q.QueryContext(ctx, `
		SELECT p.column_name, p.field, c.data_type
		FROM _prickle_columns AS p
		JOIN duckdb_columns() AS c ON c.table_name = ? AND c.column_name = p.column_name
		WHERE p.table_name = ? AND c.schema_name = 'main' AND NOT c.internal
		ORDER BY c.column_index`, t.Rows(), t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c warehouse.Column
		var typ string
		if err := rows.Scan(&c.Name, &c.Field, &typ); err != nil {
			return err
		}
		var ok bool
		if c.Type, ok = typesByName[typ]; !ok {
			return fmt.Errorf("column %s of %s has the type %s, which prickle does not use: change it back, or drop the column", c.Name, t.Rows(), typ)
		}
		c.Was = c.Type
		t.Add(c)
	}
	return rows.Err()
}

// chooseName finds a name for the table of a stream that has none, and records it.
func chooseName(ctx context.Context, tx *sql.Tx, source, stream string) (string, error) {
	t := warehouse.Table{Name: warehouse.TableName(source, stream)}
	var taken bool
	err := tx.QueryRowContext(ctx, `
		SELECT count(*) > 0 FROM (SELECT table_name AS name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views())
		WHERE name IN (?, ?, ?)`, t.Name, t.Rows(), t.All()).Scan(&taken)
	if err != nil {
		return "", err
	}
	if taken {
		t.Name = warehouse.SecondTableName(source, stream)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO _prickle_tables VALUES (?, ?, ?)", source, stream, t.Name)
	return t.Name, err
}

// alter brings the table in the file to where t wants it, and its views after it.
func alter(ctx context.Context, tx *sql.Tx, t *warehouse.Table) error {
	statements := changes(t)
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	if len(statements) > 0 {
		if err := makeViews(ctx, tx, t); err != nil {
			return err
		}
		if t.HasPersons() {
			if _, err := tx.ExecContext(ctx, eventsByPerson); err != nil {
				return err
			}
		}
	}
	for _, c := range t.Columns {
		if c.Was == "" {
			if _, err := tx.ExecContext(ctx, "INSERT INTO _prickle_columns VALUES (?, ?, ?)", t.Name, c.Name, c.Field); err != nil {
				return err
			}
		}
	}
	return nil
}

// changes are the statements that make the table what t wants. A column whose type changes is emptied and then filled: a function in the ALTER would be
// computed once more from the log after a crash, which DuckDB cannot do, so that the file could not be opened any more.
func changes(t *warehouse.Table) (statements []string) {
	if !t.Exists {
		return []string{create(t)}
	}
	name := warehouse.Identifier(t.Rows())
	var filled []string
	for _, c := range t.Columns {
		switch {
		case c.Was == "":
			statements = append(statements, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", name, warehouse.Identifier(c.Name), typeNames[c.Type]))
		case c.Was != c.Type:
			column := warehouse.Identifier(c.Name)
			statements = append(statements, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING NULL", name, column, typeNames[c.Type]))
			filled = append(filled, column+" = "+fromRaw(c))
		}
	}
	if len(filled) > 0 {
		statements = append(statements, fmt.Sprintf("UPDATE %s SET %s", name, strings.Join(filled, ", ")))
	}
	return statements
}

func create(t *warehouse.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (_sync_key VARCHAR NOT NULL", warehouse.Identifier(t.Rows()))
	for _, c := range t.Columns {
		fmt.Fprintf(&b, ", %s %s", warehouse.Identifier(c.Name), typeNames[c.Type])
	}
	b.WriteString(`, _sync_version BIGINT, _sync_at TIMESTAMPTZ, _sync_deleted BOOLEAN, _sync_deleted_at TIMESTAMPTZ,
		_sync_hash UBIGINT, _sync_extra JSON, _sync_raw JSON)`)
	return b.String()
}

// makeViews makes the two views of a table anew. DuckDB settles a view's columns when it is made.
func makeViews(ctx context.Context, tx *sql.Tx, t *warehouse.Table) error {
	var columns strings.Builder
	for _, c := range t.Columns {
		columns.WriteString(warehouse.Identifier(c.Name) + ", ")
	}
	rows := warehouse.Identifier(t.Rows())
	for _, view := range []struct{ name, query string }{
		{t.All(), fmt.Sprintf("SELECT %s_sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw FROM %s",
			columns.String(), rows)},
		{t.Name, fmt.Sprintf("SELECT %s_sync_key, _sync_at, _sync_extra FROM %s WHERE NOT _sync_deleted", columns.String(), rows)},
	} {
		var table bool
		if err := tx.QueryRowContext(ctx, "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = ?", view.name).Scan(&table); err != nil {
			return err
		}
		if table {
			return fmt.Errorf("there is a table %s where prickle keeps a view of %s: rename it", warehouse.Identifier(view.name), rows)
		}
		if _, err := tx.ExecContext(ctx, "CREATE OR REPLACE VIEW "+warehouse.Identifier(view.name)+" AS "+view.query); err != nil {
			return err
		}
	}
	return nil
}

// fromRaw computes a column again from the records as received, for a type that was widened.
func fromRaw(c warehouse.Column) string {
	path := warehouse.Literal("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(c.Field))
	if c.Type == pipeline.JSON {
		return fmt.Sprintf("nullif(json_extract(_sync_raw, %s), 'null'::JSON)", path)
	}
	return fmt.Sprintf("TRY_CAST(json_extract_string(_sync_raw, %s) AS %s)", path, typeNames[c.Type])
}
