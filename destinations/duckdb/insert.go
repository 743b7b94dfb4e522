package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// duplicateWindow is how far apart the two copies of an event may have been captured for the second to be found: an SDK that sends again does so
// within minutes, a phone that was offline within hours. Looking at less than the whole table is what keeps the cost of a batch independent of
// the table's age, and rows lie in the order of their capture, so the window is a few row groups whatever time the events claim. An event that is
// replayed keeps the time of its capture, so its first copy is found however long ago that was.
const duplicateWindow = 48 * time.Hour

// stageEvents is where a batch waits for its INSERT. Its JSON is text until the INSERT casts it, which checks it. The appender could run
// the INSERT itself, but its errors do not tell a bad value from a full disk.
const stageEvents = `CREATE OR REPLACE TEMP TABLE _prickle_batch (uuid UUID, event VARCHAR, distinct_id VARCHAR, timestamp TIMESTAMPTZ,
	properties VARCHAR, source VARCHAR, received_at TIMESTAMPTZ, inserted_at TIMESTAMPTZ)`

// insertEvents takes the staged rows captured from one time to another that the table does not have yet. The join reads the uuids of the row
// groups in the window only, which is the last two times.
const insertEvents = `
INSERT INTO events
SELECT uuid, event, distinct_id, timestamp, CAST(properties AS JSON), source, received_at, inserted_at
FROM _prickle_batch AS b
WHERE b.received_at BETWEEN make_timestamptz(%d) AND make_timestamptz(%d) AND NOT EXISTS (
	SELECT 1 FROM events AS e
	WHERE e.uuid = b.uuid AND e.received_at BETWEEN make_timestamptz(%d) AND make_timestamptz(%d))`

// insert stores rows in one transaction; no UUID occurs twice in them.
func (w *Warehouse) insert(rows []eventRow) error {
	ctx := context.Background() // the rows belong to several calls, and one that gives up must not take the others with it
	tx, err := w.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := w.insertBatch(ctx, tx, rows, w.now()); err != nil {
		return err
	}
	return tx.Commit()
}

func (w *Warehouse) insertBatch(ctx context.Context, tx *sql.Tx, rows []eventRow, now time.Time) error {
	if _, err := tx.ExecContext(ctx, stageEvents); err != nil {
		return err
	}
	err := appendTo(ctx, w.writer, "_prickle_batch", func(appendRow func(...driver.Value) error) error {
		for i := range rows {
			r, e := &rows[i], rows[i].event
			err := appendRow(r.uuid, text(e.Name), text(e.DistinctID), e.Timestamp, r.properties, text(e.Source), e.ReceivedAt, now)
			if err != nil {
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
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(insertEvents, first, last, first-window, last+window)); err != nil {
			return err
		}
	}
	return nil
}

// period is a time in which events were captured, both ends included.
type period struct{ first, last time.Time }

// periods are the times in which the rows were captured. What is captured now and what is replayed from last week come together; one window
// over both would make the live events pay for a search through the whole week.
func periods(rows []eventRow) []period {
	times := make([]time.Time, len(rows))
	for i := range rows {
		times[i] = rows[i].event.ReceivedAt
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

// appendTo fills a temporary table by the bulk interface of DuckDB, within the transaction that conn is in.
func appendTo(ctx context.Context, conn *sql.Conn, table string, fill func(appendRow func(...driver.Value) error) error) error {
	return conn.Raw(func(c any) error {
		appender, err := duckdb.NewAppender(c.(driver.Conn), "temp", "main", table)
		if err != nil {
			return err
		}
		if err := fill(appender.AppendRow); err != nil {
			return errors.Join(err, appender.Clear(), appender.Close())
		}
		return appender.CloseWithCancel(ctx)
	})
}
