package measure

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHistogram(t *testing.T) {
	h := New(1, 10, 100)
	for _, v := range []float64{0, 1, 1.5, 10, 1000} {
		h.Observe(v)
	}
	h.ObserveMany(50, 3)
	want := Snapshot{Count: 8, Sum: 1162.5, Buckets: map[float64]uint64{1: 2, 10: 4, 100: 7}}
	if diff := cmp.Diff(want, h.Snapshot()); diff != "" {
		t.Errorf("snapshot (-want +got)\n%s", diff)
	}
}

func TestHistogramConcurrently(t *testing.T) {
	h := New(1)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				h.Observe(2)
			}
		})
	}
	group.Wait()
	if s := h.Snapshot(); s.Count != 8000 || s.Sum != 16000 || s.Buckets[1] != 0 {
		t.Errorf("snapshot\n got %+v\nwant 8000 values of 2", s)
	}
}

func TestBoundsAscend(t *testing.T) {
	for name, h := range map[string]*Histogram{"seconds": Seconds(), "ages": Ages(), "events": Events(), "bytes": Bytes()} {
		for i := 1; i < len(h.bounds); i++ {
			if h.bounds[i] <= h.bounds[i-1] {
				t.Errorf("%s: bound %v after %v", name, h.bounds[i], h.bounds[i-1])
			}
		}
	}
}

func TestObserveAllocatesNothing(t *testing.T) {
	h := Seconds()
	if n := testing.AllocsPerRun(100, func() { h.Observe(.3) }); n != 0 {
		t.Errorf("allocations of an observation\n got %v\nwant 0", n)
	}
}
