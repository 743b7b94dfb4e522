package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
)

// balanceWords are the balances in words for people.
var balanceWords = map[string]string{
	"balanced": "they balance", "in_flight": "something is on its way", "unbalanced": "THEY DO NOT BALANCE", "incomplete": "they miss records",
}

// printBooks prints the accounts over all runs.
func printBooks(w io.Writer, b *control.BooksStatus) {
	fmt.Fprintf(w, "books since %s: %s", b.Since.Local().Format(time.DateTime), balanceWords[b.Balance])
	if b.Lost > 0 {
		fmt.Fprintf(w, " (%d that could not be stored or left the journal too early)", b.Lost)
	}
	fmt.Fprintln(w)
	for _, a := range b.Destinations {
		fmt.Fprintf(w, "  %s -> %s: %d accepted", a.Pipeline, a.Destination, a.Accepted)
		for _, more := range []struct {
			n    int64
			what string
		}{{a.Made, "made by transforms"}, {a.Brought, "brought forward"}} {
			if more.n != 0 {
				fmt.Fprintf(w, " + %d %s", more.n, more.what)
			}
		}
		fmt.Fprintf(w, " = %d delivered + %s + %s + %d in flight", a.Delivered, byReason("filtered", a.Filtered), byReason("dead", a.Dead), a.InFlight)
		if a.Balance == "unbalanced" {
			fmt.Fprint(w, ", which does not balance")
		}
		fmt.Fprintln(w)
	}
}

// byReason is a sum with its parts: "12 filtered (filter 10, (when) 2)".
func byReason(what string, counts map[string]int64) string {
	var sum int64
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		sum += counts[reason]
		parts = append(parts, fmt.Sprintf("%s %d", strings.Trim(reason, "()"), counts[reason]))
	}
	text := fmt.Sprintf("%d %s", sum, what)
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}
