package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Merge writes a load in one transaction. A declared stream gets its table even when no record came. A nil Cursor leaves the last one.
// Unchanged counts records that a newer or the same state was there for already; the row's version still moves on with the same state, so
// that a state from in between cannot replace it later. Loads of one source are merged one after the other, by whichever process.
func (w *Warehouse) Merge(ctx context.Context, load pipeline.Load) (pipeline.Merged, error) {
	if err := ctx.Err(); err != nil {
		return pipeline.Merged{}, err
	}
	merged, err := w.merge(ctx, load)
	switch {
	case err == nil:
		return merged, nil
	case ctx.Err() != nil:
		return pipeline.Merged{}, ctx.Err()
	}
	return pipeline.Merged{}, fmt.Errorf("postgres: merge %q: %w", load.Source, w.advised(err))
}

func (w *Warehouse) merge(ctx context.Context, load pipeline.Load) (merged pipeline.Merged, err error) {
	if err := w.ready(ctx); err != nil {
		return merged, err
	}
	records, mended := mendRecords(load.Records)
	load.Records = records
	once := func() error {
		merged, err = w.mergeOnce(ctx, load)
		return err
	}
	err = w.again(once)
	if isDataFault(err) {
		load.Records = append([]pipeline.Record(nil), load.Records...)
		for i := range load.Records {
			load.Records[i].Data = mendNumbers(load.Records[i].Data)
		}
		mended = max(mended, 1)
		err = w.again(once)
	}
	if err == nil {
		w.noteMended("records of "+load.Source, mended)
	}
	return merged, err
}

func (w *Warehouse) mergeOnce(ctx context.Context, load pipeline.Load) (pipeline.Merged, error) {
	var merged pipeline.Merged
	cursor, err := cursorStatement(load)
	if err != nil {
		return merged, err
	}
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("source\x00"+load.Source))
	if err != nil {
		return merged, err
	}
	defer t.rollback()
	for i, s := range warehouse.ByStream(load) {
		if err := w.mergeStream(ctx, t, load.Source, s, "_prickle_stage_"+strconv.Itoa(i), &merged); err != nil {
			return pipeline.Merged{}, fmt.Errorf("stream %q: %w", s.Name, err)
		}
	}
	w.step("merge staged")
	if err := t.commit(ctx, cursor...); err != nil {
		return pipeline.Merged{}, err
	}
	w.step("merge committed")
	return merged, nil
}

func (w *Warehouse) mergeStream(ctx context.Context, t *tx, source string, s *warehouse.StreamRecords, stage string, merged *pipeline.Merged) error {
	table, err := w.loadTable(ctx, t, source, s.Name)
	if err != nil {
		return err
	}
	states := warehouse.Reduce(s.Records)
	table.Fit(s.Columns, states)
	past := w.config.Tables.Expiry(source, table, w.now())
	past.Mark(table, states)
	if err := w.alter(ctx, t, table); err != nil {
		return err
	}
	if len(states) == 0 {
		return nil
	}
	rows := w.copies.take()
	defer w.copies.put(rows)
	if err := t.stage(ctx, stage, table, states, rows); err != nil {
		return err
	}
	w.changed.add(table.Rows())
	return t.upsert(ctx, stage, table, len(states), merged)
}

// stage fills a temporary table with the states, the values of their fields as text.
func (t *tx) stage(ctx context.Context, stage string, table *warehouse.Table, states []warehouse.State, rows *copyRows) error {
	var b strings.Builder
	fmt.Fprintf(&b, `CREATE TEMP TABLE %s (key text, version bigint, read_at timestamptz, deleted boolean, deleted_at timestamptz, hash bigint, past boolean, extra jsonb, raw json`, stage)
	for i := range table.Columns {
		fmt.Fprintf(&b, ", c%d text", i)
	}
	b.WriteString(") ON COMMIT DROP")
	if err := t.exec(ctx, b.String()); err != nil {
		return err
	}
	rows.begin()
	spell := newSpeller(table)
	for i := range states {
		spell.row(rows, &states[i])
	}
	rows.end()
	return t.copyIn(ctx, stage, rows)
}

// upsert writes the staged states into the table: new keys are inserted unless they are past their retention, an older version does nothing, a tombstone marks, another state
// replaces, and the same state read later only moves the version on. Rows that stay as they are cost no write, and are not locked. Nobody else
// writes to the table meanwhile (the lock of the source).
func (t *tx) upsert(ctx context.Context, stage string, table *warehouse.Table, states int, merged *pipeline.Merged) error {
	counts, err := t.rows(ctx, insertStatement(stage, table))
	if err != nil {
		return err
	}
	inserted, _ := strconv.Atoi(counts[0][0])
	buried, _ := strconv.Atoi(counts[0][1])
	var updated, deleted int
	if inserted+buried < states {
		if updated, err = t.affect(ctx, updateStatement(stage, table)); err != nil {
			return err
		}
		if deleted, err = t.affect(ctx, deleteStatement(stage, table)); err != nil {
			return err
		}
		if err := t.exec(ctx, touchStatement(stage, table)); err != nil {
			return err
		}
	}
	merged.Inserted += inserted
	merged.Updated += updated
	merged.Deleted += buried + deleted
	merged.Unchanged += states - inserted - updated - buried - deleted
	return nil
}

// Cursor returns the cursor that the last Merge of the source committed, or nil.
func (w *Warehouse) Cursor(ctx context.Context, source string) (pipeline.Cursor, error) {
	cursor, err := w.cursor(ctx, source)
	switch {
	case err == nil:
		return cursor, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("postgres: cursor of %q: %w", source, w.advised(err))
}

func (w *Warehouse) cursor(ctx context.Context, source string) (pipeline.Cursor, error) {
	if err := w.ready(ctx); err != nil {
		return nil, err
	}
	t, err := w.begin(ctx, w.writing, "READ ONLY")
	if err != nil {
		return nil, err
	}
	defer t.rollback()
	text, err := t.one(ctx, "SELECT cursor FROM _prickle_cursors WHERE source = "+warehouse.Literal(source))
	if err != nil || text == "" {
		return nil, err
	}
	return pipeline.Cursor(text), nil
}

func cursorStatement(load pipeline.Load) ([]string, error) {
	if len(load.Cursor) == 0 {
		return nil, nil
	}
	if ok, offset, _ := rawjson.Valid(load.Cursor, rawjson.MaxDepth); !ok {
		return nil, fmt.Errorf("cursor: not JSON at byte %d", offset)
	}
	return []string{fmt.Sprintf(`INSERT INTO _prickle_cursors VALUES (%s, %s, now())
		ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, updated_at = excluded.updated_at`,
		warehouse.Literal(load.Source), warehouse.Literal(string(warehouse.Storable(load.Cursor))))}, nil
}
