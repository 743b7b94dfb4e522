package capture

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// bucket lets a number of events a second through. A request needs as many tokens as it has events, or a full bucket when it has more than
// that, and takes all of them: the bucket is in debt afterwards, so that large requests come through and the rate holds all the same.
type bucket struct {
	mu      sync.Mutex // between looking and taking
	limiter *rate.Limiter
}

func newBucket(a Allowance) *bucket {
	burst := a.Burst
	if burst == 0 {
		burst = int(a.Rate)
	}
	return &bucket{limiter: rate.NewLimiter(rate.Limit(a.Rate), burst)}
}

// same reports whether the two let as much through.
func (b *bucket) same(other *bucket) bool {
	return b.limiter.Limit() == other.limiter.Limit() && b.limiter.Burst() == other.limiter.Burst()
}

func (b *bucket) perSecond() int64 { return int64(b.limiter.Limit()) }

// left is how many tokens there are.
func (b *bucket) left(now time.Time) int { return int(b.limiter.TokensAt(now)) }

// take reports an *overLimit when n events are too many now, and takes their tokens otherwise, unless they are only asked about.
func (b *bucket) take(now time.Time, n int, forGood bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	burst := b.limiter.Burst()
	if missing := float64(min(n, burst)) - b.limiter.TokensAt(now); missing > 0 {
		// Rounding can leave a full bucket a millionth short.
		if wait := time.Duration(missing / float64(b.limiter.Limit()) * float64(time.Second)); wait > time.Microsecond {
			return overRate(Rate(b.limiter.Limit()), wait)
		}
	}
	for left := n; forGood && left > 0; left -= burst { // a reservation of more than the burst would be refused
		b.limiter.ReserveN(now, min(left, burst))
	}
	return nil
}
