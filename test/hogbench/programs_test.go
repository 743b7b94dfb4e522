package main

import (
	"testing"

	"github.com/prickle-dev/prickle/hog/hogtest"
)

// TestContendersAgree compiles every program in every language and compares the results, as the measurement does first.
func TestContendersAgree(t *testing.T) {
	_, modules := hogtest.Reference(t, "@posthog/hogvm")
	n, err := startNode(modules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.stop)
	rows, err := allRows(n)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := r.agree(); err != nil {
			t.Error(err)
		}
	}
}

// TestAllocations holds the limits on allocations, which unlike times do not depend on the machine.
func TestAllocations(t *testing.T) {
	events, err := eventRows(nil)
	if err != nil {
		t.Fatal(err)
	}
	others, err := programRows(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range append(events, others...) {
		if r.allocs < 0 {
			continue
		}
		got := testing.AllocsPerRun(1000, func() {
			if _, err := r.ours.once(); err != nil {
				t.Fatal(err)
			}
		})
		if got > r.allocs {
			t.Errorf("%s\n got %v allocations\nwant at most %v", r.name, got, r.allocs)
		}
	}
}

// TestLines pins what the measured events are: about 600 bytes, so that the times mean something.
func TestLines(t *testing.T) {
	for _, name := range []string{"purchase", "$pageview"} {
		if n := len(line(name)); n < 580 || n > 700 {
			t.Errorf("%s\n got %d bytes\nwant about 600", name, n)
		}
	}
}

// TestLongProgram pins the length of the program that is compiled.
func TestLongProgram(t *testing.T) {
	lines := 0
	for _, c := range program("long.hog") {
		if c == '\n' {
			lines++
		}
	}
	if lines != 100 {
		t.Errorf("\n got %d lines\nwant 100", lines)
	}
}
