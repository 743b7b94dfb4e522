package stripe

import (
	"sync"
	"time"
)

// versions gives out record versions: microseconds of the clock, but always more than the last one, so that a clock set back cannot make
// a later state look older.
type versions struct {
	now  func() time.Time
	mu   sync.Mutex
	last int64
}

// next returns the version for a request that starts now, and that moment.
func (v *versions) next() (int64, time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	v.last = max(v.last+1, now.UnixMicro())
	return v.last, now.UTC()
}

// raise makes sure that the next version is above one that was committed earlier.
func (v *versions) raise(above int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = max(v.last, above)
}

func (v *versions) highest() int64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}
