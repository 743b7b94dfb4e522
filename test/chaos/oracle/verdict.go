package oracle

import (
	"errors"
	"fmt"
	"strings"
)

// maxExamples bounds the examples of a finding.
const maxExamples = 5

// Verdict is the outcome of Judge.
type Verdict struct {
	Handed       int
	Acknowledged int
	Findings     []Finding // one for each place
}

// Finding is what is to be said of one place. All counters but the first six must be zero.
type Finding struct {
	Place     string
	Warehouse bool
	Expected  int // acknowledged events that the place wants
	Delivered int // different events that arrived, acknowledged or not
	Dead      int // different events that are dead letters
	Repeated  int // further arrivals of the same event, where that is allowed
	Overtaken int // arrived after later events of their person, where that is allowed
	Lost      int
	Doubled   int // further rows of the same event in a warehouse
	Reordered int
	Altered   int
	Strange   int // never sent, not for this place, or no event at all
	Escaped   int // should have died
	Buried    int // should not have died
	Examples  []string
}

// faults are the counters that must be zero, with their names.
func (f *Finding) faults() map[string]int {
	return map[string]int{
		"lost": f.Lost, "doubled": f.Doubled, "reordered": f.Reordered, "altered": f.Altered, "strange": f.Strange,
		"escaped": f.Escaped, "buried": f.Buried,
	}
}

// Err is nil when every promise was kept; else it names what was not, with examples.
func (v Verdict) Err() error {
	var errs []error
	for i := range v.Findings {
		f := &v.Findings[i]
		bad := false
		for _, n := range f.faults() {
			bad = bad || n > 0
		}
		if bad {
			errs = append(errs, errors.New(f.String()+"\n  "+strings.Join(f.Examples, "\n  ")))
		}
	}
	return errors.Join(errs...)
}

// String is one line with every counter.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %d expected, %d delivered, %d dead; %d lost, %d doubled, %d reordered, %d altered, %d strange, %d escaped, %d buried; %d repeated, %d overtaken",
		f.Place, f.Expected, f.Delivered, f.Dead, f.Lost, f.Doubled, f.Reordered, f.Altered, f.Strange, f.Escaped, f.Buried, f.Repeated, f.Overtaken)
}
