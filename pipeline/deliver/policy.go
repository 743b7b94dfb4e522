package deliver

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Policy says how a failed event is retried.
type Policy struct {
	First  time.Duration // delay before the second attempt
	Max    time.Duration // longest delay
	Factor float64       // each delay is about this many times the one before
	GiveUp time.Duration // an event that failed this long after its first attempt was due is dead-lettered
}

// DefaultPolicy retries after about 1 s, 2 s, 4 s and so on up to 10 minutes, for 24 hours.
func DefaultPolicy() Policy {
	return Policy{First: time.Second, Max: 10 * time.Minute, Factor: 2, GiveUp: 24 * time.Hour}
}

// jitter spreads delays by a fifth, so that what failed together does not come back together.
const jitter = 0.2

// Delay returns how long to wait after so many attempts (at least 1).
func (p Policy) Delay(attempts int) time.Duration {
	b := &backoff.ExponentialBackOff{InitialInterval: p.First, RandomizationFactor: jitter, Multiplier: p.Factor, MaxInterval: p.Max}
	b.Reset()
	delay := b.NextBackOff()
	for range min(attempts, 1000) - 1 {
		delay = b.NextBackOff()
	}
	return min(delay, p.Max)
}
