package tcpproxy

import (
	"math/rand/v2"
	"time"
)

// Chances are how likely each fault is for one connection, from 0 to 1, and how far into the connection a cut comes.
type Chances struct {
	Refuse, CutUp, CutDown, Delay float64
	// UpTo is the most bytes after which a cut comes; 64 KiB when it is 0. Small numbers of bytes are as likely as large ones: half of the cuts
	// come within the first 256.
	UpTo int64
	// LongestDelay is the most that a piece of data waits; 2 ms when it is 0.
	LongestDelay time.Duration
}

// Random is a plan that is the same for the same seed and the same order of connections.
func Random(seed uint64, c Chances) Plan {
	r := rand.New(rand.NewPCG(seed, 0))
	upTo, longest := c.UpTo, c.LongestDelay
	if upTo == 0 {
		upTo = 64 << 10
	}
	if longest == 0 {
		longest = 2 * time.Millisecond
	}
	flow := func(cut float64) Flow {
		// All dice are thrown for every connection, so that one chance does not change what the others give.
		within := []int64{min(256, upTo), upTo}[r.IntN(2)]
		f := Flow{CutAfter: 1 + r.Int64N(within), Close: r.IntN(2) == 0, Delay: time.Duration(1 + r.Int64N(int64(longest)))}
		if r.Float64() >= cut {
			f.CutAfter = 0
		}
		if r.Float64() >= c.Delay {
			f.Delay = 0
		}
		return f
	}
	return func(int) Faults {
		return Faults{Refuse: r.Float64() < c.Refuse, Up: flow(c.CutUp), Down: flow(c.CutDown)}
	}
}
