// Package measure holds the histograms that the stages fill while they work. Counters need nothing but sync/atomic.
package measure

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// Histogram counts values by size. It is safe for concurrent use and never allocates after it was made; it is meant to be told of a frame,
// a batch or a request, not of every event.
type Histogram struct {
	bounds  []float64       // upper and inclusive, ascending
	buckets []atomic.Uint64 // one more than bounds: the last is for what is larger
	sum     atomic.Uint64   // bits of a float64
}

// New makes a Histogram with the given upper bounds, which must ascend.
func New(bounds ...float64) *Histogram {
	return &Histogram{bounds: bounds, buckets: make([]atomic.Uint64, len(bounds)+1)}
}

// Observe counts v.
func (h *Histogram) Observe(v float64) { h.ObserveMany(v, 1) }

// ObserveMany counts v n times.
func (h *Histogram) ObserveMany(v float64, n uint64) {
	i, _ := slices.BinarySearch(h.bounds, v)
	h.buckets[i].Add(n)
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v*float64(n))) {
			return
		}
	}
}

// Since counts the time since start, in seconds.
func (h *Histogram) Since(start time.Time) { h.Observe(time.Since(start).Seconds()) }

// Snapshot is what a Histogram has counted.
type Snapshot struct {
	Count   uint64
	Sum     float64
	Buckets map[float64]uint64 // by upper bound: how many values were no larger
}

// Snapshot reads the histogram. Values that are counted meanwhile may be in the sum and not yet in the count, or the other way round.
func (h *Histogram) Snapshot() Snapshot {
	s := Snapshot{Sum: math.Float64frombits(h.sum.Load()), Buckets: make(map[float64]uint64, len(h.bounds))}
	for i := range h.buckets {
		s.Count += h.buckets[i].Load()
		if i < len(h.bounds) {
			s.Buckets[h.bounds[i]] = s.Count
		}
	}
	return s
}

// Seconds makes a histogram for how long a piece of work takes: 1 ms to 30 s.
func Seconds() *Histogram {
	return New(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30)
}

// Ages makes a histogram for how old an event is, in seconds: 5 ms to a day.
func Ages() *Histogram {
	return New(.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 6*3600, 24*3600)
}

// Events makes a histogram for how many events something holds: 1 to 10,000.
func Events() *Histogram { return New(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000) }

// Bytes makes a histogram for sizes: 256 bytes to 16 MB.
func Bytes() *Histogram {
	return New(256, 1<<10, 4<<10, 16<<10, 64<<10, 256<<10, 1<<20, 4<<20, 16<<20)
}
