package bench

import (
	"sync"
	"time"
)

// sample is the memory of the process at a time.
type sample struct {
	at time.Duration // since the first
	mb float64       // resident
}

// memoryWatch looks at the process's memory again and again.
type memoryWatch struct {
	stop    chan struct{}
	done    sync.WaitGroup
	samples []sample
}

func watchMemory(every time.Duration) *memoryWatch {
	w := &memoryWatch{stop: make(chan struct{})}
	begin := time.Now()
	take := func() { w.samples = append(w.samples, sample{time.Since(begin), residentMB()}) }
	take()
	w.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				take()
			case <-w.stop:
				take()
				return
			}
		}
	})
	return w
}

// end stops looking and returns what was seen, two samples at least.
func (w *memoryWatch) end() []sample {
	close(w.stop)
	w.done.Wait()
	return w.samples
}

// slope is how much memory grows, in MB a minute, by least squares.
func slope(samples []sample) float64 {
	var n, x, y, xx, xy float64
	for _, s := range samples {
		at := s.at.Minutes()
		n, x, y, xx, xy = n+1, x+at, y+s.mb, xx+at*at, xy+at*s.mb
	}
	if d := n*xx - x*x; d > 0 {
		return (n*xy - x*y) / d
	}
	return 0
}
