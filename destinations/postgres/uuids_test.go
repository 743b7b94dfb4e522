package postgres

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Two captures within the window are in one bucket or in neighbours, from both sides.
func TestBuckets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		a := time.Unix(r.Int64N(4e9)-2e9, r.Int64N(1e9))
		b := a.Add(time.Duration(r.Int64N(int64(2*duplicateWindow))) - duplicateWindow)
		if own := bucketOf(a); bucketOf(b) != own && (neighbourOf(a) != bucketOf(b) || neighbourOf(b) != own) {
			t.Fatalf("%v in bucket %d (neighbour %d) and %v in %d (neighbour %d)", a, own, neighbourOf(a), b, bucketOf(b), neighbourOf(b))
		}
	}
}
