package deliver

import (
	"context"
	"sync"

	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// simJournal is the JOURNAL stream of a history, and the books over it.
type simJournal struct {
	mu      sync.Mutex
	records []bus.JournalEntry
	lost    bool // a record could not be stored, or the stage was not told that it was
}

// journal is Bus.Journal. What is not stored when the process is killed never is.
func (s *simStream) journal(p *simProcess) func(r *bus.Record) func(context.Context) error {
	return func(r *bus.Record) func(context.Context) error {
		return func(ctx context.Context) error {
			lost, err := s.call(p, r.Deliver.Lane)
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				s.judge.fail("nobody waits for a record")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.process != p {
				return errKilled
			}
			j := &s.records
			j.mu.Lock()
			defer j.mu.Unlock()
			if lost {
				j.lost = true
				return errLost
			}
			if s.mutation == "forget record" && s.lanes[r.Deliver.Lane].dice.Float64() < 0.1 {
				return nil
			}
			j.records = append(j.records, bus.JournalEntry{Sequence: uint64(len(j.records) + 2), Record: *r})
			return nil
		}
	}
}

// balance checks the books of a history at its end: everything that was handed on is delivered or dead, once.
func (j *simJournal) balance(judge *simJudge, events int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lost {
		return
	}
	b := &books.Books{Pipelines: map[string]*books.Pipeline{}}
	b.Enter(bus.JournalEntry{Sequence: 1, Record: bus.Record{Begin: &bus.BeginRecord{Waiting: map[string]map[string]int{"p": {"d": events}}}}})
	for _, e := range j.records {
		b.Enter(e)
	}
	if d := b.Pipelines["p"].Destinations["d"]; d.Waiting() != 0 {
		judge.fail("the books do not balance: of %d events, %d are delivered and %v are dead", events, d.Delivered, d.Dead)
	}
}
