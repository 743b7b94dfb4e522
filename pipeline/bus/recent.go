package bus

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// eventKey stands for an event that is sent again: its UUID, name and distinct id. Two seeds make two different events of one key unheard of.
type eventKey [2]uint64

// logPlace is where an event is in the log: the sequence of its frame and its number in that.
type logPlace struct {
	sequence uint64
	index    uint32
}

func (p logPlace) before(o logPlace) bool {
	return p.sequence < o.sequence || p.sequence == o.sequence && p.index < o.index
}

// recentLane knows where in the log the events of a lane came first, of as many as the deduplication window holds. All pipelines share it: it
// says what is in the log, so that a pipeline that is behind the others finds the same.
type recentLane struct {
	window time.Duration
	ids    int // at most so many are known

	mu              sync.Mutex
	current, former map[eventKey]logPlace // former is dropped as a whole, when current is full or spans the window
	began           time.Time             // when the oldest frame in current was stored
	from, to        uint64                // frames of the lane from one sequence to another, both included, are known; none when to is 0
}

// hasher makes the keys of one Bus.
type hasher [2]maphash.Seed

func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

func (h hasher) key(e *pipeline.Event) (k eventKey) {
	for i, seed := range h {
		var m maphash.Hash
		m.SetSeed(seed)
		for _, s := range []string{e.UUID, e.Name, e.DistinctID} {
			_, _ = m.WriteString(s) // a hash takes every write
			_ = m.WriteByte(0)
		}
		k[i] = m.Sum64()
	}
	return k
}

// note remembers an event that was stored then, and reports whether it is in the log at an earlier place.
func (l *recentLane) note(k eventKey, at logPlace, stored time.Time) (repeated bool) {
	if first, known := l.current[k]; known {
		if at.before(first) {
			l.current[k] = at
		}
		return first.before(at)
	}
	first, known := l.former[k]
	repeated = known && first.before(at)
	if !repeated {
		first = at
	}
	l.makeRoom(stored)
	l.current[k] = first // again, so that what is repeated for longer than the window stays known
	return repeated
}

func (l *recentLane) makeRoom(stored time.Time) {
	if len(l.current) > 0 && (len(l.current) >= l.ids/2 || stored.Sub(l.began) >= l.window) {
		clear(l.former)
		l.former, l.current = l.current, l.former
	}
	if len(l.current) == 0 {
		l.began = stored
	}
	if l.current == nil {
		l.current = make(map[eventKey]logPlace)
	}
}
