package query

import (
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline/measure"
)

// outcome is what became of a question.
type outcome int

const (
	answered     outcome = iota
	unauthorized         // no key, or a wrong one
	malformed            // no question at all
	busy                 // too many at once
	refused              // the store would not answer, before a byte was sent
	tooMany              // more rows than allowed
	late                 // longer than allowed
	broken               // ended while the answer was being sent
	gone                 // the client went away
	outcomes
)

var outcomeNames = [outcomes]string{"answered", "unauthorized", "malformed", "busy", "refused", "too_many_rows", "timeout", "broken", "gone"}

// Stats counts questions. It is safe for concurrent use.
type Stats struct {
	outcomes [outcomes]atomic.Uint64
	// Rows were sent, Running are being answered.
	Rows    atomic.Uint64
	Running atomic.Int64
	// Duration is the time of the questions that the store was asked, in seconds.
	Duration *measure.Histogram
}

func newStats() Stats {
	return Stats{Duration: measure.New(0.005, 0.02, 0.1, 0.5, 1, 5, 10, 30, 60, 300)}
}

// Outcomes counts questions by what became of them.
func (s *Stats) Outcomes() map[string]uint64 {
	counts := make(map[string]uint64, outcomes)
	for i, name := range outcomeNames {
		counts[name] = s.outcomes[i].Load()
	}
	return counts
}
