package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// query runs one statement on a connection of its own, in a transaction that DuckDB itself lets nothing write in.
func (db *database) query(ctx context.Context, query string, args []any) (_ *rows, err error) {
	made, err := db.connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("duckdb: query: %w", err)
	}
	c := made.(connection)
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if _, err := c.ExecContext(ctx, "BEGIN TRANSACTION READ ONLY", nil); err != nil {
		return nil, queryError(ctx, err)
	}
	values, err := named(c, args)
	if err != nil {
		return nil, err
	}
	if err := allow(ctx, c, query, db.files); err != nil {
		return nil, err
	}
	prepared, err := c.Prepare(query)
	if err != nil {
		return nil, queryError(ctx, err)
	}
	stmt := prepared.(*duckdb.Stmt)
	if n := stmt.NumInput(); n != len(values) {
		return nil, errors.Join(fmt.Errorf("duckdb: query: the statement has %d parameters, and %d values were given", n, len(values)), stmt.Close())
	}
	var types []string
	if kind, _ := stmt.StatementType(); kind == duckdb.STATEMENT_TYPE_SELECT {
		stmt, types = printable(ctx, c, stmt, query, values)
	}
	result, err := stmt.QueryContext(ctx, values)
	if err != nil {
		return nil, errors.Join(queryError(ctx, err), stmt.Close())
	}
	if types == nil {
		types = resultTypes(result)
	}
	return newRows(ctx, c, stmt, result, types), nil
}

// printable returns the statement with the columns cast to text whose values the driver would hand out in a form that loses something
// (JSON as decoded maps, numbers in it as floats) or prints badly (UUIDs as bytes, lists, dates). The types are asked for by running the
// query for no rows, and returned as DuckDB names them. A statement that cannot stand in a subquery is returned as it is, without types.
func printable(ctx context.Context, c connection, stmt *duckdb.Stmt, query string, values []driver.NamedValue) (*duckdb.Stmt, []string) {
	inner := strings.TrimRight(query, "; \t\r\n")
	prepared, err := c.Prepare("SELECT * FROM (" + inner + "\n) LIMIT 0")
	if err != nil {
		return stmt, nil
	}
	result, err := prepared.(*duckdb.Stmt).QueryContext(ctx, values)
	if err != nil {
		_ = prepared.Close()
		return stmt, nil
	}
	types, names := resultTypes(result), result.Columns()
	columns, aliases, cast := make([]string, len(names)), make([]string, len(names)), false
	for i, name := range names {
		aliases[i] = fmt.Sprintf("c%d", i)
		columns[i] = aliases[i]
		if !isPlain(types[i]) {
			columns[i] = "CAST(" + aliases[i] + " AS VARCHAR)"
			cast = true
		}
		columns[i] += " AS " + warehouse.Identifier(name)
	}
	_, _ = result.Close(), prepared.Close()
	if !cast {
		return stmt, types
	}
	wrapped, err := c.Prepare("SELECT " + strings.Join(columns, ", ") + " FROM (" + inner + "\n) AS q(" + strings.Join(aliases, ", ") + ")")
	if err != nil {
		return stmt, nil
	}
	_ = stmt.Close()
	return wrapped.(*duckdb.Stmt), types
}

// resultTypes are the types of a result's columns as DuckDB names them.
func resultTypes(result driver.Rows) []string {
	named := result.(driver.RowsColumnTypeDatabaseTypeName)
	names := make([]string, len(result.Columns()))
	for i := range names {
		names[i] = named.ColumnTypeDatabaseTypeName(i)
	}
	return names
}

// valueType is the logical type of a column of a result. DuckDB's lists, structures and intervals are texts there.
func valueType(name string) pipeline.ValueType {
	switch name {
	case "BOOLEAN":
		return pipeline.ValueType{Type: pipeline.Boolean}
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER":
		return pipeline.ValueType{Type: pipeline.Integer}
	case "UBIGINT", "HUGEINT", "UHUGEINT":
		return pipeline.ValueType{Type: pipeline.Decimal}
	case "FLOAT", "DOUBLE":
		return pipeline.ValueType{Type: pipeline.Float}
	case "VARCHAR":
		return pipeline.ValueType{Type: pipeline.String}
	case "BLOB":
		return pipeline.ValueType{Type: pipeline.Binary}
	case "UUID":
		return pipeline.ValueType{Type: pipeline.UUID}
	case "DATE":
		return pipeline.ValueType{Type: pipeline.Date}
	case "JSON":
		return pipeline.ValueType{Type: pipeline.JSON}
	case "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return pipeline.ValueType{Type: pipeline.Instant}
	}
	var digits, decimals int
	if n, _ := fmt.Sscanf(name, "DECIMAL(%d,%d)", &digits, &decimals); n == 2 {
		return pipeline.ValueType{Type: pipeline.Decimal, Decimals: decimals}
	}
	return pipeline.ValueType{}
}

func isPlain(typ string) bool {
	switch typ {
	case "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "UHUGEINT",
		"FLOAT", "DOUBLE", "VARCHAR", "BLOB", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return true
	}
	return false
}

func named(c connection, args []any) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
		if err := c.CheckNamedValue(&values[i]); err == nil {
			continue
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, fmt.Errorf("duckdb: query: argument %d: %w", i+1, err)
		}
		values[i].Value = v
	}
	return values, nil
}

func queryError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("duckdb: query: %w", err)
}
