package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// duplicateWindow is how far apart the two copies of an event may have been captured for the second to be found: an SDK that sends again does so
// within minutes, a phone that was offline within hours. Looking at less than the whole table is what keeps the cost of a batch independent of
// the table's age, and rows lie in the order of their capture, so the window is a few row groups whatever time the events claim. An event that is
// replayed keeps the time of its capture, so its first copy is found however long ago that was.
const duplicateWindow = 48 * time.Hour

// insertEvents takes the staged rows captured from one time to another that the table does not have yet. The join reads the uuids of the row
// groups in the window only, which is the last two times; it is made with the table, and with the files of months that hold events of the window.
const insertEvents = `
INSERT INTO events__rows
SELECT * REPLACE (CAST(properties AS JSON) AS properties, CAST(groups AS JSON) AS groups)
FROM _prickle_batch AS b
WHERE b.received_at BETWEEN make_timestamptz(%d) AND make_timestamptz(%d) AND NOT EXISTS (
	SELECT 1 FROM %s AS e
	WHERE e.uuid = b.uuid AND e.received_at BETWEEN make_timestamptz(%d) AND make_timestamptz(%d))`

// insert stores rows in one transaction; no UUID occurs twice in them.
func (w *Warehouse) insert(ctx context.Context, rows []warehouse.EventRow) error {
	defer w.tidy()
	tx, err := begin(ctx, w.conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	now := w.now()
	if !now.After(w.mark) {
		now = w.mark.Add(time.Microsecond)
	}
	if err := w.insertBatch(ctx, tx, rows, now); err != nil {
		return err
	}
	return tx.Commit()
}

// begin begins a transaction that does not end with ctx; its statements are to be given that. database/sql would roll back behind our back then, and
// the writer's next transaction begin before that is done.
func begin(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	return conn.BeginTx(context.WithoutCancel(ctx), nil)
}

func (w *Warehouse) insertBatch(ctx context.Context, tx *sql.Tx, rows []warehouse.EventRow, now time.Time) error {
	if _, err := tx.ExecContext(ctx, stageEvents()); err != nil {
		return err
	}
	err := appendTo(ctx, w.conn, "_prickle_batch", func(appendRow func(...driver.Value) error) error {
		values := make([]driver.Value, 0, len(eventColumns()))
		for i := range rows {
			values = w.eventValues(values[:0], &rows[i], now)
			if err := appendRow(values...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range periods(rows) {
		first, last := p.first.UnixMicro()-1, p.last.UnixMicro()+1 // however the table rounds, no row is left out
		window := duplicateWindow.Microseconds()
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(insertEvents, first, last, w.stored(first-window, last+window), first-window, last+window)); err != nil {
			return err
		}
	}
	return nil
}

// stored is where events captured from one time to another may be. Files hold none that were captured lately, so what is live costs no look at them.
func (w *Warehouse) stored(first, last int64) string {
	files := w.exports.moved(func(m *month) bool { return m.first.UnixMicro() <= last && m.last.UnixMicro() >= first })
	if len(files) == 0 {
		return "events__rows"
	}
	return "(SELECT uuid, received_at FROM events__rows UNION ALL SELECT uuid, received_at FROM " + w.exports.reading(files) + ")"
}

// period is a time in which events were captured, both ends included.
type period struct{ first, last time.Time }

// periods are the times in which the rows were captured. What is captured now and what is replayed from last week come together; one window
// over both would make the live events pay for a search through the whole week.
func periods(rows []warehouse.EventRow) []period {
	times := make([]time.Time, len(rows))
	for i := range rows {
		times[i] = rows[i].Event.ReceivedAt
	}
	slices.SortFunc(times, time.Time.Compare)
	out := []period{{times[0], times[0]}}
	for _, t := range times[1:] {
		if p := &out[len(out)-1]; t.Sub(p.last) <= duplicateWindow {
			p.last = t
			continue
		}
		out = append(out, period{t, t})
	}
	return out
}
