package deliver

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Breaker says when a destination counts as down and how it is tried then. The zero value is no breaker: events are tried as they come.
type Breaker struct {
	Failures int           // so many batches in a row of which nothing was delivered open it; 0 is never
	After    time.Duration // but not before that has gone on for so long
	Probe    time.Duration // how long nothing is sent before a batch goes to see; doubled after each that fails
	Max      time.Duration // the longest such pause
}

// DefaultBreaker opens after 10 failed batches over 10 s, and probes after 5 s, 10 s and so on up to 2 minutes.
func DefaultBreaker() Breaker {
	return Breaker{Failures: 10, After: 10 * time.Second, Probe: 5 * time.Second, Max: 2 * time.Minute}
}

// States of a breaker.
const (
	BreakerOff      = "off"       // there is none
	BreakerClosed   = "closed"    // events are sent
	BreakerOpen     = "open"      // the destination is down: events wait in the queue, untried
	BreakerHalfOpen = "half-open" // one batch is to show whether it is back, or has been sent to
)

// BreakerStatus is a breaker at one moment.
type BreakerStatus struct {
	State     string
	Since     time.Time // it is in the state; when it opened, for half-open; zero when it never was open
	NextProbe time.Time // when a batch may go to see; zero when closed
	LastError string    // of the batch that opened it or of the last probe; empty when closed
}

const (
	// distinctFailures is how many different batches must be among those that open it: one event that can never be delivered, tried again
	// and again on an otherwise quiet destination, is not an outage.
	distinctFailures = 3
	// patience is how many batches in a row may fail before all lanes pause between them, breaker or not: a destination that is down need
	// not be asked as fast as possible.
	patience = 10
	// longestPace bounds that pause.
	longestPace = 30 * time.Second
)

// verdict is what a batch says of the destination.
type verdict int

const (
	unknown verdict = iota // the batch was cut off
	alive                  // it took or refused an event
	limited                // it asked for a pause
	down                   // everything failed
)

// breaker decides when each lane of a destination may send. It is no gobreaker: here lanes wait for their turn instead of being refused, a
// lane that has nothing to send gives the probe on to the next, pauses grow, and the state survives a restart.
type breaker struct {
	config Breaker
	pace   func(round int) time.Duration // between batches that fail in a row
	now    func() time.Time

	mu           sync.Mutex
	state        BreakerStatus
	pause        time.Duration // before the probe that is due next
	probing      bool          // a lane has the probe
	era          int           // changes with the state, so that what was sent before does not count
	failures     int           // batches in a row
	failing      []string      // distinct ones among them, at most distinctFailures
	failingSince time.Time
	rounds       int       // pauses since something was delivered
	pausedUntil  time.Time // a rate limit that the destination named, or the pace
	waiting      []int     // lanes, in the order of their turns
	changed      chan struct{}
	base, sends  context.Context // sends ends what idle lanes wait for when nothing more is to be fetched
	revoke       context.CancelFunc
}

func newBreaker(config Breaker, pace func(int) time.Duration, now func() time.Time) *breaker {
	b := &breaker{config: config, pace: pace, now: now, changed: make(chan struct{}), state: BreakerStatus{State: BreakerOff}}
	if config.Failures > 0 {
		b.state.State = BreakerClosed
	}
	b.begin(context.Background())
	return b
}

// begin makes ctx the one that permits end with.
func (b *breaker) begin(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoke != nil {
		b.revoke()
	}
	b.base = ctx
	b.sends, b.revoke = context.WithCancel(ctx)
}

func (b *breaker) snapshot() BreakerStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// paused returns how long nothing is sent from now on, breaker or not.
func (b *breaker) paused() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return max(b.pausedUntil.Sub(b.now()), 0)
}

// permit allows a lane to fetch and send one batch, until ctx ends.
type permit struct {
	ctx   context.Context // the permit ends with it
	probe bool
	era   int
}

