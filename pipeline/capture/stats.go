package capture

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats counts what a Server has done since its start. All fields may be read at any time.
type Stats struct {
	Requests atomic.Uint64 // every request, of any path
	Accepted atomic.Uint64 // events stored
	Filtered atomic.Uint64 // events taken and left out on purpose ($performance_event, session recordings)

	mu       sync.Mutex
	refused  map[string]uint64
	rejected map[string]uint64
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
