package chaos

import (
	"encoding/json"
	"os"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
)

// row is a line of the report, as package report reads it. Counters of places are sums over them.
type row struct {
	Case         string        `json:"case"`
	Runs         int           `json:"runs"`
	Acknowledged int           `json:"acknowledged"`
	Delivered    int           `json:"delivered"`
	Dead         int           `json:"dead"`
	Lost         int           `json:"lost"`
	Doubled      int           `json:"doubled"`
	Repeated     int           `json:"repeated"`
	Reordered    int           `json:"reordered"`
	Overtaken    int           `json:"overtaken"`
	Recovery     time.Duration `json:"recovery"` // the median
	Slowest      time.Duration `json:"slowest"`
	Note         string        `json:"note,omitempty"`

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
func (s *scene) report() {
	s.Helper()
	text, err := json.Marshal(s.row)
	if err != nil {
		s.Fatal(err)
	}
	s.Logf("%s", text)
	if *results == "" {
		return
	}
	f, err := os.OpenFile(*results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(text, '\n')); err != nil {
		s.Fatal(err)
	}
}
