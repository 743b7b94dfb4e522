package schema

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Seen is what is known of one property of an event, as far as a contract depends on it.
type Seen struct {
	Event, Property   string
	Type              string // as Property.Type gives it
	Count, EventCount int64
	NullShare         float64
}

// certain is how many events of a name make it likely that a property that all of them have is required.
const certain = 20

// always reports whether every event had the property, with a value, and there were enough of them to say so.
func (s *Seen) always() bool {
	return s.EventCount >= certain && s.Count >= s.EventCount && s.NullShare == 0
}

// WriteContracts writes contracts that all that was seen meets, as a section of a configuration. Properties of several types may be anything.
func WriteContracts(w io.Writer, seen []Seen) error {
	seen = slices.DeleteFunc(slices.Clone(seen), func(s Seen) bool { return s.Event == Others || s.Property == Others })
	slices.SortFunc(seen, func(a, b Seen) int {
		if c := strings.Compare(a.Event, b.Event); c != 0 {
			return c
		}
		return strings.Compare(a.Property, b.Property)
	})
	var b strings.Builder
	b.WriteString("contracts:\n  on_violation: warn # or quarantine, or reject\n  events:\n")
	for i, s := range seen {
		if i == 0 || seen[i-1].Event != s.Event {
			fmt.Fprintf(&b, "    %s: # seen %d times\n      properties:\n", yamlKey(s.Event), s.EventCount)
		}
		typ := s.Type
		if typ == mixed || typ == Null.String() {
			typ = string(anything)
		}
		if s.always() {
			typ = fmt.Sprintf("{type: %s, required: true}", typ)
		}
		fmt.Fprintf(&b, "        %s: %s\n", yamlKey(s.Property), typ)
	}
	if len(seen) == 0 {
		b.WriteString("    {}\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plainKey are names that YAML takes for texts, unless they are among noKeys.
var (
	plainKey = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	noKeys   = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)

func yamlKey(name string) string {
	if plainKey.MatchString(name) && !slices.Contains(noKeys, name) {
		return name
	}
	return strconv.Quote(name) // whose escapes are among those of YAML
}
