package duckdb

import (
	"context"
	"database/sql"
	"time"
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
	var rested time.Time // when the next transaction may begin
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
		var n int
		var group []*send
		group, n, next = w.gather([]*send{j.send}, time.Until(rested))
		began := time.Now()
		w.commit(group)
		if now := time.Now(); n < enoughEvents {
			rested = now.Add(min(now.Sub(began), longestRest))
		}
	}
}

// A transaction costs milliseconds whatever is in it, and little for each event from enoughEvents on. After a smaller one, the next waits for as long
// as it took, longestRest at most: an idle machine makes that short, and on a busy one more events wait meanwhile.
const enoughEvents, longestRest = 4000, 100 * time.Millisecond

// gather adds the events that wait already, or come within the rest, to a group, so that they share a transaction and its sync to disk. It returns
// their number too, and the first job of another kind that it came upon.
func (w *Warehouse) gather(group []*send, rest time.Duration) ([]*send, int, *job) {
	n := len(group[0].events)
	for rested := time.After(rest); n < groupEvents; {
		j, ok := w.another(rested)
		switch {
		case !ok:
			return group, n, nil
		case j.send == nil:
			return group, n, &j
		}
		group = append(group, j.send)
		n += len(j.send.events)
	}
	return group, n, nil
}

// another takes a job that waits, or comes before the rest is over.
func (w *Warehouse) another(rested <-chan time.Time) (job, bool) {
	select {
	case j := <-w.jobs:
		return j, true
	default:
	}
	select {
	case j := <-w.jobs:
		return j, true
	case <-rested:
		return job{}, false
	}
}
