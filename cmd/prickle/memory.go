package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// memoryBudget is what the process as a whole is kept within, if it can be: what Go code holds, DuckDB, and the program itself. Go gets what the others
// leave, between leastForGo and all of it: the more garbage may lie about, the less often all that lives has to be looked through, which on a busy
// machine takes a fifth of the processors.
const memoryBudget, leastForGo = 600 << 20, 300 << 20

// budget is memoryBudget and leastForGo, or less on a small machine.
type budget struct{ all, least int64 }

// budgetWithin is the budget where so many bytes may be used: three quarters of them, since it is no hard limit, and half of that for Go at least.
func budgetWithin(there uint64) budget {
	all := int64(min(memoryBudget, there/4*3))
	return budget{all, min(leastForGo, all/2)}
}

// memoryThere is what the process may use, in bytes: the machine's memory, or what its control group is limited to.
func memoryThere() uint64 {
	there := uint64(math.MaxUint64)
	for _, limit := range []memlimit.Provider{memlimit.FromSystem, memlimit.FromCgroup} {
		if n, err := limit(); err == nil && n > 0 { // or nothing is known of it, or there is none
			there = min(there, n)
		}
	}
	return there
}

// ofGo is Go's share when others hold so much.
func (b budget) ofGo(others int64) int64 { return min(max(b.all-others, b.least), b.all) }

// rareGC is how much garbage, in percent of what lives, is collected at the earliest. Where that is more than the budget leaves, the budget counts.
const rareGC = 200

// Each memoryPause it is looked what the others hold; a share that differs by less than memoryStep stays, since a change stops the program for a moment.
const memoryPause, memoryStep = 250 * time.Millisecond, 8 << 20

// limitMemory divides the budget until ctx ends. GOMEMLIMIT in the environment is a limit for Go that stays as it is, and GOGC the percentage.
func limitMemory(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(rareGC)
	}
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	b := budgetWithin(memoryThere())
	debug.SetMemoryLimit(b.least)
	go func() {
		tick := time.NewTicker(memoryPause)
		defer tick.Stop()
		for b.divide() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// divide gives Go its share, and reports false where the system does not tell what the process holds.
func (b budget) divide() bool {
	all, ok := residentMemory()
	if !ok {
		return false
	}
	share := b.ofGo(all - goMemory())
	if d := share - debug.SetMemoryLimit(-1); d >= memoryStep || d <= -memoryStep {
		debug.SetMemoryLimit(share)
	}
	return true
}

// goMemory is what Go's runtime has from the system, in bytes.
func goMemory() int64 {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

// residentMemory is what the process has in memory, in bytes, the program's own pages included. Only Linux tells it.
func residentMemory() (int64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, false
	}
	return resident * int64(os.Getpagesize()), true
}
