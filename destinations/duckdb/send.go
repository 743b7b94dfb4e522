package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// send is one call of Send in the writer's hands.
type send struct {
	ctx    context.Context
	events []pipeline.Event
	failed map[int]error
	done   chan error
}

func (s *send) fail(index int, err error) {
	if s.failed == nil {
		s.failed = map[int]error{}
	}
	s.failed[index] = err
}

func (s *send) answer() {
	first := s.failed[0]
	for i := range s.events {
		if s.failed[i] != first { //nolint:errorlint // whether it is the very same error
			s.done <- &pipeline.BatchError{Failed: s.failed}
			return
		}
	}
	s.done <- first // one reason for all of them, or none
}

// Send stores events and returns nil when they are on disk. An event that cannot be stored at all (a UUID that is none, properties that are
// not JSON) fails alone and for good; a full disk, or memory used up by queries, fails all of them for now.
func (w *Warehouse) Send(ctx context.Context, events []pipeline.Event) error {
	s := &send{ctx: ctx, events: events, done: make(chan error, 1)}
	return w.submit(job{ctx: ctx, send: s, done: s.done})
}

// eventRow is an event on its way into the table, with the places in calls of Send that wait for it.
type eventRow struct {
	event      *pipeline.Event
	uuid       duckdb.UUID
	properties []byte
	from       []origin
}

type origin struct {
	send  *send
	index int
}

func (r *eventRow) fail(err error) {
	for _, o := range r.from {
		o.send.fail(o.index, err)
	}
}

// commit stores a group of calls in one transaction and answers each of them.
func (w *Warehouse) commit(group []*send) {
	var rows []eventRow
	seen := map[duckdb.UUID]int{}
	group = slices.DeleteFunc(group, func(s *send) bool {
		err := s.ctx.Err()
		if err != nil {
			s.done <- err
		}
		return err != nil
	})
	for _, s := range group {
		for i := range s.events {
			row, err := newRow(&s.events[i])
			if err != nil {
				s.fail(i, err)
				continue
			}
			at, twice := seen[row.uuid]
			if !twice {
				at = len(rows)
				seen[row.uuid] = at
				rows = append(rows, row)
			}
			rows[at].from = append(rows[at].from, origin{s, i})
		}
	}
	w.store(rows)
	for _, s := range group {
		s.answer()
	}
}

// newRow checks what DuckDB would refuse a whole transaction for, and mends what can be mended.
func newRow(e *pipeline.Event) (eventRow, error) {
	row := eventRow{event: e, properties: storable(e.Properties)}
	if len(row.properties) == 0 {
		row.properties = []byte("{}")
	}
	if err := row.uuid.Scan(e.UUID); err != nil {
		return row, pipeline.Permanent(fmt.Errorf("duckdb: uuid %q: want a UUID of 36 characters", e.UUID))
	}
	for _, t := range []time.Time{e.Timestamp, e.ReceivedAt} {
		if t.Year() < 1 || t.Year() > 9999 {
			return row, pipeline.Permanent(fmt.Errorf("duckdb: time %v: want a year from 1 to 9999", t))
		}
	}
	return row, nil
}

// store writes the rows, and when some of them make DuckDB refuse the others, finds those by halving.
func (w *Warehouse) store(rows []eventRow) {
	if len(rows) == 0 {
		return
	}
	err := w.insert(rows)
	if err == nil {
		return
	}
	if !isDataFault(err) {
		err = fmt.Errorf("duckdb: store events: %w", err)
		for i := range rows {
			rows[i].fail(err)
		}
		return
	}
	if len(rows) == 1 {
		rows[0].fail(pipeline.Permanent(explain(&rows[0], err)))
		return
	}
	w.store(rows[:len(rows)/2])
	w.store(rows[len(rows)/2:])
}

// explain gives the reason without DuckDB's own text where that would quote the event.
func explain(r *eventRow, err error) error {
	if ok, offset, tooDeep := rawjson.Valid(r.properties, rawjson.MaxDepth); !ok {
		if tooDeep {
			return fmt.Errorf("duckdb: properties: nested deeper than %d", rawjson.MaxDepth)
		}
		return fmt.Errorf("duckdb: properties: not JSON at byte %d", offset)
	}
	var fault *duckdb.Error
	if errors.As(err, &fault) && fault.Type == duckdb.ErrorTypeConversion {
		return errors.New("duckdb: properties: JSON that DuckDB does not accept")
	}
	return fmt.Errorf("duckdb: store event: %w", err)
}

func text(s string) []byte {
	if utf8.ValidString(s) {
		return []byte(s)
	}
	return []byte(toValidUTF8(s))
}
