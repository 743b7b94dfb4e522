package duckdb

import (
	"context"
	"database/sql"
)

// job is one call of Send or Merge on its way through the writer. It is answered exactly once.
type job struct {
	ctx  context.Context
	send *send // nil for a Merge
	run  func(conn *sql.Conn) error
	done chan error // takes one value without blocking
}

// submit hands a job to the writer and waits for its end. A job that the writer has not taken up yet is withdrawn when its context ends.
// One that is under way is waited for: it uses the caller's memory, and its outcome is worth knowing.
func (w *Warehouse) submit(j job) error {
	if err := j.ctx.Err(); err != nil {
		return err
	}
	select {
	case w.jobs <- j:
		return <-j.done
	case <-j.ctx.Done():
		return j.ctx.Err()
	case <-w.stop:
		return errClosed
	}
}

// groupEvents bounds the events of one transaction. It is below the number of rows at which the appender starts to write by itself.
const groupEvents = 50_000

// write is the writer. Updates of one table from several connections conflict, so everything that changes the file happens here.
func (w *Warehouse) write() {
	defer close(w.stopped)
	var next *job
	for {
		if next == nil {
			select {
			case j := <-w.jobs:
				next = &j
			case <-w.stop:
				return
			}
		}
		j := *next
		next = nil
		if j.send == nil {
			j.done <- j.run(w.writer)
			continue
		}
		group := []*send{j.send}
		group, next = w.gather(group)
		w.commit(group)
	}
}

// gather adds the events that wait already to a group, so that they share a transaction and its sync to disk. It returns the first job of
// another kind that it came upon.
func (w *Warehouse) gather(group []*send) ([]*send, *job) {
	n := len(group[0].events)
	for n < groupEvents {
		select {
		case j := <-w.jobs:
			if j.send == nil {
				return group, &j
			}
			group = append(group, j.send)
			n += len(j.send.events)
		default:
			return group, nil
		}
	}
	return group, nil
}
