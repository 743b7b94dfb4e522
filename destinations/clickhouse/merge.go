package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Merge writes a load: its rows first, then its cursor, since ClickHouse has no transactions. A load that was cut off is merged again, which
// changes nothing of what is there. Every state is compared with the newest one that the table has of its key; only what differs is
// written. A nil Cursor leaves the last one. Unchanged counts records that a newer or the same state was there for already; the row's
// version still moves on with the same state.
func (w *Warehouse) Merge(ctx context.Context, load pipeline.Load) (pipeline.Merged, error) {
	var merged pipeline.Merged
	if err := ctx.Err(); err != nil {
		return merged, err
	}
	if len(load.Cursor) > 0 {
		if ok, offset, _ := rawjson.Valid(load.Cursor, rawjson.MaxDepth); !ok {
			return merged, fmt.Errorf("clickhouse: merge %q: cursor: not JSON at byte %d", load.Source, offset)
		}
	}
	if err := w.merging.take(ctx); err != nil {
		return merged, err
	}
	defer w.merging.give()
	for _, s := range warehouse.ByStream(load) {
		if err := w.mergeStream(ctx, load.Source, s, &merged); err != nil {
			return pipeline.Merged{}, fmt.Errorf("clickhouse: merge %q: stream %q: %w", load.Source, s.Name, w.explain(ctx, err))
		}
	}
	if err := w.saveCursor(ctx, load); err != nil {
		return pipeline.Merged{}, fmt.Errorf("clickhouse: merge %q: cursor: %w", load.Source, w.explain(ctx, err))
	}
	return merged, nil
}

// Cursor returns the cursor that the last Merge of the source saved, or nil.
func (w *Warehouse) Cursor(ctx context.Context, source string) (pipeline.Cursor, error) {
	rows, err := w.conn.Query(ctx, "SELECT cursor FROM _prickle_cursors FINAL WHERE source = {source:String}", parameter("source", source))
	if err != nil {
		return nil, fmt.Errorf("clickhouse: cursor of %q: %w", source, w.explain(ctx, err))
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, w.explain(ctx, rows.Err())
	}
	var cursor string
	if err := rows.Scan(&cursor); err != nil {
		return nil, fmt.Errorf("clickhouse: cursor of %q: %w", source, w.explain(ctx, err))
	}
	return pipeline.Cursor(cursor), nil
}

func (w *Warehouse) saveCursor(ctx context.Context, load pipeline.Load) error {
	if len(load.Cursor) == 0 {
		return nil
	}
	columns := []eventColumn{{"source", "String", ""}, {"cursor", "String", ""}, {"updated_at", timeType, ""}, {"version", "UInt64", ""}}
	return w.record(ctx, "_prickle_cursors", columns,
		[]string{load.Source}, []string{string(warehouse.Storable(load.Cursor))}, []int64{w.now().UnixMilli()}, []uint64{w.tick()})
}

func parameter(name, value string) any { return clickhouse.Named(name, value) }

func (w *Warehouse) mergeStream(ctx context.Context, source string, s *warehouse.StreamRecords, merged *pipeline.Merged) error {
	t, err := w.loadTable(ctx, source, s.Name)
	if err != nil {
		return err
	}
	states := warehouse.Reduce(s.Records)
	t.Fit(s.Columns, states)
	past := w.config.Tables.Expiry(source, &t.Table, w.now())
	past.Mark(&t.Table, states)
	old := t.Exists
	if err := w.evolve(ctx, t); err != nil {
		return err
	}
	for len(states) > 0 {
		n := min(len(states), blockRows)
		if err := w.mergeStates(ctx, t, states[:n], old, merged); err != nil {
			return err
		}
		states = states[n:]
	}
	return nil
}

// stored is the newest state of a key that the table has.
type stored struct {
	warehouse.Stored
	deletedAt *time.Time
	raw       *string // only for keys that a tombstone came for
}

func (w *Warehouse) mergeStates(ctx context.Context, t *streamTable, states []warehouse.State, old bool, merged *pipeline.Merged) error {
	have := map[string]*stored{}
	if old {
		var err error
		if have, err = w.lookUp(ctx, t, states); err != nil {
			return err
		}
	}
	block := newBlock(&t.Table, len(states))
	for i := range states {
		r, write := decide(&states[i], have[states[i].Key], merged)
		if !write {
			continue
		}
		block.add(&r)
		if block.full() {
			if err := w.sendBlock(ctx, block); err != nil {
				return err
			}
			block = newBlock(&t.Table, len(states)-i)
		}
	}
	return w.sendBlock(ctx, block)
}

// decide compares a state with what is stored, counts what it does, and makes the row to write if there is one.
func decide(s *warehouse.State, have *stored, merged *pipeline.Merged) (row, bool) {
	s.Version = max(s.Version, 0)
	r := row{key: s.Key, version: uint64(s.Version), at: s.At, deleted: s.DeletedAt != nil, deletedAt: s.DeletedAt, hash: s.Hash, data: s.Data, fields: s.Fields}
	if have == nil {
		return r, s.Change(nil, merged) == warehouse.Insert
	}
	switch s.Change(&have.Stored, merged) {
	case warehouse.Nothing:
		return r, false
	case warehouse.Bury:
		r.keep(have)
	case warehouse.Touch:
		if r.deleted {
			r.keep(have)
			r.deletedAt = have.deletedAt
		}
	}
	return r, true
}

// keep leaves the fields as they were last seen, for a tombstone.
func (r *row) keep(have *stored) {
	r.hash, r.data, r.fields = have.Hash, nil, nil
	if have.raw != nil {
		r.data, r.fields = []byte(*have.raw), parse(*have.raw).Fields
	}
}

// lookUp finds the newest stored states of the keys of a load. The keys go along as a table of their own.
func (w *Warehouse) lookUp(ctx context.Context, t *streamTable, states []warehouse.State) (map[string]*stored, error) {
	keys, gone := make([]string, len(states)), []string{""}
	for i := range states {
		keys[i] = states[i].Key
		if states[i].DeletedAt != nil {
			gone = append(gone, states[i].Key)
		}
	}
	keyTable, err := keysTable("prickle_keys", keys)
	if err != nil {
		return nil, err
	}
	goneTable, err := keysTable("prickle_gone", gone)
	if err != nil {
		return nil, err
	}
	in := "IN"
	if w.layout.cluster != "" {
		in = "GLOBAL IN"
	}
	raw := "NULL"
	if len(gone) > 1 {
		raw = fmt.Sprintf("if(_sync_key %s (SELECT key FROM prickle_gone), _sync_raw, NULL)", in)
	}
	rows, err := w.conn.Query(clickhouse.Context(ctx, clickhouse.WithExternalTable(keyTable, goneTable)), fmt.Sprintf(
		"SELECT _sync_key, _sync_version, _sync_deleted, _sync_deleted_at, _sync_hash, CAST(%s AS Nullable(String)) FROM %s FINAL WHERE _sync_key %s (SELECT key FROM prickle_keys)",
		raw, identifier(t.Rows()), in))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := make(map[string]*stored, len(states))
	for rows.Next() {
		var key string
		var version uint64
		var s stored
		if err := rows.Scan(&key, &version, &s.Deleted, &s.deletedAt, &s.Hash, &s.raw); err != nil {
			return nil, err
		}
		s.Version = int64(version)
		have[key] = &s
	}
	return have, rows.Err()
}

func keysTable(name string, keys []string) (*ext.Table, error) {
	table, err := ext.NewTable(name, ext.Column("key", "String"))
	if err != nil {
		return nil, err
	}
	_, err = table.Block().Columns[0].Append(keys)
	return table, err
}
