package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// The states of a file of a month, as _prickle_exports has them.
const (
	beingWritten = "written" // it may be there in part, or whole; nobody reads it
	live         = "live"
	superseded   = "gone" // its rows are in another file, or nowhere; it is to be removed
)

// month is a file with the events of one project in one month of their time.
type month struct {
	file    string // relative to the folder of exports, with slashes
	project int
	begin   time.Time // of the month
	moved   bool      // the rows are in the file alone
	rows    int64
	bytes   int64
	// What was exported are the rows of the month that were inserted up to the one time and captured before the other.
	inserted, received time.Time
	// When its events were captured.
	first, last time.Time
}

func (m *month) end() time.Time { return m.begin.AddDate(0, 1, 0) }

// exports are the files of months that count. Only the writer changes them, with what the database says of them.
type exports struct {
	dir    string // absolute; "" when there never were any
	months []month
}

func (e *exports) path(file string) string { return filepath.Join(e.dir, filepath.FromSlash(file)) }

// reading is what a query reads of some files.
func (e *exports) reading(files []string) string {
	quoted := make([]string, len(files))
	for i, f := range files {
		quoted[i] = warehouse.Literal(filepath.ToSlash(e.path(f)))
	}
	return "read_parquet([" + strings.Join(quoted, ", ") + "], hive_partitioning = false)"
}

// moved are the files that hold rows which the table has not, of those that keep says to keep.
func (e *exports) moved(keep func(*month) bool) (files []string) {
	for i := range e.months {
		if m := &e.months[i]; m.moved && keep(m) {
			files = append(files, m.file)
		}
	}
	return files
}

func all(*month) bool { return true }

// of finds the file of a month.
func (e *exports) of(project int, begin time.Time) *month {
	for i := range e.months {
		if m := &e.months[i]; m.project == project && m.begin.Equal(begin) {
			return m
		}
	}
	return nil
}

// missing are the files that are not where they should be.
func (e *exports) missing() (files []string) {
	for i := range e.months {
		if _, err := os.Stat(e.path(e.months[i].file)); errors.Is(err, fs.ErrNotExist) {
			files = append(files, e.months[i].file)
		}
	}
	return files
}

// view makes the view events of the table and the files.
func (e *exports) view() string {
	names := make([]string, 0, len(eventColumns()))
	for _, c := range eventColumns() {
		names = append(names, warehouse.Identifier(c[0]))
	}
	columns := strings.Join(names, ", ")
	view := "CREATE OR REPLACE VIEW events AS SELECT " + columns + " FROM events__rows"
	if files := e.moved(all); len(files) > 0 {
		view += " UNION ALL SELECT " + columns + " FROM " + e.reading(files)
	}
	return view
}

type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// load reads which files count.
func (e *exports) load(ctx context.Context, q rowsQuerier) error {
	rows, err := q.QueryContext(ctx, `SELECT file, project_id, month, moved, rows, bytes, inserted_until, received_before, first_received, last_received
		FROM _prickle_exports WHERE state = '`+live+`' ORDER BY month, project_id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	e.months = nil
	for rows.Next() {
		var m month
		if err := rows.Scan(&m.file, &m.project, &m.begin, &m.moved, &m.rows, &m.bytes, &m.inserted, &m.received, &m.first, &m.last); err != nil {
			return err
		}
		m.begin = m.begin.UTC()
		e.months = append(e.months, m)
	}
	return rows.Err()
}

// exportDir reads where the files were when the database was open last; "" when there were none.
func exportDir(ctx context.Context, db *database) (dir string, err error) {
	var known bool
	err = db.QueryRowContext(ctx, "SELECT count(*) > 0 FROM duckdb_tables() WHERE table_name = '_prickle_export_dir'").Scan(&known)
	if err != nil || !known {
		return "", err
	}
	if err := db.QueryRowContext(ctx, "SELECT dir FROM _prickle_export_dir").Scan(&dir); !errors.Is(err, sql.ErrNoRows) {
		return dir, err
	}
	return "", nil
}

// openExports makes what the files are known by again: the view, since the folder may be another than it was, and the list. What a killed process left is
// removed. Where files are missing the view stays as it is, so that it fails rather than shows less.
func (w *Warehouse) openExports(ctx context.Context, conn *sql.Conn) error {
	w.exports.dir = w.db.exportDir
	if err := w.exports.load(ctx, conn); err != nil {
		return err
	}
	for i := range w.exports.months {
		if m := &w.exports.months[i]; m.inserted.After(w.mark) {
			w.mark = m.inserted
		}
	}
	if w.exports.dir == "" {
		return nil
	}
	tx, err := begin(ctx, conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	statements := []string{"DELETE FROM _prickle_export_dir", "INSERT INTO _prickle_export_dir VALUES (" + warehouse.Literal(w.exports.dir) + ")"}
	if len(w.exports.missing()) == 0 {
		statements = append(statements, w.exports.view())
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return w.sweep(ctx, conn)
}

// sweep removes the files that do not count: those that were superseded, and what a killed process has begun. Nothing is being written meanwhile.
func (w *Warehouse) sweep(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, "SELECT file FROM _prickle_exports WHERE state <> '"+live+"'")
	if err != nil {
		return err
	}
	files, err := textsOf(rows)
	if err != nil {
		return err
	}
	for _, file := range files {
		for _, name := range []string{file, file + partSuffix} {
			if err := os.Remove(w.exports.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("export: %w", err)
			}
		}
		if _, err := conn.ExecContext(ctx, "DELETE FROM _prickle_exports WHERE file = ?", file); err != nil {
			return err
		}
	}
	return nil
}
