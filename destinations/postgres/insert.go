package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// eventColumns are the events table's columns in their order.
var eventColumns = func() []string {
	names := []string{"project_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "properties", "session_id", "groups", "source"}
	for _, e := range warehouse.Extracted[1:] {
		names = append(names, e.Column)
	}
	return append(names, "received_at", "inserted_at")
}()

// stageEvents makes the table where a batch waits: the columns of events, and where its ids are looked for.
const stageEvents = "CREATE TEMP TABLE _prickle_batch (bucket integer NOT NULL, neighbour integer NOT NULL, LIKE events) ON COMMIT DROP"

// insertEvents takes from the batch what was stored already, remembers the ids of the rest, and stores it. Only this transaction does that at a time
// (the lock of events), so what is not found is not there. The planner knows nothing about a table this young, and the one plan that is good however
// large _prickle_uuids has become is to look each id up.
var insertEvents = []string{
	"SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off",
	"DELETE FROM _prickle_batch AS b USING _prickle_uuids AS u WHERE u.uuid = b.uuid AND u.bucket = ANY (ARRAY[b.bucket, b.neighbour])",
	"INSERT INTO _prickle_uuids SELECT bucket, uuid FROM _prickle_batch ORDER BY bucket, uuid",
	fmt.Sprintf("INSERT INTO events (%[1]s) SELECT %[1]s FROM _prickle_batch", strings.Join(eventColumns, ", ")),
}

// insertNewEvents is insertEvents for a batch of which the primary key refused something: a copy of an event with the same time, captured beyond the
// window, as when a history is imported a second time. Looking out for that costs a fifth of the whole, so it is done only then.
var insertNewEvents = append(slices.Clone(insertEvents[:len(insertEvents)-1]), insertEvents[len(insertEvents)-1]+" ON CONFLICT DO NOTHING")

// writeTimeout is how long a transaction may take before its connection counts as dead.
const writeTimeout = 5 * time.Minute

// insert stores rows in one transaction; no UUID occurs twice in them.
func (w *Warehouse) insert(ctx context.Context, rows []warehouse.EventRow) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := w.ready(ctx); err != nil {
		w.failed.Store(failure{w.now(), w.advised(err)})
		return w.advised(err)
	}
	mended := 0
	for i := range rows {
		if mendRow(&rows[i]) {
			mended++
		}
	}
	w.noteMended("events", mended)
	err := w.makeRoom(ctx, rows)
	if err == nil {
		err = w.insertRows(ctx, rows)
	}
	if len(rows) == 1 && isDataFault(err) {
		rows[0].Properties, rows[0].Groups = mendNumbers(rows[0].Properties), mendNumbers(rows[0].Groups)
		if err = w.insertRows(ctx, rows); err == nil {
			w.noteMended("events", 1)
		}
	}
	w.failed.Store(failure{w.now(), w.advised(err)})
	if err == nil {
		w.noteChanged(rows)
	}
	return w.advised(err)
}

// noteMended counts what was changed because Postgres could not hold it.
func (w *Warehouse) noteMended(what string, n int) {
	if n == 0 {
		return
	}
	w.mended.Add(int64(n))
	w.log.Info("characters or numbers that Postgres cannot hold were replaced", "what", what, "count", n)
}

func (w *Warehouse) noteChanged(rows []warehouse.EventRow) {
	w.changed.add("_prickle_uuids")
	last := month(-1)
	for i := range rows {
		m := monthOf(rows[i].Event.Timestamp)
		if m == last {
			continue
		}
		last = m
		if w.partitions[m] {
			w.changed.add(m.partition())
		} else {
			w.changed.add("events_default")
		}
	}
}

func (w *Warehouse) insertRows(ctx context.Context, rows []warehouse.EventRow) error {
	now := w.now()
	w.batch.begin()
	for i := range rows {
		w.addEvent(&rows[i], now)
	}
	w.batch.end()
	err := w.again(func() error { return w.insertBatch(ctx, insertEvents) })
	if code(err) == uniqueViolation {
		err = w.again(func() error { return w.insertBatch(ctx, insertNewEvents) })
	}
	return err
}

const uniqueViolation = "23505"

func (w *Warehouse) insertBatch(ctx context.Context, statements []string) error {
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("events"), stageEvents)
	if err != nil {
		return err
	}
	defer t.rollback()
	if err := t.copyIn(ctx, "_prickle_batch", &w.batch); err != nil {
		return err
	}
	w.step("events staged")
	if err := t.commit(ctx, statements...); err != nil {
		return err
	}
	w.step("events committed")
	return nil
}

// addEvent spells a row in the order of the columns.
func (w *Warehouse) addEvent(r *warehouse.EventRow, now time.Time) {
	c := &w.batch
	c.row(2 + len(eventColumns))
	c.int32(bucketOf(r.Event.ReceivedAt))
	c.int32(neighbourOf(r.Event.ReceivedAt))
	c.int32(int32(w.project))
	c.bytes(r.UUID[:])
	c.text(r.Name)
	c.text(r.DistinctID)
	c.bytes(r.PersonID[:])
	c.time(r.Event.Timestamp)
	c.jsonb(r.Properties)
	c.text(r.Extracted[0])
	c.jsonb(r.Groups)
	c.text(r.Source)
	for _, text := range r.Extracted[1:] {
		c.text(text)
	}
	c.time(r.Event.ReceivedAt)
	c.time(now)
}

// makeRoom makes the partitions that rows need. Where something at the server is in the way, as somebody who reads the default partition for
// minutes, the rows go there, and Compact moves them.
func (w *Warehouse) makeRoom(ctx context.Context, rows []warehouse.EventRow) error {
	if w.now().Before(w.roomAfter) {
		return nil
	}
	months := w.wanted(func(yield func(time.Time) bool) {
		for i := range rows {
			if !yield(rows[i].Event.Timestamp) {
				return
			}
		}
	})
	err := w.makePartitions(ctx, months)
	if err == nil || code(err) == "" && !errors.Is(err, errNoPartition) {
		return err
	}
	w.roomAfter = w.now().Add(retryPartition)
	w.log.Warn("a month's partition of events could not be made; its events are kept in events_default until it can", "error", w.advised(err))
	return nil
}
