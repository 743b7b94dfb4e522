package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// partSuffix marks a file that is being written.
const partSuffix = ".part"

// groupRows are the rows of a row group of a file. Each thread that writes has one in memory; in the order of the table there would be more of them.
const groupRows = 16_384

// freshShare is the part of a month's file that has to have come late before the file is written again; until then late events are in the table.
const freshShare = 10

// export is one month on its way into a file.
type export struct {
	w    *Warehouse
	next month  // what its file will be
	old  *month // the file that there is, nil for none
}

// exportMonths writes the closed months to files. The rows that go into one are settled beforehand: those that were inserted up to a time that no later
// insert has, and captured long enough ago that no copy of them is on its way. w.upkeep is held, so that nothing deletes rows meanwhile.
func (w *Warehouse) exportMonths(ctx context.Context) error {
	if w.config.Export.Dir == "" {
		return nil
	}
	received := w.now().Add(-duplicateWindow).UTC().Truncate(time.Microsecond)
	var until time.Time
	err := w.do(ctx, func() error {
		if now := w.now().UTC().Truncate(time.Microsecond); now.After(w.mark) {
			w.mark = now
		}
		until = w.mark
		return nil
	})
	if err != nil {
		return err
	}
	closed := w.now().Add(-w.config.Export.After).UTC()
	months, err := w.due(ctx, time.Date(closed.Year(), closed.Month(), 1, 0, 0, 0, 0, time.UTC), until, received)
	if err != nil {
		return fmt.Errorf("duckdb: export: %w", err)
	}
	for _, m := range months {
		e := export{w: w, next: m, old: w.exports.of(m.project, m.begin)}
		if err := e.run(ctx); err != nil {
			return fmt.Errorf("duckdb: export of %s: %w", m.begin.Format("2006-01"), err)
		}
	}
	return nil
}

// due are the months before a time that are to be written.
func (w *Warehouse) due(ctx context.Context, before, until, received time.Time) (months []month, err error) {
	rows, err := w.db.QueryContext(ctx, `
		SELECT r.project_id, date_trunc('month', r.timestamp) AS begin, any_value(f.rows), coalesce(any_value(f.moved), false),
			count(*) FILTER (f.file IS NULL OR r.inserted_at > f.inserted_until OR r.received_at >= f.received_before)
		FROM (SELECT project_id, timestamp, inserted_at, received_at FROM events__rows WHERE timestamp < ? AND inserted_at <= ? AND received_at < ?) AS r
		LEFT JOIN _prickle_exports AS f ON f.state = '`+live+`' AND f.project_id = r.project_id AND f.month = date_trunc('month', r.timestamp)
		GROUP BY 1, 2 ORDER BY 2, 1`, before, until, received)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m := month{inserted: until, received: received, moved: !w.config.Export.Keep}
		var there sql.NullInt64
		var moved bool
		if err := rows.Scan(&m.project, &m.begin, &there, &moved, &m.rows); err != nil {
			return nil, err
		}
		m.begin = m.begin.UTC()
		// Rows that were only copied are moved as soon as they are to be; what was moved stays so.
		toMove := there.Valid && m.moved && !moved
		m.moved = m.moved || moved
		if toMove || m.rows > 0 && m.rows*freshShare >= there.Int64 {
			months = append(months, m)
		}
	}
	return months, rows.Err()
}

