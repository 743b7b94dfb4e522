package clickhouse

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

const (
	// retainAtOnce is how many keys are looked for at a time, which is a look through the table.
	retainAtOnce = 100_000
	// retainPerStatement is how many states a statement names, for each of which the server looks through the table. With hashes of 32 characters, and
	// quotes that are escaped, it stays below the megabyte that a cluster's coordination takes.
	retainPerStatement = 20_000
)

// retainTables deletes the rows of tables of sources that are past their retention.
func (w *Warehouse) retainTables(ctx context.Context) error {
	if len(w.config.Tables) == 0 {
		return nil
	}
	tables, err := w.sourceTables(ctx)
	if err != nil {
		return err
	}
	return warehouse.Expire(tables, retainAtOnce, w.log, func(t warehouse.SourceTable) (int, error) { return w.retainSome(ctx, t.Source, t.Name) })
}

// retainSome deletes all states of up to retainAtOnce keys whose newest state is past its retention, and returns how many keys those were. Merges need not
// wait: what they write meanwhile is another state, or the very same one, which goes the next time. Older states go first, and are gone before the newest ones go: else
// one of them would be the newest for as long as the server takes from one part to the next, or for good when something ends it.
func (w *Warehouse) retainSome(ctx context.Context, source, name string) (int, error) {
	found, err := w.findPast(ctx, source, name)
	if err != nil {
		return 0, err
	}
	for _, ids := range [][]string{found.older, found.newest} {
		for some := range slices.Chunk(ids, retainPerStatement) {
			if err := w.deleteStates(ctx, found, some); err != nil {
				return 0, err
			}
		}
	}
	return len(found.newest), nil
}

// pastStates are states of keys whose newest state is past its retention. They are named by hashes, with a salt of their own: the server keeps the
// statements that delete them.
type pastStates struct {
	table         string
	id            string // the expression of the hash
	older, newest []string
}

func (w *Warehouse) findPast(ctx context.Context, source, name string) (*pastStates, error) {
	if err := w.merging.take(ctx); err != nil { // for the columns to stay what they are
		return nil, err
	}
	defer w.merging.give()
	t := &warehouse.Table{Name: name}
	if err := w.addColumns(ctx, t); err != nil {
		return nil, err
	}
	found := &pastStates{table: t.Rows(), id: stateHash()}
	past := w.config.Tables.Expiry(source, t, w.now())
	if past.None() {
		return found, nil
	}
	if w.layout.cluster != "" {
		// A replica that lacks an older state would let it stay, and be the newest.
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
			"max_replica_delay_for_distributed_queries": 1, "fallback_to_stale_replicas_for_distributed_queries": 0,
		}))
	}
	rows, err := w.conn.Query(ctx, w.layout.findPast(t.Rows(), found.id, past.Condition(spellTime)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var older bool
		if err := rows.Scan(&id, &older); err != nil {
			return nil, err
		}
		if older {
			found.older = append(found.older, id)
		} else {
			found.newest = append(found.newest, id)
		}
	}
	return found, rows.Err()
}

// findPast finds the states of keys whose newest state is past its retention, by their hashes, and whether each is an older one. A state that was written
// while this is read is none of them.
func (l layout) findPast(rows, id, condition string) string {
	global := ""
	if l.cluster != "" {
		global = "GLOBAL "
	}
	// No field's column has a name that begins with _sync_.
	return fmt.Sprintf("SELECT DISTINCT %[1]s, _sync_version < _sync_last\nFROM %[2]s\n"+
		"%[3]sINNER JOIN (SELECT _sync_key AS _sync_past, _sync_version AS _sync_last FROM %[2]s FINAL WHERE %[4]s LIMIT %[5]d) AS p ON _sync_key = _sync_past\n"+
		"WHERE _sync_version <= _sync_last", id, identifier(rows), global, condition, retainAtOnce)
}

// delete marks states as deleted, which writes no column of theirs anew. They go from the parts when those are merged.
func (l layout) delete(rows, id string, ids []string) string {
	return fmt.Sprintf("DELETE FROM %s%s WHERE %s IN ('%s')", identifier(l.stored(rows)), l.onCluster(), id, strings.Join(ids, "', '"))
}

func spellTime(at time.Time) string {
	return fmt.Sprintf("fromUnixTimestamp64Micro(%d, 'UTC')", at.UnixMicro())
}

// stateHash is a hash of what tells a state from every other one, in SQL: a key may have two of one version.
func stateHash() string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // which never fails
	return fmt.Sprintf("hex(sipHash128Keyed((toUInt64(%d), toUInt64(%d)), _sync_key, _sync_version, _sync_hash, _sync_deleted))", binary.LittleEndian.Uint64(salt), binary.LittleEndian.Uint64(salt[8:]))
}

// deleteStates waits until states are deleted on every replica.
func (w *Warehouse) deleteStates(ctx context.Context, found *pastStates, ids []string) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"mutations_sync": 2, "lightweight_deletes_sync": 2, "log_queries": 0, "max_query_size": 2 << 20,
	}))
	return w.conn.Exec(ctx, w.layout.delete(found.table, found.id, ids))
}

// sourceTables are the tables of sources that there are.
func (w *Warehouse) sourceTables(ctx context.Context) ([]warehouse.SourceTable, error) {
	rows, err := w.conn.Query(ctx, `SELECT source, table_name FROM _prickle_tables FINAL
		WHERE concat(table_name, '__rows') IN (SELECT name FROM system.tables WHERE database = currentDatabase()) ORDER BY table_name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables []warehouse.SourceTable
	for rows.Next() {
		t := warehouse.SourceTable{Table: &warehouse.Table{}}
		if err := rows.Scan(&t.Source, &t.Name); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}

// addColumns adds the columns that a table has, without those that were about to be added when something ended it.
func (w *Warehouse) addColumns(ctx context.Context, t *warehouse.Table) error {
	known := &streamTable{Table: warehouse.Table{Name: t.Name}, changing: map[string]bool{}}
	if err := w.loadColumns(ctx, known); err != nil {
		return err
	}
	for _, c := range known.Columns {
		if c.Was != "" {
			t.Add(c)
		}
	}
	return nil
}

// warningsOfTables say what the configuration says of tables and can do nothing.
func (w *Warehouse) warningsOfTables(ctx context.Context) ([]string, error) {
	if len(w.config.Tables) == 0 {
		return nil, nil
	}
	tables, err := w.sourceTables(ctx)
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		if err := w.addColumns(ctx, table.Table); err != nil {
			return nil, err
		}
	}
	return w.config.Tables.Warnings(tables), nil
}