// admit waits until the lane may fetch and send. It reports false when ctx ended first. A permit must be given to used or unused.
func (b *breaker) admit(ctx context.Context, lane int) (permit, bool) {
	defer b.leave(lane)
	for ctx.Err() == nil {
		p, wait, changed := b.ask(lane)
		if p.ctx != nil {
			return p, true
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return permit{}, false
}

// ask returns a permit, or how long to wait at most before asking again.
func (b *breaker) ask(lane int) (p permit, wait time.Duration, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.waiting, lane) {
		b.waiting = append(b.waiting, lane)
	}
	now := b.now()
	switch wait := max(b.pausedUntil.Sub(now), b.state.NextProbe.Sub(now)); {
	case wait > 0:
		return permit{}, wait, b.changed
	case !b.broken():
		return permit{ctx: b.sends, era: b.era}, 0, nil
	case b.probing || b.waiting[0] != lane:
		return permit{}, longestPace, b.changed
	}
	b.probing, b.state.State = true, BreakerHalfOpen
	return permit{ctx: b.base, probe: true, era: b.era}, 0, nil
}

func (b *breaker) broken() bool {
	return b.state.State == BreakerOpen || b.state.State == BreakerHalfOpen
}

// leave ends a lane's waiting, so that it is the last in line when it waits again.
func (b *breaker) leave(lane int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := len(b.waiting) > 0 && b.waiting[0] == lane
	b.waiting = slices.DeleteFunc(b.waiting, func(l int) bool { return l == lane })
	if first && b.broken() {
		b.wake()
	}
}

// wake makes all waiting lanes ask again.
func (b *breaker) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// unused takes back a permit that nothing was sent by.
func (b *breaker) unused(p permit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.probe && p.era == b.era {
		b.probing = false
		b.wake()
	}
}

// hold lets nothing be fetched for d.
func (b *breaker) hold(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holdLocked(d)
}

func (b *breaker) holdLocked(d time.Duration) {
	if until := b.now().Add(d); d > 0 && until.After(b.pausedUntil) {
		b.pausedUntil = until
		b.stopFetching()
	}
}

func (b *breaker) stopFetching() {
	b.revoke()
	b.sends, b.revoke = context.WithCancel(b.base)
}

// used takes in what the batch of a permit said; first names the batch, and err is what it met. It reports whether the breaker opened, opened
// again or closed.
func (b *breaker) used(p permit, v verdict, first string, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.era != b.era {
		return false // sent before the state changed
	}
	switch {
	case p.probe && v == down:
		b.trip(min(2*b.pause, b.config.Max), err)
		return true
	case p.probe && v == unknown:
		b.probing = false
		b.wake()
	case p.probe:
		b.close()
		return true
	case v == alive:
		b.failures, b.failing, b.rounds = 0, b.failing[:0], 0
	case v == down:
		return b.failed(first, err)
	}
	return false
}

// failed counts a batch that failed while the breaker is closed.
func (b *breaker) failed(first string, err error) (opened bool) {
	now := b.now()
	if b.failures++; b.failures == 1 {
		b.failingSince = now
	}
	if len(b.failing) < distinctFailures && !slices.Contains(b.failing, first) {
		b.failing = append(b.failing, first)
	}
	if len(b.failing) < distinctFailures {
		return false
	}
	if b.config.Failures > 0 && b.failures >= b.config.Failures && now.Sub(b.failingSince) >= b.config.After {
		b.trip(b.config.Probe, err)
		return true
	}
	if b.failures >= patience && !b.pausedUntil.After(now) {
		b.rounds++
		b.holdLocked(min(b.pace(b.rounds), longestPace))
	}
	return false
}

// trip opens the breaker, or opens it again.
func (b *breaker) trip(pause time.Duration, err error) {
	now := b.now()
	since := b.state.Since
	if !b.broken() {
		since = now
	}
	b.pause, b.probing = pause, false
	b.state = BreakerStatus{State: BreakerOpen, Since: since, NextProbe: now.Add(pause), LastError: err.Error()}
	b.turn()
	b.stopFetching()
}

func (b *breaker) close() {
	b.probing = false
	b.state = BreakerStatus{State: BreakerClosed, Since: b.now()}
	b.turn()
}

// turn begins a new era.
func (b *breaker) turn() {
	b.era++
	b.failures, b.failing, b.rounds = 0, b.failing[:0], 0
	b.wake()
}
