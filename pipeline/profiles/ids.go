package profiles

import (
	"slices"
	"strings"
)

// longestID is how many characters of a distinct id capture keeps.
const longestID = 200

// cut makes a distinct id that a property names the one that capture makes of it.
func cut(id string) string {
	n := 0
	for i := range id {
		if n == longestID {
			return id[:i]
		}
		n++
	}
	return id
}

// legal reports whether a distinct id may take part in a merge. The others are what clients send when they know nobody, so that a merge by
// them would make one person of all.
func legal(id string) bool {
	id = strings.TrimSpace(id)
	for _, quote := range []string{`"`, `'`} {
		if len(id) >= 2 && strings.HasPrefix(id, quote) && strings.HasSuffix(id, quote) {
			id = strings.TrimSpace(id[1 : len(id)-1])
		}
	}
	return id != "" && !slices.Contains(illegal, id) && !slices.Contains(illegalInAnyCase, strings.ToLower(id))
}

var (
	illegalInAnyCase = []string{
		"anonymous", "guest", "distinctid", "distinct_id", "id", "not_authenticated", "email", "undefined", "true", "false",
	}
	illegal = []string{"[object Object]", "NaN", "None", "none", "null", "0", "undefined", "$posthog_cookieless"}
)
