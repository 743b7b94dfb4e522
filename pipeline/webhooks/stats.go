package webhooks

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Stats counts what a webhook has done since the start of the process. All of it may be read at any time.
type Stats struct {
	// Events are the events that were stored, repeated ones included.
	Events atomic.Uint64

	mu       sync.Mutex
	outcomes map[string]uint64

	// Requests that do not prove where they come from, those of which no events could be made, and those about an event that a function has made.
	unproven, failing, looping notice
}

// Stats returns the webhook's counters, which go on counting.
func (w *Webhook) Stats() *Stats { return w.stats }

// Outcomes returns how many requests came to what: "stored" (with events), "empty" (success without any), "looped" (success
// without any, since a function has made the event that the request is about), "declined" (the function itself answered
// with an error), or the code of the error that was answered.
func (s *Stats) Outcomes() map[string]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.outcomes)
}

func (s *Stats) count(outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outcomes == nil {
		s.outcomes = map[string]uint64{}
	}
	s.outcomes[outcome]++
}

func (s *Stats) succeeded(d *delivery, events, status int) {
	switch {
	case status >= http.StatusBadRequest:
		s.count("declined")
	case d.looped > 0:
		s.count("looped")
	case events > 0:
		s.count("stored")
	default:
		s.count("empty")
	}
}

// noticeEvery is how often the log is told about requests that are refused.
const noticeEvery = time.Minute

// notice keeps the log from being told about every request.
type notice struct {
	mu    sync.Mutex
	last  time.Time // when the log was told
	quiet uint64    // how many requests it was not told about since then
}

// tell calls log at most once in noticeEvery, with how many calls there were in between.
func (n *notice) tell(now time.Time, log func(others uint64)) {
	n.mu.Lock()
	if !n.last.IsZero() && now.Sub(n.last).Abs() < noticeEvery {
		n.quiet++
		n.mu.Unlock()
		return
	}
	others := n.quiet
	n.last, n.quiet = now, 0
	n.mu.Unlock()
	log(others)
}
