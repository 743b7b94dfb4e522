package clickhouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// columnTypes are how logical types are stored. JSON of a source is its exact text: the type JSON takes objects only, and not all of those.
var columnTypes = map[pipeline.Type]string{
	pipeline.Boolean: "Nullable(Bool)",
	pipeline.Integer: "Nullable(Int64)",
	pipeline.Float:   "Nullable(Float64)",
	pipeline.Decimal: "Nullable(Decimal(38, 12))",
	pipeline.String:  "Nullable(String)",
	pipeline.Instant: "Nullable(DateTime64(6, 'UTC'))",
	pipeline.JSON:    "Nullable(String)",
}

// Columns of a table of records before and after those of the fields.
var (
	keyColumn   = eventColumn{"_sync_key", "String", "ZSTD(1)"}
	syncColumns = []eventColumn{
		{"_sync_version", "UInt64", "Delta, ZSTD(1)"}, {"_sync_at", "DateTime64(6, 'UTC')", "Delta, ZSTD(1)"}, {"_sync_deleted", "Bool", "ZSTD(1)"},
		{"_sync_deleted_at", "Nullable(DateTime64(6, 'UTC'))", "ZSTD(1)"}, {"_sync_hash", "UInt64", "ZSTD(1)"},
		{"_sync_extra", "Nullable(String)", "ZSTD(3)"}, {"_sync_raw", "Nullable(String)", "ZSTD(3)"},
	}
)

// streamTable is a stream's table with what the store remembers of it beyond warehouse.Table.
type streamTable struct {
	warehouse.Table
	changing map[string]bool // fields whose column was being changed when something ended it
}

// loadTable finds or invents the table of a stream. Which table and column belongs to what is kept in the control tables, so that names stay
// when another stream or field arrives that wants the same one.
func (w *Warehouse) loadTable(ctx context.Context, source, stream string) (*streamTable, error) {
	t := &streamTable{changing: map[string]bool{}}
	err := w.conn.QueryRow(ctx, "SELECT table_name FROM _prickle_tables FINAL WHERE source = {source:String} AND stream = {stream:String}",
		parameter("source", source), parameter("stream", stream)).Scan(&t.Name)
	if errors.Is(err, sql.ErrNoRows) {
		t.Name, err = w.chooseName(ctx, source, stream)
		return t, err
	}
	if err != nil {
		return nil, err
	}
	var exists uint64
	err = w.conn.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = {name:String}", parameter("name", t.Rows())).Scan(&exists)
	t.Exists = exists > 0
	if err != nil || !t.Exists {
		return t, err
	}
	return t, w.loadColumns(ctx, t)
}

func (w *Warehouse) loadColumns(ctx context.Context, t *streamTable) error {
	rows, err := w.conn.Query(ctx, `SELECT field, column_name, type, changing,
			column_name IN (SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {rows:String})
		FROM _prickle_columns FINAL WHERE table_name = {table:String} ORDER BY position`, parameter("table", t.Name), parameter("rows", t.Rows()))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c warehouse.Column
		var typ string
		var changing, there bool
		if err := rows.Scan(&c.Field, &c.Name, &typ, &changing, &there); err != nil {
			return err
		}
		c.Type = pipeline.Type(typ)
		if columnTypes[c.Type] == "" {
			return fmt.Errorf("column %s of %s has the type %q, which this prickle does not know: use the newer prickle that made it", c.Name, t.Rows(), typ)
		}
		if there { // or else it was about to be added
			c.Was = c.Type
		}
		t.changing[c.Field] = changing
		t.Add(c)
	}
	return rows.Err()
}

// chooseName finds a name for the table of a stream that has none, and records it.
func (w *Warehouse) chooseName(ctx context.Context, source, stream string) (string, error) {
	kinds, err := w.kinds(ctx)
	if err != nil {
		return "", err
	}
	t := warehouse.Table{Name: warehouse.TableName(source, stream)}
	if kinds[t.Name] != "" || kinds[t.Rows()] != "" || kinds[t.All()] != "" {
		t.Name = warehouse.SecondTableName(source, stream)
	}
	return t.Name, w.record(ctx, "_prickle_tables", []eventColumn{{"source", "String", ""}, {"stream", "String", ""}, {"table_name", "String", ""}, {"version", "UInt64", ""}},
		[]string{source}, []string{stream}, []string{t.Name}, []uint64{w.tick()})
}

// record inserts rows into a control table, given as columns.
func (w *Warehouse) record(ctx context.Context, table string, columns []eventColumn, values ...any) error {
	return w.send(ctx, table, columns, func(i int) any { return values[i] }, "")
}

// definition makes the table of a stream.
func definition(t *warehouse.Table) table {
	columns := []string{spell(keyColumn)}
	for _, c := range t.Columns {
		columns = append(columns, fieldDefinition(c))
	}
	for _, c := range syncColumns {
		columns = append(columns, spell(c))
	}
	return table{name: t.Rows(), columns: columns, version: "_sync_version", order: keyColumn.name, shard: "cityHash64(_sync_key)"}
}

func spell(c eventColumn) string { return fmt.Sprintf("%s %s CODEC(%s)", c.name, c.typ, c.codec) }

func fieldDefinition(c warehouse.Column) string {
	codec := ""
	if c.Type == pipeline.JSON {
		codec = " CODEC(ZSTD(3))"
	}
	return identifier(c.Name) + " " + columnTypes[c.Type] + codec
}

// views are those of a stream: all keys, and the rows that readers use.
func (l layout) views(t *warehouse.Table) []string {
	var fields, sync strings.Builder
	for _, c := range t.Columns {
		fields.WriteString(identifier(c.Name) + ", ")
	}
	for _, c := range syncColumns {
		sync.WriteString(", " + c.name)
	}
	rows := identifier(t.Rows())
	views := []string{
		l.view(t.All(), fmt.Sprintf("SELECT %s_sync_key%s\nFROM %s FINAL", fields.String(), sync.String(), rows)),
		l.view(t.Name, fmt.Sprintf("SELECT %s_sync_key, _sync_at, _sync_extra\nFROM %s FINAL\nWHERE NOT _sync_deleted", fields.String(), rows)),
	}
	if t.HasPersons() {
		views = append(views, l.view(warehouse.EventsByPerson, l.eventsByPerson()))
	}
	return views
}
