package chaos

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
	"github.com/prickle-dev/prickle/test/chaos/result"
)

// row is a line of the report.
type row struct {
	result.Row

	recoveries []time.Duration
}

func (r *row) recovered(d time.Duration) {
	r.recoveries = append(r.recoveries, d)
	slices.Sort(r.recoveries)
	r.Recovery, r.Slowest = r.recoveries[len(r.recoveries)/2], r.recoveries[len(r.recoveries)-1]
}

func (r *row) note(v oracle.Verdict) {
	r.Acknowledged, r.Delivered, r.Dead, r.Lost, r.Doubled, r.Repeated, r.Reordered, r.Overtaken = v.Acknowledged, 0, 0, 0, 0, 0, 0, 0
	for _, f := range v.Findings {
		r.Delivered += f.Delivered
		r.Dead += f.Dead
		r.Lost += f.Lost
		r.Doubled += f.Doubled
		r.Repeated += f.Repeated
		r.Reordered += f.Reordered
		r.Overtaken += f.Overtaken
	}
}

// report writes the row where the report is made of, and to the log.
func (r *row) report(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(r.Row)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", text)
	if *results == "" {
		return
	}
	f, err := os.OpenFile(*results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(text, '\n')); err != nil {
		t.Fatal(err)
	}
}
