package capture

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline/measure"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// Stats counts what a Server has done since its start. All fields may be read at any time.
type Stats struct {
	Requests atomic.Uint64 // every request, of any path
	Accepted atomic.Uint64 // events stored
	Filtered atomic.Uint64 // events taken and left out on purpose ($performance_event, session recordings)
	// Unacknowledged counts the events whose storing failed. Some of them may be stored: the outcome is unknown then.
	Unacknowledged atomic.Uint64
	// OverRate and OverQuota count events that were refused because their key or webhook was over its rate or its quota. A request that is sent again and
	// refused again counts again.
	OverRate, OverQuota atomic.Uint64
	Bytes               atomic.Uint64 // of bodies, as they were sent
	InFlight            atomic.Int64  // requests being answered
	Held                atomic.Int64  // bytes of their bodies
	Duration            *measure.Histogram

	answers [600]atomic.Uint64 // by status

	mu       sync.Mutex
	refused  map[string]uint64
	rejected map[string]uint64
}

// Answers returns how many requests were answered, by status.
func (s *Stats) Answers() map[int]uint64 {
	answers := map[int]uint64{}
	for status := range s.answers {
		if n := s.answers[status].Load(); n > 0 {
			answers[status] = n
		}
	}
	return answers
}

// Refused returns how many requests were answered with an error, by the error's code.
func (s *Stats) Refused() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.refused)
}

// Rejected returns how many events were found wrong, by the code of what was wrong with them. Valid events that a PostHog request lost by
// being refused as a whole are not among them.
func (s *Stats) Rejected() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.rejected)
}

func (s *Stats) refuse(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = map[string]uint64{}
	}
	s.refused[code]++
}

func (s *Stats) reject(code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rejected == nil {
		s.rejected = map[string]uint64{}
	}
	s.rejected[code]++
}

// answer is a ResponseWriter that remembers the status, and what becomes of the request.
type answer struct {
	http.ResponseWriter
	status int
	span   trace.Span
}

var answers = sync.Pool{New: func() any { return new(answer) }}

// WriteHeader remembers the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (s *Stats) answered(status int) {
	if status < len(s.answers) {
		s.answers[status].Add(1)
	}
}
