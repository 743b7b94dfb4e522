package duckdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// A DuckDB that could not make a checkpoint, on a full disk for one, refuses everything from then on, until the file is opened again: what is in the file and
// its log is whole. The writer does that before what it does next.

var errInUse = errors.New("the file is opened again, after an error of the disk, as soon as queries and upkeep that are under way have ended")

// isDead reports whether an error says that DuckDB refuses everything from now on.
func isDead(err error) bool {
	var fault *duckdb.Error
	return errors.As(err, &fault) && fault.Type == duckdb.ErrorTypeFatal
}

// noticed is err, of which the Warehouse learns whether the file has to be opened again.
func (w *Warehouse) noticed(err error) error {
	if err != nil && isDead(err) {
		w.dead.Store(true)
	}
	return err
}

// do runs a function between two writes, on a database that is alive.
func (w *Warehouse) do(ctx context.Context, run func() error) error {
	return w.writer.Do(ctx, func() error {
		if err := w.revive(ctx); err != nil {
			return err
		}
		return w.noticed(run())
	})
}

// use returns the database, alive, for others than the writer. It stays open until release is called.
func (w *Warehouse) use(ctx context.Context) (db *database, release func(), err error) {
	if w.dead.Load() {
		alive := make(chan error, 1)
		go func() { alive <- w.do(context.WithoutCancel(ctx), func() error { return nil }) }()
		select {
		case err = <-alive:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for !w.life.TryRLock() { // while the file is opened, which may take longer than ctx has
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	if w.db == nil {
		w.life.RUnlock()
		return nil, nil, errors.New("the file is not open")
	}
	return w.db, w.life.RUnlock, nil
}

// revive opens the file again when it has to be, however long that takes. It is the writer's.
func (w *Warehouse) revive(ctx context.Context) error {
	if !w.dead.Load() {
		return nil
	}
	if !w.life.TryLock() { // whoever uses it may be waiting for the writer
		return errInUse
	}
	defer w.life.Unlock()
	if err := w.reopen(context.WithoutCancel(ctx)); err != nil { // or what was read of a long log would be read once more for whoever has more time
		return fmt.Errorf("%s cannot be opened again after an error of the disk: %w", w.config.Path, err)
	}
	w.dead.Store(false)
	w.log.Info("the database was opened again after an error of the disk")
	return nil
}

// reopen closes the database, if it is open, and opens it again, while nobody uses it.
func (w *Warehouse) reopen(ctx context.Context) error {
	if w.db != nil {
		if err := errors.Join(w.conn.Close(), w.db.Close()); err != nil && !w.dead.Load() { // one that is dead says once more why
			w.log.Warn("the database was not closed well, and is read from its log", "error", err)
		}
		w.db, w.conn = nil, nil
	}
	if err := w.open(ctx, w.file); err != nil {
		return err
	}
	w.appended, w.written = 0, 0
	return nil
}
