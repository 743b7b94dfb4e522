package stripe

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// throttle spaces requests out. A rate limit halves its speed at once; from then on it grows by 5 % a second up to the configured top.
type throttle struct {
	top     rate.Limit
	limiter *rate.Limiter
	mu      sync.Mutex
	changed time.Time
}

func newThrottle(perSecond float64) *throttle {
	return &throttle{top: rate.Limit(perSecond), limiter: rate.NewLimiter(rate.Limit(perSecond), 1), changed: time.Now()}
}

func (t *throttle) wait(ctx context.Context) error {
	t.adjust(1)
	turn := t.limiter.Reserve()
	timer := time.NewTimer(turn.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		turn.Cancel()
		return ctx.Err()
	}
}

// slower answers a rate limit.
func (t *throttle) slower() { t.adjust(0.5) }

func (t *throttle) adjust(factor float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	limit := float64(t.limiter.Limit())
	if limit >= float64(t.top) && factor == 1 {
		t.changed = now
		return
	}
	limit = min(limit*math.Pow(1.05, now.Sub(t.changed).Seconds()), float64(t.top)) * factor
	t.changed = now
	t.limiter.SetLimit(max(rate.Limit(limit), min(t.top, 0.5)))
}

// jitter is exponential backoff with full jitter: any wait up to the bound is as likely, which spreads many clients best.
type jitter struct{ bound time.Duration }

const (
	firstBound = 500 * time.Millisecond
	lastBound  = time.Minute
)

// Reset starts over, as the retry does before the first attempt and after a wait that the server asked for.
func (j *jitter) Reset() { j.bound = firstBound }

// NextBackOff returns the wait before the next attempt.
func (j *jitter) NextBackOff() time.Duration {
	wait := time.Duration(rand.Int64N(int64(j.bound) + 1))
	j.bound = min(2*j.bound, lastBound)
	return wait
}
