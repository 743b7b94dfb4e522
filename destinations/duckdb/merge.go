package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Merge writes a load in one transaction. A declared stream gets its table even when no record came. A nil Cursor leaves the last one.
// Unchanged counts records that a newer or the same state was there for already; the row's version still moves on with the same state, so
// that a state from in between cannot replace it later.
func (w *Warehouse) Merge(ctx context.Context, load pipeline.Load) (merged pipeline.Merged, err error) {
	err = w.writer.Do(ctx, func() error {
		var err error
		merged, err = mergeLoad(ctx, w.conn, load)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		return fmt.Errorf("duckdb: merge %q: %w", load.Source, err)
	})
	if err != nil {
		return pipeline.Merged{}, err
	}
	return merged, nil
}

// Cursor returns the cursor that the last Merge of the source committed, or nil.
func (w *Warehouse) Cursor(ctx context.Context, source string) (pipeline.Cursor, error) {
	var cursor string
	err := w.db.QueryRowContext(ctx, "SELECT cursor::VARCHAR FROM _prickle_cursors WHERE source = ?", source).Scan(&cursor)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("duckdb: cursor of %q: %w", source, err)
	}
	return pipeline.Cursor(cursor), nil
}

func mergeLoad(ctx context.Context, conn *sql.Conn, load pipeline.Load) (pipeline.Merged, error) {
	var merged pipeline.Merged
	tx, err := begin(ctx, conn)
	if err != nil {
		return merged, err
	}
	defer tx.Rollback()
	for _, s := range warehouse.ByStream(load) {
		if err := mergeStream(ctx, conn, tx, load.Source, s, &merged); err != nil {
			return pipeline.Merged{}, fmt.Errorf("stream %q: %w", s.Name, err)
		}
	}
	if err := saveCursor(ctx, tx, load); err != nil {
		return pipeline.Merged{}, err
	}
	return merged, tx.Commit()
}

func mergeStream(ctx context.Context, conn *sql.Conn, tx *sql.Tx, source string, s *warehouse.StreamRecords, merged *pipeline.Merged) error {
	t, err := loadTable(ctx, tx, source, s.Name)
	if err != nil {
		return err
	}
	states := warehouse.Reduce(s.Records)
	t.Fit(s.Columns, states)
	if err := alter(ctx, tx, t); err != nil {
		return err
	}
	if len(states) == 0 {
		return nil
	}
	if err := stage(ctx, conn, tx, t, states); err != nil {
		return err
	}
	if err := count(ctx, tx, t, merged); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, mergeStatement(t))
	return err
}

// stage fills a temporary table with the states, their values as text.
func stage(ctx context.Context, conn *sql.Conn, tx *sql.Tx, t *warehouse.Table, states []warehouse.State) error {
	var b strings.Builder
	b.WriteString(`CREATE OR REPLACE TEMP TABLE _prickle_stage (key VARCHAR, version BIGINT, read_at TIMESTAMPTZ, deleted BOOLEAN,
		deleted_at TIMESTAMPTZ, hash UBIGINT, extra VARCHAR, raw VARCHAR`)
	for i := range t.Columns {
		fmt.Fprintf(&b, ", c%d VARCHAR", i)
	}
	b.WriteByte(')')
	if _, err := tx.ExecContext(ctx, b.String()); err != nil {
		return err
	}
	return appendTo(ctx, conn, "_prickle_stage", func(appendRow func(...driver.Value) error) error {
		row := make([]driver.Value, 8+len(t.Columns))
		for i := range states {
			fill(row, t, &states[i])
			if err := appendRow(row...); err != nil {
				return err
			}
		}
		return nil
	})
}

// fill spells a state as a row of the staging table. Fields without a column, or that do not fit theirs, become the object extra.
func fill(row []driver.Value, t *warehouse.Table, s *warehouse.State) {
	clear(row)
	row[0], row[1], row[2], row[3], row[5] = s.Key, s.Version, s.At.UTC(), s.DeletedAt != nil, s.Hash
	if s.DeletedAt != nil {
		row[4] = s.DeletedAt.UTC()
	}
	if s.Data != nil {
		row[7] = s.Data
	}
	if extra := t.Cells(s, func(column int, text string) { row[8+column] = text }); extra != nil {
		row[6] = extra
	}
}

