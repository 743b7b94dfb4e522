package oracle

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Ledger hands out events and notes which were acknowledged. Its methods may be called concurrently.
type Ledger struct {
	mu      sync.Mutex
	rng     *rand.Rand
	events  map[string]*Event
	last    map[string]int // a person's last number
	acked   int
	waiting []waiter
}

type waiter struct {
	count   int
	reached chan struct{}
}

// NewLedger makes an empty ledger. The same seed hands out the same events in the same order.
func NewLedger(seed uint64) *Ledger {
	return &Ledger{rng: rand.New(rand.NewPCG(seed, 1)), events: map[string]*Event{}, last: map[string]int{}}
}

// Hand hands out the person's next event.
func (l *Ledger) Hand(person string, mark Mark) *Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[person]++
	e := &Event{ID: l.uuid(), Person: person, Seq: l.last[person], Mark: mark, Handed: time.Now()}
	e.Properties = properties(l.rng, e.Seq, mark)
	l.events[e.ID] = e
	return e
}

func (l *Ledger) uuid() string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], l.rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], l.rng.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// Acknowledge notes that a request with these events was answered with success.
func (l *Ledger) Acknowledge(events []*Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if !e.acknowledged {
			e.acknowledged = true
			l.acked++
		}
	}
	kept := l.waiting[:0]
	for _, w := range l.waiting {
		if l.acked >= w.count {
			close(w.reached)
		} else {
			kept = append(kept, w)
		}
	}
	l.waiting = kept
}

// Acknowledged is how many events were acknowledged.
func (l *Ledger) Acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.acked
}

// Await waits until more further events are acknowledged, or returns ctx's error.
func (l *Ledger) Await(ctx context.Context, more int) error {
	l.mu.Lock()
	w := waiter{l.acked + more, make(chan struct{})}
	l.waiting = append(l.waiting, w)
	l.mu.Unlock()
	select {
	case <-w.reached:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Find returns the event with this id, or nil.
func (l *Ledger) Find(id string) *Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events[id]
}
