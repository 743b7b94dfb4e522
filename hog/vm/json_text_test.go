package vm

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestJSONStrings writes and reads strings of all short lengths with each kind of character at each place. What is written
// is compared with encoding/json's, and what is read with the string.
func TestJSONStrings(t *testing.T) {
	for n := range 40 {
		for at := range n + 1 {
			for _, special := range []string{"", `"`, `\`, "\n", "\x00", "\x1f", " ", "!", "[", "]", "~", "\x7f", "é", "世", "😀"} {
				text := strings.Repeat("a", at) + special + strings.Repeat("b", n-at)
				for _, room := range []int{0, len(text) + 2, 100} {
					checkJSONString(t, text, make([]byte, 0, room))
				}
			}
		}
	}
}

func checkJSONString(t *testing.T, text string, dst []byte) {
	t.Helper()
	var want strings.Builder
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		t.Fatal(err)
	}
	got := string(appendJSONString(dst, text))
	if len(text) <= wordsJSON {
		if short := string(appendShortJSON(dst, text, ':')); short != got+":" {
			t.Fatalf("%q\n got %s\nwant %s:", text, short, got)
		}
	}
	if got != strings.TrimSuffix(want.String(), "\n") {
		t.Fatalf("%q\n got %s\nwant %s", text, got, want.String())
	}
	for _, around := range []string{"", "              "} {
		v, err := ParseJSON(around + got + around)
		if read, _ := v.AsString(); err != nil || read != text {
			t.Fatalf("%s\n got %q %v\nwant %q", got, read, err, text)
		}
	}
	if _, err := ParseJSON(got[:len(got)-1]); err == nil {
		t.Fatalf("%s without its end is read", got)
	}
}

// TestObjects reads objects of many sizes, with and without a key that comes twice, and wants what setting the members
// one after the other gives.
func TestObjects(t *testing.T) {
	for n := range 80 {
		for twice := range n + 1 {
			var members []string
			want := NewDict(0)
			for i := range n {
				key := "key" + strings.Repeat("x", i%7) + string(rune('Ā'+i))
				if i > 0 && i == twice {
					key = "keyĀ"
				}
				members = append(members, `"`+key+`":`+string(rune('0'+i%10)))
				want.SetString(key, Number(float64(i%10)))
			}
			v, err := ParseJSON("{" + strings.Join(members, ",") + "}")
			got, _ := v.AsDict()
			if err != nil || got.Value().Display() != want.Value().Display() {
				t.Fatalf("%d members\n got %s %v\nwant %s", n, v.Display(), err, want.Value().Display())
			}
			got.SetString("keyĀ", Number(-1))
			got.SetString("more", Number(-2))
			want.SetString("keyĀ", Number(-1))
			want.SetString("more", Number(-2))
			if got.Value().Display() != want.Value().Display() {
				t.Fatalf("%d members, then changed\n got %s\nwant %s", n, got.Value().Display(), want.Value().Display())
			}
		}
	}
}

// TestContainersInsideThemselves writes a list that holds itself over more and more levels: there it is null.
func TestContainersInsideThemselves(t *testing.T) {
	for _, depth := range []int{1, 2, 7, 8, 9, 10, longPath - 1, longPath, longPath + 1, 2 * longPath} {
		root := NewArray(Null())
		v := root
		for range depth - 1 {
			v = NewArray(v, v)
		}
		root.array().Items[0] = v
		if depth > 10 { // each level holds the next one once, or there would be too much
			for next := v; next != root; next = next.array().Items[0] {
				next.array().Items = next.array().Items[:1]
			}
		}
		got, err := v.AppendJSON(nil)
		if err != nil || strings.Count(string(got), "null") == 0 || depth > 10 && string(got) != strings.Repeat("[", depth)+"null"+strings.Repeat("]", depth) {
			t.Errorf("%d levels\n got %s %v", depth, got, err)
		}
		if depth <= 10 && strings.Count(string(got), "null") != 1<<(depth-1) {
			t.Errorf("%d levels\n got %d nulls\nwant %d: each place that leads back", depth, strings.Count(string(got), "null"), 1<<(depth-1))
		}
	}
}

// TestPath goes up and down and wants exactly the containers on the way.
func TestPath(t *testing.T) {
	var p path
	var on []Value
	step := func(push bool) {
		if push {
			v := NewArray()
			p.push(v)
			on = append(on, v)
		} else {
			p.pop()
			gone := on[len(on)-1]
			if on = on[:len(on)-1]; p.has(gone) {
				t.Fatalf("at depth %d, what was left is still on the path", len(on))
			}
		}
		if p.depth != len(on) || slices.ContainsFunc(on, func(v Value) bool { return !p.has(v) }) {
			t.Fatalf("at depth %d, %d are known and some are missing", len(on), p.depth)
		}
	}
	for _, leg := range []int{5, -3, 8, -4, 200, -195, 150, -161} {
		for range max(leg, -leg) {
			step(leg > 0)
		}
	}
}
