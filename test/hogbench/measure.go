package main

import (
	"fmt"
	"math"
	"runtime"
	"time"
)

// contender is one side of a comparison.
type contender struct {
	name string
	// once runs the work once and returns its result as text.
	once runner
	// timed runs it for a while and returns the time of one run; nil for what is timed here, by calling once.
	timed func(time.Duration) (time.Duration, error)

	best   time.Duration
	allocs float64
}

// comparison is others that we want to be so many times faster than, the fastest of them included.
type comparison struct {
	others  []*contender
	atLeast float64
}

// best is the fastest of the others.
func (c comparison) best() *contender {
	best := c.others[0]
	for _, o := range c.others {
		if o.best < best.best {
			best = o
		}
	}
	return best
}

// row is one piece of work, and what is wanted of it.
type row struct {
	group, name string
	ours        *contender
	against     []comparison
	under       time.Duration // or 0
	allocs      float64       // at most, or -1
}

// contenders is everybody, ours first.
func (r *row) contenders() []*contender {
	all := []*contender{r.ours}
	for _, c := range r.against {
		all = append(all, c.others...)
	}
	return all
}

// agree fails unless all contenders have the same result.
func (r *row) agree() error {
	want, err := r.ours.once()
	if err != nil {
		return fmt.Errorf("%s: %s: %w", r.name, r.ours.name, err)
	}
	for _, c := range r.contenders() {
		got, err := c.once()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", r.name, c.name, err)
		}
		if got != want {
			return fmt.Errorf("%s: %s has %q, %s has %q", r.name, r.ours.name, want, c.name, got)
		}
	}
	return nil
}

// measure gives the contenders their turns and keeps the fastest of each.
func (r *row) measure(during time.Duration, rounds int) error {
	for _, c := range r.contenders() {
		c.best = math.MaxInt64
	}
	for range rounds {
		for _, c := range r.contenders() {
			timed := c.timed
			if timed == nil {
				timed = c.timeHere
			}
			took, err := timed(during)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", r.name, c.name, err)
			}
			c.best = min(c.best, took)
		}
	}
	return nil
}

// timeHere measures in batches of about a millisecond and keeps the fastest; other work on the machine spoils some of them.
func (c *contender) timeHere(during time.Duration) (time.Duration, error) {
	n := 1
	best := time.Duration(math.MaxInt64)
	var before, after runtime.MemStats
	for end := time.Now().Add(during); time.Now().Before(end); {
		runtime.ReadMemStats(&before)
		start := time.Now()
		for range n {
			if _, err := c.once(); err != nil {
				return 0, err
			}
		}
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if took < time.Millisecond {
			n *= 2
			continue
		}
		best = min(best, took/time.Duration(n))
		c.allocs = float64((after.Mallocs - before.Mallocs) / uint64(n))
	}
	return best, nil
}
