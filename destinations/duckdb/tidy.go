package duckdb

import (
	"context"
	"os"
	"time"
)

const (
	// rowGroup is how many rows DuckDB keeps and compresses together. A checkpoint writes the groups that there are, and rows that come later begin a new
	// one. So checkpoints are made when a group is full: groups that are not would be put together, and written once more, by a later checkpoint.
	rowGroup = 122_880
	// longestLog is the size, in bytes, of the log that a checkpoint empties in any case: it is read when the file is opened after a crash.
	longestLog = 128 << 20
	// anewAfter is after how many rows the file is opened anew. DuckDB keeps in memory what it knows of each block that it has written since it opened the file,
	// about a kilobyte for 256: after some days, more than everything else. Of a file that is opened it reads what is asked for.
	anewAfter = 64 * rowGroup
	// trimEvery is how often memory is given back to the system while there is work.
	trimEvery = 10 * time.Second
)

// tidy does what is due between two writes. It is the writer's.
func (w *Warehouse) tidy() {
	if log, err := os.Stat(w.file.path + ".wal"); w.appended >= rowGroup || err == nil && log.Size() >= longestLog {
		w.checkpoint()
	}
	if w.written >= w.anewAfter {
		w.openAnew()
	}
	if now := w.now(); now.Sub(w.trimmed) >= trimEvery {
		w.trimmed = now
		trim()
	}
}

// reserve makes a checkpoint when so many rows more would not fit into the row group that was begun.
func (w *Warehouse) reserve(rows int) {
	if w.appended > 0 && w.appended+rows > rowGroup {
		w.checkpoint()
	}
}

// checkpoint writes the log of the database into its file. What is in the log is safe, so a checkpoint that fails fails nothing else; it is made again
// when the next one is due.
func (w *Warehouse) checkpoint() {
	w.written += w.appended
	w.appended = 0
	if w.dead.Load() {
		return
	}
	_, err := w.conn.ExecContext(context.Background(), "CHECKPOINT")
	if w.noticed(err) != nil && !inUse(err) {
		w.log.Warn("the log of the database cannot be written into its file", "error", err)
	}
}

// openAnew closes the file and opens it, unless somebody is using it: then it is tried after the next write.
func (w *Warehouse) openAnew() {
	if w.dead.Load() || !w.life.TryLock() {
		return
	}
	defer w.life.Unlock()
	if err := w.reopen(context.Background()); err != nil {
		w.dead.Store(true) // and is opened before it is used
		w.log.Warn("the database cannot be opened anew, and is tried again", "error", err)
	}
}
