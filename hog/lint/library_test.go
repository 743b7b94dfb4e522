package lint_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/lint"
	"github.com/prickle-dev/prickle/hog/source"
)

// refused returns whether lint has a finding of the rule in an expression.
func refused(rule, code string) bool {
	for _, f := range lint.Check(source.New("", "return "+code), lint.Options{}) {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

func run(t *testing.T, code string) (hog.Value, error) {
	t.Helper()
	p, err := hog.CompileExpression("", code)
	if err != nil {
		t.Fatal(err)
	}
	return p.Run(context.Background(), hog.Env{})
}

// What lint says of the literals that the library's date functions take is what these functions do.
func TestDateUnits(t *testing.T) {
	calls := []string{
		"dateAdd('%s', 1, toDateTime(0))", "dateDiff('%s', toDateTime(0), toDateTime(1))", "dateTrunc('%s', toDateTime(0))", "extract('%s', toDateTime(0))",
	}
	for _, unit := range strings.Fields("millisecond second minute hour day week month quarter year days Day") {
		for _, call := range calls {
			code := fmt.Sprintf(call, unit)
			_, err := run(t, code)
			if got := refused("date-unit", code); got != (err != nil) {
				t.Errorf("%s: lint refuses it: %t; running gives %v", code, got, err)
			}
		}
	}
}

func TestDateFormats(t *testing.T) {
	for c := byte('!'); c <= '~'; c++ {
		if c == '\'' || c == '\\' {
			continue
		}
		code := fmt.Sprintf("formatDateTime(toDateTime(0), 'x%%%c')", c)
		v, err := run(t, code)
		if err != nil {
			t.Fatal(err)
		}
		if got, dropped := refused("date-format", code), v.Display() == "'x'"; got != dropped {
			t.Errorf("%s: lint refuses it: %t; running gives %s", code, got, v.Display())
		}
	}
}

func TestTimeZones(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "Berlin", "Local", "GMT", "America/New_York", "utc+1"} {
		code := fmt.Sprintf("formatDateTime(toDateTime(0), '%%Y', '%s')", name)
		v, err := run(t, code)
		if err != nil {
			t.Fatal(err)
		}
		if got, bad := refused("time-zone", code), v.Display() == "'Invalid DateTime'"; got != bad {
			t.Errorf("%s: lint refuses it: %t; running gives %s", code, got, v.Display())
		}
	}
}

// What lint says of comparisons is what the machine does: for each, whether it is the same whatever x is.
func TestIdentity(t *testing.T) {
	values := []string{"null", "1", "'a'", "[]", "[1]", "['a']", "[1, 'a']", "[[1]]", "{}", "{'a': 1}", "(1, 2)", "true"}
	for _, literal := range []string{"[]", "[1]", "[1, 2.5]", "['a']", "[1, 'a']", "[[1]]", "[null]", "[true]", "[nan]", "[inf]", "{}", "{'a': 1}", "(1, 2)", "('a', 1)", "x -> x"} {
		code := "%s == (" + literal + ")"
		equal := false
		for _, v := range append(values, "("+literal+")") {
			result, err := run(t, fmt.Sprintf(code, v))
			if err != nil {
				t.Fatal(err)
			}
			equal = equal || result.Display() == "true"
		}
		if got := refused("identity", fmt.Sprintf(code, "event")); got == equal {
			t.Errorf("%s: lint says that it is never true: %t; it can be: %t", code, got, equal)
		}
	}
}
