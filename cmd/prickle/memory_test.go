//go:build linux

package main

import (
	"os"
	"runtime/debug"
	"syscall"
	"testing"
)

func TestShareOfGo(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct{ others, want int64 }{
		{others: 0, want: memoryBudget},
		{others: 80 * mb, want: memoryBudget - 80*mb},
		{others: memoryBudget - leastForGo, want: leastForGo},
		{others: 5000 * mb, want: leastForGo},
		{others: -10 * mb, want: memoryBudget}, // the two are not measured at the same moment
	} {
		if got := shareOfGo(c.others); got != c.want {
			t.Errorf("others hold %d MB\n got %d MB\nwant %d MB", c.others/mb, got/mb, c.want/mb)
		}
	}
}

// Memory that Go has not got, as DuckDB's, counts for the others and leaves less for Go.
func TestMemoryOfOthers(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryBudget))
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
	if shareMemory(); debug.SetMemoryLimit(-1) != leastForGo {
		t.Errorf("Go's share\n got %d MB\nwant %d MB", debug.SetMemoryLimit(-1)>>20, leastForGo>>20)
	}
}
