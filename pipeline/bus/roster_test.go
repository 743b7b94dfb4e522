package bus

import (
	"fmt"
	"testing"
)

func TestShareIsEven(t *testing.T) {
	for _, lanes := range []int{1, 8, 64, 256} {
		for count := 1; count <= 9; count++ {
			var places []int
			for p := range count {
				places = append(places, p*3)
			}
			load := map[int]int{}
			for _, p := range share("web/crm", lanes, places) {
				load[p]++
			}
			for _, p := range places {
				if load[p] != lanes/count && load[p] != lanes/count+1 {
					t.Errorf("%d lanes over %d processes: one has %d", lanes, count, load[p])
				}
			}
		}
	}
}

// What a place that stays has may change hands only a little when another comes or goes.
func TestShareMovesLittle(t *testing.T) {
	moved, total := 0, 0
	for group := range 200 {
		name := fmt.Sprint("group-", group)
		for _, count := range []int{2, 3, 4} {
			var places []int
			for p := range count {
				places = append(places, p)
			}
			before, after := share(name, 64, places), share(name, 64, append(places, count))
			for i := range before {
				total++
				if before[i] != after[i] && after[i] != count {
					moved++
				}
			}
		}
	}
	t.Logf("%d of %d lanes moved between those that stayed", moved, total)
	if moved*10 > total {
		t.Errorf("%d of %d lanes moved between those that stayed, want less than a tenth", moved, total)
	}
}
