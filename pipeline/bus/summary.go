package bus

import (
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Summary is what a frame's events are called, and what bounds them. It is made once for all who ask, so that one who wants few of the events need
// not look at each.
type Summary struct {
	// Largest is the most that Event.Size is of any of them.
	Largest int
	// Oldest is the earliest ReceivedAt of them; zero when there are none.
	Oldest time.Time

	first map[string]int32 // by name, the first event of that
	next  []int32          // by event, the next one of its name; 0 for none
}

// summary makes a Summary when somebody asks.
type summary struct {
	once sync.Once
	made Summary
}

// Summary returns the frame's. It must not be changed.
func (f *Frame) Summary() *Summary {
	if f.summary == nil {
		return summarize(f.Events)
	}
	f.summary.once.Do(func() { f.summary.made = *summarize(f.Events) })
	return &f.summary.made
}

func summarize(events []pipeline.Event) *Summary {
	s := &Summary{first: map[string]int32{}, next: make([]int32, len(events))}
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		s.next[i] = s.first[e.Name] // the one behind, since the first event is behind none
		s.first[e.Name] = int32(i)  //nolint:gosec // a frame has fewer events than bytes, and those fit
		s.Largest = max(s.Largest, e.Size())
		if s.Oldest.IsZero() || e.ReceivedAt.Before(s.Oldest) {
			s.Oldest = e.ReceivedAt
		}
	}
	return s
}

// Named appends the numbers of the events of a name, rising.
func (s *Summary) Named(dst []int, name string) []int {
	i, ok := s.first[name]
	for ; ok; ok = i > 0 {
		dst = append(dst, int(i))
		i = s.next[i]
	}
	return dst
}