// count tells what the MERGE of the staged states will do. It does not say itself.
func count(ctx context.Context, tx *sql.Tx, t *warehouse.Table, merged *pipeline.Merged) error {
	var all, inserted, updated, deleted int
	err := tx.QueryRowContext(ctx, fmt.Sprintf(`
		SELECT count(*),
			count(*) FILTER (t._sync_key IS NULL AND NOT s.deleted),
			count(*) FILTER (s.version >= t._sync_version AND NOT s.deleted AND (t._sync_deleted OR s.hash <> t._sync_hash)),
			count(*) FILTER (s.deleted AND (t._sync_key IS NULL OR s.version >= t._sync_version AND NOT t._sync_deleted))
		FROM _prickle_stage AS s LEFT JOIN %s AS t ON t._sync_key = s.key`, warehouse.Identifier(t.Rows()))).Scan(&all, &inserted, &updated, &deleted)
	if err != nil {
		return err
	}
	merged.Inserted += inserted
	merged.Updated += updated
	merged.Deleted += deleted
	merged.Unchanged += all - inserted - updated - deleted
	return nil
}

// mergeStatement is the upsert: an older version does nothing, a tombstone marks, another state replaces, and the same state read later
// only moves the version on.
func mergeStatement(t *warehouse.Table) string {
	var set, names, values strings.Builder
	for i, c := range t.Columns {
		value := fmt.Sprintf("CAST(s.c%d AS %s)", i, typeNames[c.Type])
		fmt.Fprintf(&set, ", %s = %s", warehouse.Identifier(c.Name), value)
		fmt.Fprintf(&names, ", %s", warehouse.Identifier(c.Name))
		fmt.Fprintf(&values, ", %s", value)
	}
	return fmt.Sprintf(`
		MERGE INTO %s AS t USING _prickle_stage AS s ON t._sync_key = s.key
		WHEN MATCHED AND s.version < t._sync_version THEN DO NOTHING
		WHEN MATCHED AND s.deleted AND NOT t._sync_deleted THEN UPDATE SET
			_sync_version = s.version, _sync_at = s.read_at, _sync_deleted = true, _sync_deleted_at = s.deleted_at
		WHEN MATCHED AND NOT s.deleted AND (t._sync_deleted OR s.hash <> t._sync_hash) THEN UPDATE SET
			_sync_version = s.version, _sync_at = s.read_at, _sync_deleted = false, _sync_deleted_at = NULL, _sync_hash = s.hash,
			_sync_extra = CAST(s.extra AS JSON), _sync_raw = CAST(s.raw AS JSON)%s
		WHEN MATCHED AND s.version > t._sync_version THEN UPDATE SET _sync_version = s.version, _sync_at = s.read_at
		WHEN NOT MATCHED THEN INSERT
			(_sync_key, _sync_version, _sync_at, _sync_deleted, _sync_deleted_at, _sync_hash, _sync_extra, _sync_raw%s)
			VALUES (s.key, s.version, s.read_at, s.deleted, s.deleted_at, s.hash, CAST(s.extra AS JSON), CAST(s.raw AS JSON)%s)`,
		warehouse.Identifier(t.Rows()), set.String(), names.String(), values.String())
}

func saveCursor(ctx context.Context, tx *sql.Tx, load pipeline.Load) error {
	if len(load.Cursor) == 0 {
		return nil
	}
	if ok, offset, _ := rawjson.Valid(load.Cursor, rawjson.MaxDepth); !ok {
		return fmt.Errorf("cursor: not JSON at byte %d", offset)
	}
	cursor := string(warehouse.Storable(load.Cursor))
	result, err := tx.ExecContext(ctx, "UPDATE _prickle_cursors SET cursor = ?::JSON, updated_at = now() WHERE source = ?", cursor, load.Source)
	if err != nil {
		return fmt.Errorf("cursor: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO _prickle_cursors VALUES (?, ?::JSON, now())", load.Source, cursor); err != nil {
		return fmt.Errorf("cursor: %w", err)
	}
	return nil
}
