package hog_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/stdlib"
	"github.com/prickle-dev/prickle/hog/vm"
)

// samples are the arguments that every function of the library is called with, in all combinations of two.
var samples = []string{
	"null", "true", "false", "0", "1", "-1.5", "3", "1e21", "''", "'abc'", "'b'", "' 12.5x '", "'2024-05-01'",
	"'2024-05-01T10:20:30Z'", "'a,b,c'", "'héß🎉'", `'{"a": [1, {"b": "2"}], "c": null}'`, "'[1, 2]'", "'a'", "'%'",
	"'day'", "'month'", "'UTC'", "'1.2.3.4'", "'1.2.3.0/24'", "[]", "[1, 2]", "['b', null, 'a']", "(1, 'x')", "{}",
	"{'a': 1, 'b': [2]}", "toDate('2024-01-31')", "toDateTime(1.5)", "toDateTime('x')", "Error('m', 1)", "interval 1 day",
	"0/0", "1/0", "-1/0", "-0.0", "9007199254740993", "[[1, null], [2, [3, 'x']], {}]", "'🎉'", "'\\n\\t\u00a0 1'", "'0x1F'",
}

// triples are the arguments of which all combinations of three are taken.
var triples = []string{"null", "0", "2", "-1", "'a'", "'day'", "'banana'", "'$&'", "[1, 'a']", "toDate('2024-01-31')", "toDateTime(9e8)"}

// hostText is what errors of the reference look like that come from its host and not from the language. Ours has a text
// of its own then, or the null that newer versions of the reference give.
var hostText = regexp.MustCompile(`is not a function|Cannot read prop|Cannot convert|argument must be|is not iterable|` +
	`Invalid array length|must be of type|JSON|regular expression|Invalid time|Unexpected|toISO|of undefined|zone|in '?search`)

// difference is calls by their text, and why the machines differ on them.
type difference struct {
	calls *regexp.Regexp
	why   string
}

// libraryDiffers lists the calls on which the machines are meant to differ, and why, by the name in
// docs/hog/compatibility.md.
var libraryDiffers = []difference{
	{regexp.MustCompile(`Error\(.*, null\)$`), "the payload null is none"},
	{regexp.MustCompile(`^HogError\([^']`), "the message of an error is text"},
	{regexp.MustCompile(`^JSONHas\((null|\(1|\[|\{|'|to|Error|interval)`), "JSONHas is false where there is no container"},
	{regexp.MustCompile(`^(addDays|toStartOf\w+)\(`), "no date"},
	{regexp.MustCompile(`^dateAdd\('(day|month)', .*(-1|0|2|'|\])\)$`), "no date"},
	{regexp.MustCompile(`^array(Reverse)?Sort\(\['b', null, 'a'\]`), "sorting what has no order"},
	{regexp.MustCompile(`^(tryB|b)ase64\w+\([\[(]`), "lists are no texts"},
	{regexp.MustCompile(`^dateTrunc\(.*toDateTime\('x'\)`), "no date"},
	{regexp.MustCompile(`^formatDateTime\(toDateTime\([^)]*\), [^']`), "formats and zones are texts"},
	{regexp.MustCompile(`^fromUnixTimestamp\([^-0-9]`), "times are numbers"},
	{regexp.MustCompile(`^(greater|less)\w*\(.*null`), "null has no order"},
	{regexp.MustCompile(`^(md5|sha1|sha256)\(.*, .*\)$`), "an unknown way to write a digest"},
	{regexp.MustCompile(`HmacChain(Hex)?\('`), "texts are no lists"},
	{regexp.MustCompile(`^formatDateTime\(.*, (2|-1)\)$`), "formats and zones are texts"},
	{regexp.MustCompile(`^JSONExtractString\(\[1, 'a'\], (2|-1), -1\)$`), "a path into a text"},
	{regexp.MustCompile(`^if\(('a'(, )?){4}\)$`), mendedArguments},
	{regexp.MustCompile(`^range\(('|\[\])`), "a range of what is no number"},
	{regexp.MustCompile(`^toUnixTimestamp(Milli)?\(.*, [^']`), "formats and zones are texts"},
	{regexp.MustCompile(`^trim\w*\([\[(]`), "lists are no texts"},
}

func TestLibraryAgainstReference(t *testing.T) {
	ref := newReference(t)
	used := make([]bool, len(libraryDiffers))
	for _, f := range stdlib.Functions() {
		switch f.Name {
		case "now", "today", "randomFloat", "generateUUIDv4", "sleep":
			continue // not the same twice
		}
		if f.Callback != vm.NoCallback {
			continue // the programs call these
		}
		t.Run(f.Name, func(t *testing.T) {
			calls, differ := 0, []string{}
			for _, args := range arguments(f) {
				text := f.Name + "(" + strings.Join(args, ", ") + ")"
				p, err := hog.CompileExpression("call", text)
				if err != nil {
					t.Fatal(err)
				}
				calls++
				a := ref.run(t, p.Bytecode(), "{}")
				want := outcome(a)
				got := observe(p, hog.Env{})
				got.Result = throughJSON(t, got.Result)
				if want.Error != "" && hostText.MatchString(want.Error) {
					continue
				}
				if diff := cmp.Diff(want, got); diff != "" {
					if known := differenceOf(text); known >= 0 {
						used[known] = true
						continue
					}
					differ = append(differ, fmt.Sprintf("%s\n\treference %s%s\n\tours      %s%s", text, a.Result, a.Error, got.Result, got.Error))
				}
			}
			if len(differ) > 0 {
				t.Errorf("%d of %d calls differ, such as\n%s", len(differ), calls, strings.Join(differ[:min(len(differ), 20)], "\n"))
			}
		})
	}
	for i, d := range libraryDiffers {
		if !used[i] {
			t.Errorf("%s is listed as a difference (%s) but agrees", d.calls, d.why)
		}
	}
}

// differenceOf is the index in libraryDiffers that a call falls under, or -1.
func differenceOf(call string) int {
	return slices.IndexFunc(libraryDiffers, func(d difference) bool { return d.calls.MatchString(call) })
}

// throughJSON is the text as it comes out of the pipe to the reference: halves of surrogate pairs are lost.
func throughJSON(t *testing.T, text string) string {
	t.Helper()
	data, err := hog.String(text).AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// arguments is the argument lists to call a function with.
func arguments(f stdlib.Function) [][]string {
	var lists [][]string
	high := f.Max
	if high == stdlib.Unbounded {
		high = 3
	}
	for n := f.Min; n <= high; n++ {
		from := samples
		if n > 2 {
			from = triples
		}
		lists = append(lists, combinations(from, n)...)
	}
	if f.Min > 0 {
		lists = append(lists, slices.Repeat([]string{"'a'"}, f.Min-1))
	}
	if f.Max != stdlib.Unbounded {
		lists = append(lists, slices.Repeat([]string{"'a'"}, f.Max+1))
	}
	return lists
}

func combinations(from []string, n int) [][]string {
	if n == 0 {
		return [][]string{{}}
	}
	var lists [][]string
	for _, rest := range combinations(from, n-1) {
		for _, s := range from {
			lists = append(lists, append(rest[:len(rest):len(rest)], s))
		}
	}
	return lists
}
