package hog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// moves are times moved by parts of units, in all combinations: what is less than a millisecond is cut off of the time and
// kept of the units.
func moves() []string {
	times := []string{
		"toDateTime(1.23456789)", "toDateTime(1700000000.9999)", "toDateTime(0.0005)", "toDateTime(-1.0006)",
		"fromUnixTimestamp(1700000000.123456)", "toDateTime('2024-05-01T10:20:30.999999Z')", "toDateTime(1709251199.9999)",
		"toDateTime('2024-03-31T00:30:00', 'Europe/Berlin')", "toDate('2024-02-29')",
	}
	units := []string{"second", "minute", "hour", "day", "week", "month", "year"}
	counts := []string{"0", "1", "-1", "0.0005", "1.0004", "0.1", "-0.0001", "2.5", "1/3", "-2.7182818", "1000.123456"}
	var calls []string
	for _, t := range times {
		for _, u := range units {
			for _, n := range counts {
				calls = append(calls, fmt.Sprintf("dateAdd('%s', %s, %s)", u, n, t))
			}
			calls = append(calls, fmt.Sprintf("%s + interval 3 %s", t, u))
		}
	}
	return calls
}

func TestMovesAgainstReference(t *testing.T) {
	ref := newReference(t)
	calls := moves()
	for from := 0; from < len(calls); from += 50 {
		some := calls[from:min(from+50, len(calls))]
		p := mustCompile(t, "return ["+strings.Join(some, ", ")+"]")
		want := outcome(ref.run(t, p.Bytecode(), "{}"))
		got := observe(p, hog.Env{})
		got.Result = throughJSON(t, got.Result)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s to %s (-reference +ours)\n%s", some[0], some[len(some)-1], diff)
		}
	}
}

func TestMovesKeepParts(t *testing.T) {
	for call, want := range map[string]string{
		"dateAdd('second', 0.0005, toDateTime(1.2345))":   "DateTime(1.2345, 'UTC')",
		"dateAdd('minute', 0.0001, toDateTime(1))":        "DateTime(1.006, 'UTC')",
		"dateAdd('second', -0.0005, toDateTime(60))":      "DateTime(59.9995, 'UTC')",
		"dateAdd('second', 0.0001, toDate('2024-02-29'))": "Date(2024, 2, 29)",
		"dateAdd('hour', -0.5, toDate('2024-02-29'))":     "Date(2024, 2, 28)",
	} {
		v, err := mustCompile(t, "return "+call).Run(t.Context(), hog.Env{})
		if err != nil || v.Display() != want {
			t.Errorf("%s\n got %v, %v\nwant %s", call, v.Display(), err, want)
		}
	}
}
