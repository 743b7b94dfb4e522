package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// column is one of the rows "staged" that a statement is given.
type column struct {
	name string
	typ  duckdb.Type
}

var (
	outColumns  = []column{{"id", duckdb.TYPE_BIGINT}}
	moveColumns = []column{{"id", duckdb.TYPE_BIGINT}, {"version", duckdb.TYPE_BIGINT}, {"at", duckdb.TYPE_TIMESTAMP_TZ}, {"deleted_at", duckdb.TYPE_TIMESTAMP_TZ}}
)

// execWith runs an INSERT, UPDATE or DELETE that reads rows by the name "staged", which fill appends, within the transaction that conn is in. It runs
// once for each 200,000 rows.
func execWith(ctx context.Context, conn *sql.Conn, statement string, columns []column, fill func(appendRow func(...driver.Value) error) error) error {
	names, types := make([]string, len(columns)), make([]duckdb.TypeInfo, len(columns))
	for i, c := range columns {
		info, err := duckdb.NewTypeInfo(c.typ)
		if err != nil {
			return err
		}
		names[i], types[i] = c.name, info
	}
	return conn.Raw(func(c any) error {
		appender, err := duckdb.NewQueryAppender(c.(connection).Conn, statement, "staged", types, names)
		if err != nil {
			return err
		}
		return filled(ctx, appender, fill)
	})
}

// appendTo fills a temporary table by the bulk interface of DuckDB, within the transaction that conn is in.
func appendTo(ctx context.Context, conn *sql.Conn, table string, fill func(appendRow func(...driver.Value) error) error) error {
	return conn.Raw(func(c any) error {
		appender, err := duckdb.NewAppender(c.(connection).Conn, "temp", "main", table)
		if err != nil {
			return err
		}
		return filled(ctx, appender, fill)
	})
}

func filled(ctx context.Context, appender *duckdb.Appender, fill func(appendRow func(...driver.Value) error) error) error {
	if err := fill(appender.AppendRow); err != nil {
		return errors.Join(err, appender.Clear(), appender.Close())
	}
	return appender.CloseWithCancel(ctx)
}

// stagedState are the columns that a state is staged in, before those of the table; fill fills them.
var stagedState = []column{
	{"key", duckdb.TYPE_VARCHAR}, {"version", duckdb.TYPE_BIGINT}, {"read_at", duckdb.TYPE_TIMESTAMP_TZ}, {"deleted", duckdb.TYPE_BOOLEAN},
	{"deleted_at", duckdb.TYPE_TIMESTAMP_TZ}, {"hash", duckdb.TYPE_UBIGINT}, {"extra", duckdb.TYPE_VARCHAR}, {"raw", duckdb.TYPE_VARCHAR},
}

// insertStates is the statement that puts staged states into a table, and what they are staged in: the values of their fields as text.
func insertStates(t *warehouse.Table) (columns []column, statement string) {
	columns = append(columns, stagedState...)
	var names, values strings.Builder
	for i, c := range t.Columns {
		staged := fmt.Sprintf("c%d", i)
		columns = append(columns, column{staged, duckdb.TYPE_VARCHAR})
		fmt.Fprintf(&names, ", %s", warehouse.Identifier(c.Name))
		fmt.Fprintf(&values, ", CAST(%s AS %s)", staged, typeNames[c.Type])
	}
	return columns, fmt.Sprintf(`INSERT INTO %s (_sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw%s)
		SELECT key, version, read_at, deleted, deleted_at, hash, CAST(extra AS JSON), CAST(raw AS JSON)%s FROM staged`,
		warehouse.Identifier(t.Rows()), names.String(), values.String())
}

// fill spells a state as a staged row. Fields without a column, or that do not fit theirs, become the object extra.
func fill(row []driver.Value, t *warehouse.Table, s *warehouse.State) {
	clear(row)
	row[0], row[1], row[2], row[3], row[4], row[5] = s.Key, s.Version, s.At.UTC(), s.DeletedAt != nil, utc(s.DeletedAt), s.Hash
	if s.Data != nil {
		row[7] = s.Data
	}
	if extra := t.Cells(s, func(column int, text string) { row[len(stagedState)+column] = text }); extra != nil {
		row[6] = extra
	}
}
