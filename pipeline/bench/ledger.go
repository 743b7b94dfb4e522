package bench

import (
	"context"
	"slices"
	"sync"
	"time"
)

// ledger notes which events have come to a place. It keeps one bit for each, so that a long run costs no memory worth mentioning.
type ledger struct {
	gen   generator
	wants func(i int) bool // which events should come; nil for all
	lose  func(i int) bool // which are forgotten, to see that it is noticed; nil for none

	mu       sync.Mutex
	seen     []uint64 // a bit by number of the event
	count    int      // events that have come
	repeated int      // how often one came that had come already
	foreign  int      // what was not sent by us, or not wanted here
	lost     int      // how many were waited for in vain; belongs to who waits
	lastAt   time.Time
	note     func(i int, at time.Time) // told of each that comes for the first time; may be nil
	changed  chan struct{}             // closed and replaced whenever count grows
}

func newLedger(g generator) *ledger { return &ledger{gen: g, changed: make(chan struct{})} }

// unknown is the number of an event that we never sent.
const unknown = -1

// add notes that events have come.
func (l *ledger) add(events []int, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.count
	for _, i := range events {
		l.one(i, at)
	}
	if l.count > before {
		l.lastAt = at
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

func (l *ledger) one(i int, at time.Time) {
	if i == unknown || l.wants != nil && !l.wants(i) {
		l.foreign++
		return
	}
	if l.lose != nil && l.lose(i) {
		return
	}
	word, bit := i/64, uint64(1)<<(i%64)
	if word >= len(l.seen) {
		l.seen = append(l.seen, make([]uint64, word+1-len(l.seen))...)
	}
	if l.seen[word]&bit != 0 {
		l.repeated++
		return
	}
	l.seen[word] |= bit
	l.count++
	if l.note != nil {
		l.note(i, at)
	}
}

// listen has note told of what comes from now on.
func (l *ledger) listen(note func(i int, at time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note = note
}

// missing counts the wanted events below n that have not come.
func (l *ledger) missing(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := 0
	for i := range n {
		has := i/64 < len(l.seen) && l.seen[i/64]&(1<<(i%64)) != 0
		if !has && (l.wants == nil || l.wants(i)) {
			missing++
		}
	}
	return missing
}

// wait returns when every wanted event below n has come, or when nothing new has come for as long as patience, by a count of what has come
// here and elsewhere. What was waited for in vain once is not waited for again.
func (l *ledger) wait(ctx context.Context, n int, patience time.Duration, progress func() int) error {
	want := n
	if l.wants != nil {
		want = 0
		for i := range n {
			if l.wants(i) {
				want++
			}
		}
	}
	before := progress()
	for {
		count, _, changed := l.state()
		if count+l.lost >= want {
			return nil
		}
		timer := time.NewTimer(patience)
		select {
		case <-changed:
			timer.Stop()
		case <-timer.C:
			now := progress()
			if now == before {
				l.lost = want - count
				return nil
			}
			before = now
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// state returns how many events have come, when the last of them did, and what is closed when more do.
func (l *ledger) state() (count int, last time.Time, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count, l.lastAt, l.changed
}

// total is how many events have come.
func (l *ledger) total() int {
	n, _, _ := l.state()
	return n
}

// latest is when the last of several places got its last event.
func latest(places ...*ledger) time.Time {
	var at time.Time
	for _, l := range places {
		if _, last, _ := l.state(); last.After(at) {
			at = last
		}
	}
	return at
}

// latencies collects how long events took. The zero value is ready.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, d)
}

// take returns percentiles of what was collected, in milliseconds, and forgets it.
func (l *latencies) take(percent ...int) []float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.list)
	out := make([]float64, len(percent))
	for i, p := range percent {
		if n := len(l.list); n > 0 {
			out[i] = float64(l.list[min(n*p/100, n-1)].Microseconds()) / 1000
		}
	}
	l.list = nil
	return out
}
