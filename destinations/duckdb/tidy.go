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
	// trimEvery is how often memory is given back to the system while there is work.
	trimEvery = 10 * time.Second
)

// tidy does what is due between two writes. It is the writer's.
func (w *Warehouse) tidy() {
	if log, err := os.Stat(w.file.path + ".wal"); w.appended >= rowGroup || err == nil && log.Size() >= longestLog {
		w.checkpoint()
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
	w.appended = 0
	if w.dead.Load() {
		return
	}
	_, err := w.conn.ExecContext(context.Background(), "CHECKPOINT")
	if w.noticed(err) != nil && !inUse(err) {
		w.log.Warn("the log of the database cannot be written into its file", "error", err)
	}
}
