package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// StateStore keeps the state of breakers over a restart. *bus.State is one.
type StateStore interface {
	// Get returns what was put last, nil when there is nothing.
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	// Put replaces it.
	Put(ctx context.Context, key string, value []byte) error
}

// storeTimeout bounds a call of a StateStore.
const storeTimeout = 5 * time.Second

// savedBreaker is a breaker's state as it is kept. One that was half-open is kept as open, with its probe due.
type savedBreaker struct {
	Open      bool          `json:"open"`
	Since     time.Time     `json:"since"`
	NextProbe time.Time     `json:"next_probe,omitzero"`
	Pause     time.Duration `json:"pause,omitempty"`
	LastError string        `json:"last_error,omitempty"`
}

func (b *breaker) save() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out, err := json.Marshal(savedBreaker{
		Open: b.broken(), Since: b.state.Since, NextProbe: b.state.NextProbe, Pause: b.pause, LastError: b.state.LastError,
	})
	if err != nil {
		return nil, fmt.Errorf("state of the breaker: %w", err)
	}
	return out, nil
}

// restore takes over a saved state. The settings may have changed since, and so may the clock.
func (b *breaker) restore(state []byte) error {
	var saved savedBreaker
	if err := json.Unmarshal(state, &saved); err != nil {
		return fmt.Errorf("state of the breaker: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.config.Failures == 0 {
		return nil
	}
	b.state = BreakerStatus{State: BreakerClosed, Since: saved.Since}
	if saved.Open {
		b.pause = min(max(saved.Pause, b.config.Probe), b.config.Max)
		b.state = BreakerStatus{State: BreakerOpen, Since: saved.Since, NextProbe: saved.NextProbe, LastError: saved.LastError}
		if latest := b.now().Add(b.pause); saved.NextProbe.After(latest) {
			b.state.NextProbe = latest
		}
	}
	return nil
}

func (s *Stage) breakerKey() string { return "breaker." + s.target.Pipeline + "." + s.target.Name }

// loadBreaker goes on with a closed breaker when the state cannot be read: it opens again soon enough.
func (s *Stage) loadBreaker(ctx context.Context) {
	if s.target.State == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	state, _, err := s.target.State.Get(ctx, s.breakerKey())
	if err == nil && state != nil {
		err = s.breaker.restore(state)
	}
	if err != nil {
		s.log.Warn("the breaker's state cannot be read, it starts closed", "error", err)
	}
}

// breakerTurned tells the log and the store that the breaker has opened, has opened again or has closed.
func (s *Stage) breakerTurned(ctx context.Context) {
	s.turns.Lock()
	defer s.turns.Unlock()
	switch st := s.breaker.snapshot(); st.State {
	case BreakerClosed:
		s.log.Info("destination is back, events are sent again")
	default:
		s.log.Warn("destination is down, its events wait", "since", st.Since, "next_probe", st.NextProbe, "error", firstLine(st.LastError))
	}
	if s.target.State == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	state, err := s.breaker.save()
	if err == nil {
		err = s.target.State.Put(ctx, s.breakerKey(), state)
	}
	if err != nil {
		s.log.Warn("the breaker's state cannot be kept: after a restart it starts as it was before", "error", err)
	}
}
