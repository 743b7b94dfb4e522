package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// migrations[i] brings a database from version i to version i+1. They are only ever added to. There are no transactions: every statement can
// be run again after a crash, and the version is written last.
var migrations = []func(l layout) []string{
	func(l layout) (statements []string) {
		for _, t := range append(controlTables, l.events()) {
			statements = append(statements, l.create(t)...)
		}
		return statements
	},
}

// controlTables hold what is known of cursors and tables of sources. The newest row of a key counts.
var controlTables = []table{
	{
		name: "_prickle_cursors", version: "version", order: "source",
		columns: []string{"source String", "cursor String CODEC(ZSTD(3))", "updated_at DateTime64(3, 'UTC')", "version UInt64"},
	},
	{
		name: "_prickle_tables", version: "version", order: "(source, stream)",
		columns: []string{"source String", "stream String", "table_name String", "version UInt64"},
	},
	{
		name: "_prickle_columns", version: "version", order: "(table_name, field)",
		columns: []string{"table_name String", "field String", "column_name String", "type String", "position UInt32", "changing Bool", "version UInt64"},
	},
}

var migrationsTable = table{
	name: "_prickle_migrations", order: "version", columns: []string{"version UInt32", "applied_at DateTime64(3, 'UTC') DEFAULT now64(3)"},
}

// migrate brings the tables up to date, then what the configuration decides: the column of JSON, the retention, the view.
func (w *Warehouse) migrate(ctx context.Context) error {
	kinds, err := w.kinds(ctx)
	if err != nil {
		return err
	}
	have := uint32(0)
	if kinds[migrationsTable.name] != "" {
		if err := w.conn.QueryRow(ctx, "SELECT max(version) FROM _prickle_migrations").Scan(&have); err != nil {
			return err
		}
	} else if err := w.exec(ctx, w.layout.create(migrationsTable)...); err != nil {
		return err
	}
	if int(have) > len(migrations) {
		return fmt.Errorf("the tables have version %d, this prickle knows up to %d: use the newer prickle that made them", have, len(migrations))
	}
	if err := free(kinds, eventsView, "a view of the events", "View"); err != nil {
		return err
	}
	if err := w.layout.freeRows(kinds); err != nil {
		return err
	}
	for i := int(have); i < len(migrations); i++ {
		statements := append(migrations[i](w.layout), fmt.Sprintf("INSERT INTO _prickle_migrations (version) VALUES (%d)", i+1))
		if err := w.exec(ctx, statements...); err != nil {
			return fmt.Errorf("migration %d: %w", i+1, err)
		}
	}
	if err := w.startTicks(ctx); err != nil {
		return err
	}
	return w.adapt(ctx, kinds[warehouse.EventsByPerson] == "View")
}

// startTicks goes on after the highest version in the control tables.
func (w *Warehouse) startTicks(ctx context.Context) error {
	for _, t := range controlTables {
		var last uint64
		if err := w.conn.QueryRow(ctx, "SELECT max(version) FROM "+identifier(t.name)).Scan(&last); err != nil {
			return err
		}
		w.lastTick.Store(max(w.lastTick.Load(), int64(last)))
	}
	return nil
}

// kinds are the engines of the tables and views in the database.
func (w *Warehouse) kinds(ctx context.Context) (map[string]string, error) {
	rows, err := w.conn.Query(ctx, "SELECT name, engine FROM system.tables WHERE database = currentDatabase()")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	kinds := map[string]string{}
	for rows.Next() {
		var name, engine string
		if err := rows.Scan(&name, &engine); err != nil {
			return nil, err
		}
		kinds[name] = engine
	}
	return kinds, rows.Err()
}

// free reports a table of the user's where one of ours should be.
func free(kinds map[string]string, name, what string, ours ...string) error {
	have := kinds[name]
	if have == "" {
		return nil
	}
	for _, engine := range ours {
		if have == engine {
			return nil
		}
	}
	return fmt.Errorf("there is a %s %q where prickle keeps %s: rename it (RENAME TABLE %s TO …)", have, name, what, name)
}

// freeRows reports another table in the place of the events', which with a cluster is the one over its shards.
func (l layout) freeRows(kinds map[string]string) error {
	switch {
	case l.cluster != "" && strings.HasSuffix(kinds[eventsRows], "MergeTree"):
		return fmt.Errorf("the events are in a table of one server: name another database for the cluster %q, or leave cluster out", l.cluster)
	case l.cluster != "":
		return free(kinds, eventsRows, "the events of all shards", "Distributed")
	case kinds[eventsRows] == "Distributed":
		return errors.New("the events are in the tables of a cluster: name it as cluster, or another database")
	}
	return free(kinds, eventsRows, "the events", "ReplacingMergeTree", "ReplicatedReplacingMergeTree", "SharedReplacingMergeTree")
}

// adapt makes what the configuration decides, in the view of persons as well when it is there. Rows that were there before the column of JSON compute it when they are read.
func (w *Warehouse) adapt(ctx context.Context, persons bool) error {
	var engine string
	var hasJSON uint64
	stored := w.layout.stored(eventsRows)
	if err := w.conn.QueryRow(ctx, "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = ?", stored).Scan(&engine); err != nil {
		return err
	}
	err := w.conn.QueryRow(ctx, "SELECT count() FROM system.columns WHERE database = currentDatabase() AND table = ? AND name = ?", eventsRows, jsonColumn).Scan(&hasJSON)
	if err != nil {
		return err
	}
	views := []string{w.layout.view(eventsView, w.layout.eventsQuery())}
	if persons {
		views = append(views, w.layout.view(warehouse.EventsByPerson, w.layout.eventsByPerson()))
	}
	var statements []string
	switch {
	case w.layout.json && hasJSON == 0:
		statements = append(statements, w.layout.alter(eventsRows, true, "ADD COLUMN IF NOT EXISTS "+jsonDefinition)...)
	case !w.layout.json && hasJSON > 0:
		// The views go first: they name the column.
		statements = append(statements, views...)
		statements = append(statements, w.layout.alter(eventsRows, true, "DROP COLUMN IF EXISTS "+jsonColumn)...)
	}
	hasTTL := strings.Contains(engine, " TTL ")
	switch {
	case w.layout.retention > 0 && !strings.Contains(engine, fmt.Sprintf("toIntervalDay(%d)", w.layout.days())):
		statements = append(statements, w.layout.alter(eventsRows, false, "MODIFY TTL "+w.layout.ttl())...)
	case w.layout.retention == 0 && hasTTL:
		statements = append(statements, w.layout.alter(eventsRows, false, "REMOVE TTL")...)
	}
	return w.exec(ctx, append(statements, views...)...)
}

// exec runs statements one after the other.
func (w *Warehouse) exec(ctx context.Context, statements ...string) error {
	if w.layout.cluster != "" {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"alter_sync": 2})) // every replica, not only this one
	}
	for _, s := range statements {
		if err := w.conn.Exec(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