// run writes the file, and then makes it count, in one transaction with all that follows from it.
func (e *export) run(ctx context.Context) error {
	if err := e.w.name(ctx, &e.next); err != nil {
		return err
	}
	from := "SELECT * FROM events__rows WHERE " + e.fresh()
	if e.old != nil {
		from = "SELECT * FROM " + e.w.exports.reading([]string{e.old.file}) + " UNION ALL " + from
	}
	fresh := e.next.rows
	conn, err := e.w.db.Conn(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(e.w.write(ctx, conn, &e.next, from), conn.Close()); err != nil {
		return err
	}
	err = e.w.do(ctx, func() error { return e.commit(ctx, fresh) })
	if err != nil {
		return err
	}
	return e.w.step("counts")
}

// rows is the condition of the rows of the table that the file is to have.
func (e *export) rows() string {
	m := &e.next
	return fmt.Sprintf("project_id = %d AND timestamp >= make_timestamptz(%d) AND timestamp < make_timestamptz(%d) AND inserted_at <= make_timestamptz(%d) AND received_at < make_timestamptz(%d)",
		m.project, m.begin.UnixMicro(), m.end().UnixMicro(), m.inserted.UnixMicro(), m.received.UnixMicro())
}

// fresh is the condition of those of them that the old file has not.
func (e *export) fresh() string {
	if e.old == nil {
		return e.rows()
	}
	return fmt.Sprintf("%s AND (inserted_at > make_timestamptz(%d) OR received_at >= make_timestamptz(%d))", e.rows(), e.old.inserted.UnixMicro(), e.old.received.UnixMicro())
}

// commit makes the new file count in place of the old one, and the rows go from the table.
func (e *export) commit(ctx context.Context, fresh int64) error {
	var now int64
	tx, err := begin(ctx, e.w.conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM events__rows WHERE "+e.fresh()).Scan(&now); err != nil {
		return err
	}
	before := int64(0)
	if e.old != nil {
		before = e.old.rows
	}
	if now != fresh || e.next.rows != before+fresh {
		return fmt.Errorf("its rows have changed meanwhile, from %d to %d: it is tried again with the next compaction", fresh, now)
	}
	if e.next.moved {
		if _, err := tx.ExecContext(ctx, "DELETE FROM events__rows WHERE "+e.rows()); err != nil {
			return err
		}
	}
	var gone []string
	if e.old != nil {
		gone = append(gone, e.old.file)
	}
	return e.w.replace(ctx, tx, []month{e.next}, gone)
}

// name notes that a file is being written, under a name that none has had, before there is anything of it: no crash leaves a file that nobody knows.
func (w *Warehouse) name(ctx context.Context, m *month) error {
	m.file = fmt.Sprintf("project=%d/month=%s/%s.parquet", m.project, m.begin.Format("2006-01"), uuid.New())
	return w.do(ctx, func() error {
		_, err := w.conn.ExecContext(ctx, "INSERT INTO _prickle_exports (file, state, project_id, month, moved) VALUES (?, ?, ?, ?, ?)",
			m.file, beingWritten, m.project, m.begin, m.moved)
		if err != nil {
			return err
		}
		return w.step("named")
	})
}

// write writes what a query has to the file of a month, and fills in what the file has. It is durable then, and does not count yet.
func (w *Warehouse) write(ctx context.Context, conn *sql.Conn, m *month, query string) error {
	path := w.exports.path(m.file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := path + partSuffix
	_, err := conn.ExecContext(ctx, fmt.Sprintf("COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d, PRESERVE_ORDER false)",
		query, warehouse.Literal(filepath.ToSlash(part)), groupRows))
	if err != nil {
		return err
	}
	if err := w.step("written"); err != nil {
		return err
	}
	if m.bytes, err = settle(part, path, w.exports.dir); err != nil {
		return err
	}
	var first, last sql.NullTime
	err = conn.QueryRowContext(ctx, "SELECT count(*), min(received_at), max(received_at) FROM "+w.exports.reading([]string{m.file})).Scan(&m.rows, &first, &last)
	m.first, m.last = first.Time, last.Time
	return errors.Join(err, w.step("renamed"))
}

// settle gives a file that was written its name, after it and before its folders are on disk, and returns its size.
func settle(part, path, dir string) (size int64, err error) {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err := os.Rename(part, path); err != nil {
		return 0, err
	}
	for folder := filepath.Dir(path); strings.HasPrefix(folder, dir); folder = filepath.Dir(folder) {
		d, err := os.Open(folder)
		if err != nil {
			return 0, err
		}
		if err := errors.Join(d.Sync(), d.Close()); err != nil {
			return 0, err
		}
	}
	return info.Size(), nil
}

// replace makes files count, and others count no more, and commits the transaction. The writer's goroutine runs it.
func (w *Warehouse) replace(ctx context.Context, tx *sql.Tx, made []month, gone []string) error {
	for _, file := range gone {
		if _, err := tx.ExecContext(ctx, "UPDATE _prickle_exports SET state = ? WHERE file = ?", superseded, file); err != nil {
			return err
		}
	}
	for i := range made {
		m := &made[i]
		_, err := tx.ExecContext(ctx, `UPDATE _prickle_exports SET state = ?, moved = ?, rows = ?, bytes = ?, inserted_until = ?, received_before = ?, first_received = ?, last_received = ?
			WHERE file = ?`, live, m.moved, m.rows, m.bytes, m.inserted, m.received, m.first, m.last, m.file)
		if err != nil {
			return err
		}
	}
	next := exports{dir: w.exports.dir}
	if err := next.load(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, next.view()); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.exports = next
	return nil
}

// step is a place between two steps, where tests look at what a crash would leave.
func (w *Warehouse) step(name string) error {
	if w.crash == nil {
		return nil
	}
	return w.crash(name)
}
