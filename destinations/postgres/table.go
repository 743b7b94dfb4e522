package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// loadTable finds or invents the table of a stream. Which table and column belongs to what is kept in the schema, so that names stay when
// another stream or field arrives that wants the same one.
func (w *Warehouse) loadTable(ctx context.Context, t *tx, source, stream string) (*warehouse.Table, error) {
	table := &warehouse.Table{}
	found, err := t.column(ctx, fmt.Sprintf("SELECT table_name FROM _prickle_tables WHERE source = %s AND stream = %s", warehouse.Literal(source), warehouse.Literal(stream)))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		if err := t.exec(ctx, w.lock("tables")); err != nil {
			return nil, err
		}
		table.Name, err = chooseName(ctx, t, source, stream)
		return table, err
	}
	table.Name = found[0]
	there, err := t.one(ctx, "SELECT to_regclass("+warehouse.Literal(warehouse.Identifier(table.Rows()))+") IS NOT NULL")
	switch {
	case err != nil:
		return nil, err
	case there != "t":
		// Somebody dropped it, to have everything copied again.
		return table, t.exec(ctx, "DELETE FROM _prickle_columns WHERE table_name = "+warehouse.Literal(table.Name))
	}
	table.Exists = true
	return table, addColumns(ctx, t, table)
}

// addColumns adds the columns that the table has.
func addColumns(ctx context.Context, t *tx, table *warehouse.Table) error {
	rows, err := t.rows(ctx, fmt.Sprintf(`
		SELECT p.column_name, p.field, format_type(a.atttypid, a.atttypmod)
		FROM _prickle_columns AS p
		JOIN pg_catalog.pg_attribute AS a ON a.attrelid = %s::regclass AND a.attname = p.column_name AND NOT a.attisdropped
		WHERE p.table_name = %s ORDER BY a.attnum`, warehouse.Literal(warehouse.Identifier(table.Rows())), warehouse.Literal(table.Name)))
	if err != nil {
		return err
	}
	for _, row := range rows {
		c := warehouse.Column{Name: row[0], Field: row[1], Type: typesByName[row[2]]}
		if c.Type == "" {
			return fmt.Errorf("column %s of %s has the type %s, which prickle does not use: change it back, or drop the column", c.Name, table.Rows(), row[2])
		}
		c.Was = c.Type
		table.Add(c)
	}
	return nil
}

// chooseName finds a name for the table of a stream that has none, and records it.
func chooseName(ctx context.Context, t *tx, source, stream string) (string, error) {
	table := warehouse.Table{Name: warehouse.TableName(source, stream)}
	taken, err := t.one(ctx, fmt.Sprintf(`SELECT count(*) > 0 FROM pg_catalog.pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relname IN (%s, %s, %s)`,
		warehouse.Literal(table.Name), warehouse.Literal(table.Rows()), warehouse.Literal(table.All())))
	if err != nil {
		return "", err
	}
	if taken == "t" {
		table.Name = warehouse.SecondTableName(source, stream)
	}
	return table.Name, t.exec(ctx, fmt.Sprintf("INSERT INTO _prickle_tables VALUES (%s, %s, %s)",
		warehouse.Literal(source), warehouse.Literal(stream), warehouse.Literal(table.Name)))
}

// alter brings the table and its views to where Fit wants them.
func (w *Warehouse) alter(ctx context.Context, t *tx, table *warehouse.Table) error {
	views, err := t.inspectViews(ctx, table)
	if err != nil {
		return err
	}
	if !table.Exists {
		if err := t.exec(ctx, create(table)); err != nil {
			return err
		}
	}
	var added, widened, records []string
	for _, c := range table.Columns {
		switch {
		case c.Was == "":
			added = append(added, "ADD COLUMN "+warehouse.Identifier(c.Name)+" "+typeNames[c.Type])
			records = append(records, fmt.Sprintf("(%s, %s, %s)", warehouse.Literal(table.Name), warehouse.Literal(c.Name), warehouse.Literal(c.Field)))
		case c.Was != c.Type:
			widened = append(widened, fmt.Sprintf("ALTER COLUMN %s TYPE %s USING %s", warehouse.Identifier(c.Name), typeNames[c.Type], fromRaw(c)))
		}
	}
	if len(records) > 0 {
		if err := t.exec(ctx, "INSERT INTO _prickle_columns VALUES "+strings.Join(records, ", ")); err != nil {
			return err
		}
	}
	return t.change(ctx, table, views, added, widened)
}

// change adds and widens columns and makes the views anew where that, or somebody who dropped them, asks for it.
func (t *tx) change(ctx context.Context, table *warehouse.Table, views []view, added, widened []string) error {
	alter := "ALTER TABLE " + warehouse.Identifier(table.Rows()) + " "
	if !table.Exists {
		return t.makeViews(ctx, table, views, nil)
	}
	if len(widened) > 0 {
		grants, err := t.dropViews(ctx, views)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, alter+strings.Join(append(added, widened...), ", ")); err != nil {
			return err
		}
		return t.makeViews(ctx, table, views, grants)
	}
	if len(added) > 0 {
		if err := t.exec(ctx, alter+strings.Join(added, ", ")); err != nil {
			return err
		}
		return t.remakeViews(ctx, table, views)
	}
	for _, v := range views {
		if !v.exists {
			return t.remakeViews(ctx, table, views)
		}
	}
	return nil
}

// create is the statement that makes the table. Rows are updated in place where their page has room, which leaves the index as it is.
func create(table *warehouse.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (_sync_key text PRIMARY KEY", warehouse.Identifier(table.Rows()))
	for _, c := range table.Columns {
		fmt.Fprintf(&b, ", %s %s", warehouse.Identifier(c.Name), typeNames[c.Type])
	}
	b.WriteString(`, _sync_version bigint NOT NULL, _sync_at timestamptz NOT NULL, _sync_deleted boolean NOT NULL, _sync_deleted_at timestamptz,
		_sync_hash bigint NOT NULL, _sync_extra jsonb, _sync_raw json) WITH (fillfactor = 85)`)
	return b.String()
}

// fromRaw computes a column again from the records as received, for a type that was widened. A value that is in _sync_extra stays there.
func fromRaw(c warehouse.Column) string {
	field := warehouse.Literal(c.Field)
	value := fmt.Sprintf("(_sync_raw ->> %s)::%s", field, typeNames[c.Type])
	if c.Type == pipeline.JSON {
		value = fmt.Sprintf("nullif((_sync_raw -> %s)::jsonb, 'null'::jsonb)", field)
	}
	return fmt.Sprintf("CASE WHEN _sync_extra ? %s THEN NULL ELSE %s END", field, value)
}
