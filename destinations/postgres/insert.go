package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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

// stageIDs makes the table where the ids of a batch wait, with the buckets that copies of them may be in. The planner knows nothing about a table this
// young, and the one plan that is good however large _prickle_uuids has become is to look each id up.
const stageIDs = "CREATE TEMP TABLE _prickle_ids (n integer NOT NULL, bucket integer NOT NULL, neighbour integer NOT NULL, uuid uuid NOT NULL) ON COMMIT DROP; " +
	"SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"

// knownIDs takes out the ids that were stored already, and tells which. Only this transaction stores events at a time (the lock of events), so what is
// not found is not there.
const knownIDs = "DELETE FROM _prickle_ids AS i USING _prickle_uuids AS u WHERE u.uuid = i.uuid AND u.bucket = ANY (ARRAY[i.bucket, i.neighbour]) RETURNING i.n"

const rememberIDs = "INSERT INTO _prickle_uuids SELECT bucket, uuid FROM _prickle_ids ORDER BY bucket, uuid"

// eventsTarget is what a COPY writes to.
var eventsTarget = "events (" + strings.Join(eventColumns, ", ") + ")"

// stageEvents and insertStaged are for a batch of which the primary key refused something: a copy of an event with the same time, captured beyond the
// window, as when a history is imported a second time. A COPY cannot leave out what is there, so such a batch goes through a table of its own.
const stageEvents = "CREATE TEMP TABLE _prickle_batch (LIKE events) ON COMMIT DROP"

var insertStaged = fmt.Sprintf("INSERT INTO events (%[1]s) SELECT %[1]s FROM _prickle_batch ON CONFLICT DO NOTHING", strings.Join(eventColumns, ", "))

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
	err := w.again(func() error { return w.insertBatch(ctx, rows, false) })
	if code(err) == uniqueViolation {
		err = w.again(func() error { return w.insertBatch(ctx, rows, true) })
	}
	return err
}

const uniqueViolation = "23505"

// insertBatch stores what is new of the rows in one transaction: straight into events, or by way of a staging table.
func (w *Warehouse) insertBatch(ctx context.Context, rows []warehouse.EventRow, staged bool) error {
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("events"), stageIDs)
	if err != nil {
		return err
	}
	defer t.rollback()
	known, err := w.takeKnown(ctx, t, rows)
	if err != nil {
		return err
	}
	w.batch.begin()
	now := w.now()
	for i := range rows {
		if !known[i] {
			w.addEvent(&rows[i], now)
		}
	}
	w.batch.end()
	statements, target := []string(nil), eventsTarget
	if staged {
		if err := t.exec(ctx, stageEvents); err != nil {
			return err
		}
		statements, target = []string{insertStaged}, strings.Replace(eventsTarget, "events", "_prickle_batch", 1)
	}
	if err := t.copyIn(ctx, target, &w.batch); err != nil {
		return err
	}
	w.step("events staged")
	if err := t.commit(ctx, append(statements, rememberIDs)...); err != nil {
		return err
	}
	w.step("events committed")
	return nil
}

// takeKnown stages the ids of rows and returns which of them were stored before.
func (w *Warehouse) takeKnown(ctx context.Context, t *tx, rows []warehouse.EventRow) (map[int]bool, error) {
	c := &w.batch
	c.begin()
	for i := range rows {
		at := rows[i].Event.ReceivedAt
		c.row(4)
		c.int32(int32(i))
		c.int32(bucketOf(at))
		c.int32(neighbourOf(at))
		c.bytes(rows[i].UUID[:])
	}
	c.end()
	if err := t.copyIn(ctx, "_prickle_ids", c); err != nil {
		return nil, err
	}
	numbers, err := t.column(ctx, knownIDs)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	known := make(map[int]bool, len(numbers))
	for _, text := range numbers {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		known[n] = true
	}
	return known, nil
}

// addEvent spells a row in the order of the columns.
func (w *Warehouse) addEvent(r *warehouse.EventRow, now time.Time) {
	c := &w.batch
	c.row(len(eventColumns))
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
