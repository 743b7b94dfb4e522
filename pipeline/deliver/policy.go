package deliver

import (
	"math"
	"time"
)

// Policy says how a failed event is retried.
type Policy struct {
	First  time.Duration // delay before the second attempt
	Max    time.Duration // longest delay
	Factor float64       // each delay is about this many times the one before; at least 1
	Jitter float64       // by what part of it a delay may differ, 0 to 1, so that what failed together does not come back together
	GiveUp time.Duration // an event that fails this long after it was first put up for delivery is dead-lettered
}

// DefaultPolicy retries after about 1 s, 2 s, 4 s and so on up to 10 minutes, for 24 hours.
func DefaultPolicy() Policy {
	return Policy{First: time.Second, Max: 10 * time.Minute, Factor: 2, Jitter: 0.2, GiveUp: 24 * time.Hour}
}

// Delay returns how long to wait after so many attempts (at least 1). chance, from 0 up to 1, chooses within the jitter.
func (p Policy) Delay(attempts int, chance float64) time.Duration {
	longest := float64(p.Max)
	d := min(float64(p.First)*math.Pow(p.Factor, float64(attempts-1)), longest)
	low, high := d*(1-p.Jitter), min(d*(1+p.Jitter), longest)
	return time.Duration(low + chance*(high-low))
}
