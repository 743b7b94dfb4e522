package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// memoryBudget is what the process as a whole is kept within, if it can be: what Go code holds, DuckDB, and the program itself. Go gets what the others
// leave, between leastForGo and all of it: the more garbage may lie about, the less often all that lives has to be looked through, which on a busy
// machine takes a fifth of the processors.
const memoryBudget, leastForGo = 600 << 20, 300 << 20

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
	debug.SetMemoryLimit(leastForGo)
	go func() {
		tick := time.NewTicker(memoryPause)
		defer tick.Stop()
		for shareMemory() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
}

// shareMemory gives Go its share, and reports false where the system does not tell what the process holds.
func shareMemory() bool {
	all, ok := residentMemory()
	if !ok {
		return false
	}
	share := shareOfGo(all - goMemory())
	if d := share - debug.SetMemoryLimit(-1); d >= memoryStep || d <= -memoryStep {
		debug.SetMemoryLimit(share)
	}
	return true
}

func shareOfGo(others int64) int64 { return min(max(memoryBudget-others, leastForGo), memoryBudget) }

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
