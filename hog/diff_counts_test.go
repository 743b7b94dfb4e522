package hog_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// counts is what a comparison has seen.
type counts struct {
	programs, statements, runs, prints, differences int
	// outcomes are programs by how they end, excused programs by the names of the reasons.
	outcomes map[string]int
	excused  map[excuse]int
}

func newCounts() counts { return counts{outcomes: map[string]int{}, excused: map[excuse]int{}} }

func (c *counts) add(tr *trial) {
	c.programs++
	c.runs += len(tr.forms)
	if tr.diff != "" {
		c.differences++
	}
	for _, e := range tr.excuses {
		c.excused[e]++
	}
	switch {
	case tr.refused != nil:
		c.outcomes["refused by the compiler"]++
	case len(tr.forms) == 0:
		c.outcomes["too long"]++
	default:
		ours := tr.forms[0].ours
		c.prints += len(ours.Prints)
		if ours.kind == "" {
			c.outcomes["a value"]++
		} else {
			c.outcomes["an error: "+string(ours.kind)]++
		}
	}
}

// String is a table.
func (c *counts) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d programs with %d statements; %d runs compared, with %d prints; %d differences\n", c.programs, c.statements, c.runs, c.prints, c.differences)
	rows(&b, "programs by how they end", c.outcomes)
	for _, how := range []string{corrected, cut, worded, mends, left} {
		byName := map[string]int{}
		for e, n := range c.excused {
			if e.how == how {
				byName[e.name] = n
			}
		}
		rows(&b, how, byName)
	}
	return b.String()
}

// rows writes a table, the largest number first.
func rows(b *strings.Builder, title string, table map[string]int) {
	fmt.Fprintf(b, "%s:\n", title)
	for _, row := range slices.SortedFunc(maps.Keys(table), func(x, y string) int {
		return cmp.Or(table[y]-table[x], strings.Compare(x, y))
	}) {
		fmt.Fprintf(b, "%7d  %s\n", table[row], row)
	}
}
