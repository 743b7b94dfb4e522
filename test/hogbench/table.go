package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// writeTable writes one line for each comparison, and for each row without one.
func writeTable(w io.Writer, rows []*row) {
	fmt.Fprintln(w, "| work | program | Hog | allocations | against | its time | Hog is faster by | wanted | met |")
	fmt.Fprintln(w, "| --- | --- | ---: | ---: | --- | ---: | ---: | --- | --- |")
	for _, r := range rows {
		for _, c := range r.against {
			best := c.best()
			ratio := float64(best.best) / float64(r.ours.best)
			wanted := fmt.Sprintf("%v times%s", c.atLeast, r.limits(", "))
			writeLine(w, r, best.name, short(best.best), fmt.Sprintf("%.1f", ratio), wanted, ratio >= c.atLeast && r.within())
		}
		if len(r.against) == 0 {
			writeLine(w, r, "", "", "", r.limits(""), r.within())
		}
	}
}

func writeLine(w io.Writer, r *row, against, time, ratio, wanted string, met bool) {
	answer := "**no**"
	if met {
		answer = "yes"
	}
	fmt.Fprintf(w, "| %s | %s | %s | %.0f | %s | %s | %s | %s | %s |\n",
		r.group, r.name, short(r.ours.best), r.ours.allocs, against, time, ratio, wanted, answer)
}

// limits is what is wanted of ours alone, after a separator when there is anything.
func (r *row) limits(separator string) string {
	var parts []string
	if r.under > 0 {
		parts = append(parts, "under "+short(r.under))
	}
	if r.allocs >= 0 {
		parts = append(parts, fmt.Sprintf("at most %.0f allocations", r.allocs))
	}
	if len(parts) == 0 {
		return ""
	}
	return separator + strings.Join(parts, ", ")
}

func (r *row) within() bool {
	return (r.under == 0 || r.ours.best < r.under) && (r.allocs < 0 || r.ours.allocs <= r.allocs)
}

// short is a time with three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/1e3)
	}
	return fmt.Sprintf("%.3g ms", float64(d)/1e6)
}

// versions is Go's and those of the modules measured.
func versions() string {
	parts := []string{runtime.Version() + " " + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return parts[0]
	}
	wanted := map[string]bool{"github.com/expr-lang/expr": true}
	for _, l := range languages {
		wanted[l.module] = true
	}
	for _, m := range info.Deps {
		if wanted[m.Path] {
			parts = append(parts, m.Path+" "+m.Version)
		}
	}
	return strings.Join(parts, ", ")
}
