package hogs

import (
	"testing"

	"github.com/prickle-dev/prickle/hog"
)

func TestCleanNullValues(t *testing.T) {
	for text, want := range map[string]string{
		`null`:                             `null`,
		`1`:                                `1`,
		`[1, null, [null, 2], {}]`:         `[1,[2],{}]`,
		`{"a": null, "b": {"c": null}}`:    `{"b":{}}`,
		`{"a": {"b": {"c": {"d": null}}}}`: `{"a":{"b":{"c":{"d":null}}}}`,
		`[[[[null]]]]`:                     `[[[[null]]]]`,
		`[[[null]]]`:                       `[[[]]]`,
	} {
		v, err := hog.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, err := new(cleaner).clean(v, 1).AppendJSON(nil)
		if err != nil || string(got) != want {
			t.Errorf("%s (%v):\n got %s\nwant %s", text, err, got, want)
		}
	}
}

// TestCleanSharedLists cleans a list of 10,000 references to a list of 10,000 references to a list of 10,000 numbers.
func TestCleanSharedLists(t *testing.T) {
	many := func(v hog.Value) hog.Value {
		items := make([]hog.Value, 10_000)
		for i := range items {
			items[i] = v
		}
		return hog.NewArray(items...)
	}
	c := new(cleaner)
	v := c.clean(many(many(many(hog.Number(1)))), 1)
	if list, ok := v.AsArray(); !ok || len(list.Items) != 10_000 {
		t.Errorf("got %v", v.Kind())
	}
	if most := 100_000; c.seen > most {
		t.Errorf("looked at %d values\nwant at most %d", c.seen, most)
	}
}
