package configs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the known word that name is most likely a slip of, or "".
func Nearest(name string, known []string) string { return nearest(name, known) }

// nearest is the known word that name is most likely a slip of, or "".
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, bestDistance := "", 1+max(len(name)/3, 1)
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < bestDistance {
			if len(name) > 64 {
				return ""
			}
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the number of slips between two words; two letters that changed places are one.
func distance(a, b string) int {
	if len(a) == len(b) {
		for i := range len(a) - 1 {
			if a[:i] == b[:i] && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] {
				return min(1, levenshtein.ComputeDistance(a, b))
			}
		}
	}
	return levenshtein.ComputeDistance(a, b)
}

// suggest is a hint at the nearest known word, else at all of them. nouns says what they are: "keys".
func suggest(name string, known []string, nouns string) string {
	if k := nearest(name, known); k != "" {
		return fmt.Sprintf("did you mean %q?", k)
	}
	if len(known) == 0 {
		return ""
	}
	return fmt.Sprintf("known %s are %s", nouns, strings.Join(known, ", "))
}

// quote is %q of a text that may be long.
func quote(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return strconv.Quote(text)
}
