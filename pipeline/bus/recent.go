package bus

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// eventKey stands for an event that is sent again: its UUID, name and distinct id. Two seeds make two different events of one key unheard of.
type eventKey [2]uint64

// logPlace is where an event is in the log: the sequence of its frame, and its number there in the lowest placeBits. What comes later is greater.
type logPlace uint64

// placeBits are enough for the number of an event in any frame, and leave what a log takes decades to reach.
const placeBits = 24

func placeOf(sequence uint64, index int) logPlace {
	return logPlace(sequence<<placeBits | uint64(index))
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

	answers  map[uint64]answer // by the sequence of the frames that were asked for last, for the other pipelines
	answered []uint64          // their sequences, as they were asked for
}

// answer tells which events of a frame are repeated, by their number; nil is that none is.
type answer struct {
	stored   time.Time // when the frame was: a log that was begun anew has the same sequences again
	repeated []bool
}

// recentAnswers is how many answers a lane keeps: more than pipelines that keep up are apart.
const recentAnswers = 256

// find finds out which events of a frame are repeated, by their keys.
func (l *recentLane) find(keys []eventKey, at *Received) []bool {
	found := answer{stored: at.Stored}
	for i, k := range keys {
		if !l.note(k, placeOf(at.Sequence, i), at.Stored) {
			continue
		}
		if found.repeated == nil {
			found.repeated = make([]bool, len(keys))
		}
		found.repeated[i] = true
	}
	if l.answers == nil {
		l.answers = make(map[uint64]answer)
	}
	if len(l.answered) == recentAnswers {
		delete(l.answers, l.answered[0])
		l.answered = append(l.answered[:0], l.answered[1:]...)
	}
	l.answers[at.Sequence] = found
	l.answered = append(l.answered, at.Sequence)
	return found.repeated
}

// known returns what was found out of a frame before.
func (l *recentLane) known(at *Received) (repeated []bool, ok bool) {
	known, ok := l.answers[at.Sequence]
	return known.repeated, ok && known.stored.Equal(at.Stored)
}

// hasher makes the keys of one Bus.
type hasher [2]maphash.Seed

func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

// key makes an event's key, and uses room for it, which it returns.
func (h hasher) key(e *pipeline.Event, room []byte) (eventKey, []byte) {
	room = room[:0]
	for _, s := range [...]string{e.UUID, e.Name, e.DistinctID} {
		room = append(append(room, s...), 0)
	}
	return eventKey{maphash.Bytes(h[0], room), maphash.Bytes(h[1], room)}, room
}

// note remembers an event that was stored then, and reports whether it is in the log at an earlier place.
func (l *recentLane) note(k eventKey, at logPlace, stored time.Time) (repeated bool) {
	if first, known := l.current[k]; known {
		if at < first {
			l.current[k] = at
		}
		return first < at
	}
	first, known := l.former[k]
	repeated = known && first < at
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
