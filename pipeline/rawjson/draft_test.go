package rawjson

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestDraft makes random changes to random objects, and wants what the functions on text make of them.
func TestDraft(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 1))
	names := []string{"a", "b", `q"`, "é", "c", ""}
	texts := []string{``, `null`, `[1]`, `{}`, ` { } `, `{ "a" : 1 , "b":{"a":2} } `, `{"a":1,"a":{"b":3},"b":2}`, `{"a":{"b":{"c":1},"c":2},"q\"":"x\\"}`,
		`{"\u0061":1,"é":{"\u00e9":[{}]},"c":"}"}`, `{"a":{ "b" : 1},"b":"y","":0}`}
	values := []string{`1`, `"x"`, `{"a":1}`, `[ ]`, `null`, `{ "b" : { "c" : 2 } }`}
	pick := func(from []string) string { return from[dice.IntN(len(from))] }
	var d Draft
	for range 20_000 {
		before := pick(texts)
		text := []byte(before)
		d.Parse([]byte(before))
		var did []string
		for range dice.IntN(6) {
			path := []string{pick(names), pick(names), pick(names)}[:1+dice.IntN(3)]
			switch dice.IntN(4) {
			case 0:
				text = Delete(text, path...)
				d.Delete(path...)
				did = append(did, fmt.Sprintf("delete %q", path))
			case 1:
				want, wantOK := Get(text, path...)
				if got, ok := d.Get(path...); string(got) != string(want) || ok != wantOK {
					t.Fatalf("%q, %s, get %q\n got %s %v\nwant %s %v", before, did, path, got, ok, want, wantOK)
				}
			default:
				value := pick(values)
				text = SetPath(text, path, []byte(value))
				d.Set([]byte(value), path...)
				did = append(did, fmt.Sprintf("set %q to %s", path, value))
			}
		}
		if got := d.Text(); string(got) != string(text) {
			t.Fatalf("%q, %s\n got %s\nwant %s", before, strings.Join(did, ", "), got, text)
		}
		if got, _ := d.Get(); string(got) != string(text) {
			t.Fatalf("the whole object\n got %s\nwant %s", got, text)
		}
		if got := string(d.text); got != before {
			t.Fatalf("what was parsed was changed: %s", got)
		}
	}
	d.Forget()
	for _, m := range d.members[:cap(d.members)] {
		if m.key != nil || m.value != nil {
			t.Fatal("after Forget it holds on to what it was made of")
		}
	}
	if got := d.Text(); len(got) != 0 {
		t.Errorf("after Forget\n got %s\nwant nothing", got)
	}
}
