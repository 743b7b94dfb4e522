package warehouse

import (
	"context"
	"fmt"
	"slices"

	"github.com/prickle-dev/prickle/pipeline"
)

// send is one call of Send in the writer's hands.
type send struct {
	ctx    context.Context
	events []pipeline.Event
	failed map[int]error
	done   chan error
}

func (s *send) size() (n int) {
	for i := range s.events {
		n += len(s.events[i].Properties)
	}
	return n
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

// origin is a place in a call of Send that waits for a row.
type origin struct {
	send  *send
	index int
}

func (r *EventRow) fail(err error) {
	r.from.send.fail(r.from.index, err)
	for _, o := range r.also {
		o.send.fail(o.index, err)
	}
}

// commit stores a group of calls in one write and answers each of them.
func (w *Writer) commit(group []*send, r *room) {
	group = slices.DeleteFunc(group, func(s *send) bool {
		err := s.ctx.Err()
		if err != nil {
			s.done <- err
		}
		return err != nil
	})
	clear(r.seen)
	r.rows = r.rows[:0]
	for _, s := range group {
		for i := range s.events {
			w.addRow(r, s, i)
		}
	}
	w.store(r.rows)
	clear(r.rows)
	for _, s := range group {
		s.answer()
	}
	w.tidy()
	w.free <- r
}

// addRow appends the row of an event, or lets the call wait for the row that has its UUID already.
func (w *Writer) addRow(r *room, s *send, index int) {
	r.rows = append(r.rows, EventRow{})
	row := &r.rows[len(r.rows)-1]
	if err := row.Set(&s.events[index], w.ProjectID); err != nil {
		s.fail(index, pipeline.Permanent(fmt.Errorf("%s: %w", w.Store, err)))
		r.rows = r.rows[:len(r.rows)-1]
		return
	}
	row.from = origin{s, index}
	if at, twice := r.seen[row.UUID]; twice {
		r.rows[at].also = append(r.rows[at].also, row.from)
		r.rows = r.rows[:len(r.rows)-1]
		return
	}
	r.seen[row.UUID] = len(r.rows) - 1
}

// store writes the rows, and when some of them make the store refuse the others, finds those by halving.
func (w *Writer) store(rows []EventRow) {
	if len(rows) == 0 {
		return
	}
	err := w.Insert(w.ctx, rows)
	if err == nil {
		return
	}
	if !w.Fault(err) {
		err = fmt.Errorf("%s: store events: %w", w.Store, err)
		for i := range rows {
			rows[i].fail(err)
		}
		return
	}
	if len(rows) == 1 {
		rows[0].fail(pipeline.Permanent(fmt.Errorf("%s: %w", w.Store, w.explain(&rows[0], err))))
		return
	}
	w.store(rows[:len(rows)/2])
	w.store(rows[len(rows)/2:])
}

// explain gives the reason without the store's own text where that would quote the event.
func (w *Writer) explain(r *EventRow, err error) error {
	if fault := r.fault(); fault != nil {
		return fault
	}
	if w.Quotes != nil && w.Quotes(err) {
		return fmt.Errorf("properties: JSON that %s does not accept", w.Store)
	}
	return fmt.Errorf("store event: %w", err)
}
