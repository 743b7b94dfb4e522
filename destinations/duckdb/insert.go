package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// duplicateWindow is how far apart the two copies of an event may have been captured for the second to be found: an SDK that sends again does so
// within minutes, a phone that was offline within hours. Looking at less than the whole table is what keeps the cost of a batch independent of
// the table's age, and rows lie in the order of their capture, so the window is a few row groups whatever time the events claim. An event that is
// replayed keeps the time of its capture, so its first copy is found however long ago that was.
const duplicateWindow = 48 * time.Hour

// findStored finds the uuids that are there already of events captured from one time to another. The join reads the uuids of the row groups in the
// window only, which is the two times; it is made with the table, and with the files of months that hold events of the window.
const findStored = `
SELECT e.uuid FROM %s AS e SEMI JOIN prickle_given() AS b ON e.uuid = b.uuid
WHERE e.received_at BETWEEN make_timestamptz(%d) AND make_timestamptz(%d)`

const insertEvents = `
INSERT INTO events__rows
SELECT * REPLACE (CAST(properties AS JSON) AS properties, CAST(groups AS JSON) AS groups) FROM prickle_given()`

// insert stores rows; no UUID occurs twice in them. A row group that becomes full ends a transaction: what is in an earlier one when a later one fails
// is found to be there when it comes again.
func (w *Warehouse) insert(ctx context.Context, rows []warehouse.EventRow) error {
	if err := w.revive(ctx); err != nil {
		return err
	}
	for len(rows) > 0 {
		if w.appended >= rowGroup {
			w.checkpoint()
		}
		n := min(len(rows), rowGroup-w.appended)
		if err := w.insertTogether(ctx, rows[:n]); err != nil {
			return w.noticed(err)
		}
		rows = rows[n:]
	}
	return nil
}

// insertTogether stores rows in one transaction.
func (w *Warehouse) insertTogether(ctx context.Context, rows []warehouse.EventRow) error {
	tx, err := begin(ctx, w.conn)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	now := w.now()
	if !now.After(w.mark) {
		now = w.mark.Add(time.Microsecond)
	}
	fresh, err := w.fresh(ctx, tx, rows)
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		if _, err := tx.ExecContext(w.givenEvents(fresh, now).in(ctx), insertEvents); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	w.appended += len(fresh)
	return nil
}

// begin begins a transaction that does not end with ctx; its statements are to be given that. database/sql would roll back behind our back then, and
// the writer's next transaction begin before that is done.
func begin(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	return conn.BeginTx(context.WithoutCancel(ctx), nil)
}

// fresh are the rows that are not stored yet.
func (w *Warehouse) fresh(ctx context.Context, tx *sql.Tx, rows []warehouse.EventRow) ([]*warehouse.EventRow, error) {
	stored := map[duckdb.UUID]bool{}
	for _, p := range periods(rows) {
		if err := w.addStored(ctx, tx, p, stored); err != nil {
			return nil, err
		}
	}
	fresh := make([]*warehouse.EventRow, 0, len(rows))
	for i := range rows {
		if !stored[duckdb.UUID(rows[i].UUID)] {
			fresh = append(fresh, &rows[i])
		}
	}
	return fresh, nil
}

// addStored adds the uuids of a period's rows that are stored already.
func (w *Warehouse) addStored(ctx context.Context, tx *sql.Tx, p period, stored map[duckdb.UUID]bool) error {
	ids := given{[]column{{"uuid", duckdb.TYPE_UUID}}, len(p.rows), func(to *place, row int) { put(to, 0, duckdb.UUID(p.rows[row].UUID)) }}
	first, last := p.first.Add(-duplicateWindow).UnixMicro(), p.last.Add(duplicateWindow).UnixMicro()
	found, err := tx.QueryContext(ids.in(ctx), fmt.Sprintf(findStored, w.stored(first, last), first, last))
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var id duckdb.UUID
		if err := found.Scan(&id); err != nil {
			return err
		}
		stored[id] = true
	}
	return found.Err()
}

// stored is where events captured from one time to another may be. Files hold none that were captured lately, so what is live costs no look at them.
func (w *Warehouse) stored(first, last int64) string {
	files := w.exports.moved(func(m *month) bool { return m.first.UnixMicro() <= last && m.last.UnixMicro() >= first })
	if len(files) == 0 {
		return "events__rows"
	}
	return "(SELECT uuid, received_at FROM events__rows UNION ALL SELECT uuid, received_at FROM " + w.exports.reading(files) + ")"
}

// period is a time in which events were captured, both ends included, with their rows.
type period struct {
	first, last time.Time
	rows        []*warehouse.EventRow
}

// periods are the times in which the rows were captured. What is captured now and what is replayed from last week come together; one window
// over both would make the live events pay for a search through the whole week.
func periods(rows []warehouse.EventRow) []period {
	inOrder := make([]*warehouse.EventRow, len(rows))
	for i := range rows {
		inOrder[i] = &rows[i]
	}
	slices.SortFunc(inOrder, func(a, b *warehouse.EventRow) int { return a.Event.ReceivedAt.Compare(b.Event.ReceivedAt) })
	var out []period
	begin := 0
	for i, r := range inOrder {
		if i+1 == len(inOrder) || inOrder[i+1].Event.ReceivedAt.Sub(r.Event.ReceivedAt) > duplicateWindow {
			out = append(out, period{inOrder[begin].Event.ReceivedAt, r.Event.ReceivedAt, inOrder[begin : i+1]})
			begin = i + 1
		}
	}
	return out
}
