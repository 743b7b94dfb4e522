package format_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/format"
	"github.com/prickle-dev/prickle/hog/hogtest"
)

// TestReferenceReadsTheSame checks that the reference's parser makes the same tree of a program and of what it is formatted as.
func TestReferenceReadsTheSame(t *testing.T) {
	reference := hogtest.Start(t, "parser.mjs", "@posthog/hogql-parser")
	// Trees are compared as text: they can be too deep for cmp.
	parse := func(src string) (tree string, ok bool) {
		var parsed map[string]any
		reference.Ask(t, map[string]string{"mode": "program", "src": src}, &parsed)
		text, err := json.MarshalIndent(parsed, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return string(text), parsed["error"] != true
	}
	programs := corpus(t)
	names := slices.Sorted(maps.Keys(programs))
	n := 0
	for i, name := range names {
		// The reference takes its time: beside all golden programs, one in twenty is enough.
		if !strings.Contains(name, "testdata/format/") && i%20 > 0 {
			continue
		}
		src := programs[name]
		want, ok := parse(src)
		if !ok {
			continue
		}
		out, err := format.Source(name, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		n++
		if got, _ := parse(string(out)); got != want {
			diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n"))
			t.Errorf("%s: -source +formatted\n%s\nsource:\n%s\nformatted:\n%s", name, diff, src, out)
		}
	}
	if n < 100 {
		t.Errorf("the reference reads only %d programs", n)
	}
}
