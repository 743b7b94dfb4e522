//go:build linux

package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		there        uint64
		others, want int64
	}{
		{8192 * mb, 0, memoryBudget},
		{8192 * mb, 80 * mb, memoryBudget - 80*mb},
		{8192 * mb, memoryBudget - leastForGo, leastForGo},
		{8192 * mb, 5000 * mb, leastForGo},
		{8192 * mb, -10 * mb, memoryBudget}, // the two are not measured at the same moment
		{math.MaxUint64, 80 * mb, memoryBudget - 80*mb},
		{512 * mb, 80 * mb, 304 * mb},
		{512 * mb, 300 * mb, 192 * mb},
	} {
		if got := budgetWithin(c.there).ofGo(c.others); got != c.want {
			t.Errorf("of %d MB others hold %d MB\n got %d MB\nwant %d MB", c.there/mb, c.others/mb, got/mb, c.want/mb)
		}
	}
	if there := memoryThere(); there < 64*mb || there > 1<<50 {
		t.Errorf("what the process may use\n got %d MB\nwant what this machine has", there/mb)
	}
}

// Memory that Go has not got, as DuckDB's, counts for the others and leaves less for Go.
func TestMemoryOfOthers(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryBudget))
	defer debug.SetGCPercent(debug.SetGCPercent(rareGC))
	const size = 512 << 20
	before, ok := residentMemory()
	if !ok {
		t.Fatal("the system does not tell what the process holds")
	}
	others := before - goMemory()
	foreign, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(foreign)
	for i := 0; i < size; i += os.Getpagesize() {
		foreign[i] = 1
	}
	now, _ := residentMemory()
	if grown := now - goMemory() - others; grown < size/2 || grown > 2*size {
		t.Errorf("others hold more by\n got %d MB\nwant about %d MB", grown>>20, size>>20)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	limitMemory(ctx)
	debug.SetMemoryLimit(memoryBudget)
	want, patience := budgetWithin(memoryThere()).least, time.After(time.Minute)
	for tick := time.Tick(memoryPause); debug.SetMemoryLimit(-1) != want; {
		select {
		case <-tick:
		case <-patience:
			t.Fatalf("Go's share\n got %d MB\nwant %d MB", debug.SetMemoryLimit(-1)>>20, want>>20)
		}
	}
}
