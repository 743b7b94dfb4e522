package main

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// row is a figure, and what is wanted of it.
type row struct {
	what, unit string
	rounds     []float64
	atLeast    float64 // or 0
	under      float64 // or 0
	faults     string  // events lost or doubled; the row is missed whatever its figure
}

// value is the median of the rounds.
func (r row) value() float64 {
	sorted := slices.Sorted(slices.Values(r.rounds))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func (r row) met() bool {
	v := r.value()
	return r.faults == "" && (r.atLeast == 0 || v >= r.atLeast) && (r.under == 0 || v < r.under)
}

func writeTable(w io.Writer, rows []row) {
	fmt.Fprintln(w, "| what | wanted | measured | of all rounds | met |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | --- |")
	for _, r := range rows {
		wanted, met := "", ""
		switch {
		case r.atLeast > 0:
			wanted = "at least " + digits(r.atLeast) + r.unit
		case r.under > 0:
			wanted = "under " + digits(r.under) + r.unit
		}
		if wanted != "" || r.faults != "" {
			met = "**missed**"
			if r.met() {
				met = "met"
			}
		}
		spread := ""
		if len(r.rounds) > 1 {
			spread = digits(slices.Min(r.rounds)) + " to " + digits(slices.Max(r.rounds))
		}
		fmt.Fprintf(w, "| %s | %s | %s%s%s | %s | %s |\n", r.what, wanted, digits(r.value()), r.unit, r.faults, spread, met)
	}
}

// digits writes a number with as many decimals as mean something, and thousands apart.
func digits(x float64) string {
	switch a := math.Abs(x); {
	case a < 10 && x != math.Trunc(x):
		return fmt.Sprintf("%.2f", x)
	case a < 100 && x != math.Trunc(x):
		return fmt.Sprintf("%.1f", x)
	}
	text := fmt.Sprintf("%.0f", math.Abs(x))
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	if x < 0 && text != "0" {
		return "-" + text
	}
	return text
}
