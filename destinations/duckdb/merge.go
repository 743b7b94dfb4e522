package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Merge writes a load in one transaction. A declared stream gets its table even when no record came. A nil Cursor leaves the last one.
// Unchanged counts records that a newer or the same state was there for already; the row's version still moves on with the same state, so
// that a state from in between cannot replace it later.
func (w *Warehouse) Merge(ctx context.Context, load pipeline.Load) (merged pipeline.Merged, err error) {
	err = w.do(ctx, func() error {
		w.reserve(len(load.Records))
		var err error
		merged, err = w.mergeLoad(ctx, load)
		switch {
		case err == nil:
			w.appended += merged.Inserted + merged.Updated
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
	db, release, err := w.use(ctx)
	if err != nil {
		return nil, fmt.Errorf("duckdb: cursor of %q: %w", source, err)
	}
	defer release()
	err = db.QueryRowContext(ctx, "SELECT cursor::VARCHAR FROM _prickle_cursors WHERE source = ?", source).Scan(&cursor)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("duckdb: cursor of %q: %w", source, w.noticed(err))
	}
	return pipeline.Cursor(cursor), nil
}

func (w *Warehouse) mergeLoad(ctx context.Context, load pipeline.Load) (pipeline.Merged, error) {
	var merged pipeline.Merged
	tx, err := begin(ctx, w.conn)
	if err != nil {
		return merged, err
	}
	defer tx.Rollback()
	for _, s := range warehouse.ByStream(load) {
		if err := w.mergeStream(ctx, tx, load.Source, s, &merged); err != nil {
			return pipeline.Merged{}, fmt.Errorf("stream %q: %w", s.Name, err)
		}
	}
	if err := saveCursor(ctx, tx, load); err != nil {
		return pipeline.Merged{}, err
	}
	return merged, tx.Commit()
}

func (w *Warehouse) mergeStream(ctx context.Context, tx *sql.Tx, source string, s *warehouse.StreamRecords, merged *pipeline.Merged) error {
	t, err := loadTable(ctx, tx, source, s.Name)
	if err != nil {
		return err
	}
	states := warehouse.Reduce(s.Records)
	t.Fit(s.Columns, states)
	past := w.config.Tables.Expiry(source, t, w.now())
	past.Mark(t, states)
	if err := alter(ctx, tx, t); err != nil {
		return err
	}
	have := make([]held, len(states))
	if t.Exists {
		if err := lookUp(ctx, tx, t, states, have); err != nil {
			return err
		}
	}
	return changesOf(states, have, merged).write(ctx, tx, t)
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
