package vm

import (
	"fmt"
	"strings"
	"testing"
)

// arenaTexts are documents of many shapes and sizes, the largest of which no block has room for.
func arenaTexts() []string {
	texts := []string{`1`, `"a"`, `[]`, `{}`, `[1,[2,[3,{"a":[]}]],{}]`, `{"a":{"b":{"c":[1,2]}},"a":2}`, `[{"__hogError__":true,"type":"T","message":"m"}]`}
	for n := 1; n < 3*largestSlab; n *= 3 {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"k%d":[%d,{"x":%d}]`, i, i, i))
		}
		texts = append(texts, "{"+strings.Join(members, ",")+"}")
	}
	return texts
}

// TestArena reads documents in one arena, again and again, and changes them all over: each is what it is on the heap.
func TestArena(t *testing.T) {
	var a Arena
	for round := range 5 {
		var got, want []Value
		for _, text := range arenaTexts() {
			v, err := a.ParseJSON(text)
			if err != nil {
				t.Fatal(err)
			}
			onHeap, _ := ParseJSON(text)
			got, want = append(got, v), append(want, onHeap)
			if d, ok := v.AsDict(); ok {
				got, want = append(got, a.Clone(d).Value()), append(want, onHeap.dict().Clone().Value())
			}
		}
		for i := range got {
			grow(got[i])
			grow(want[i])
		}
		for i := range got {
			if got, want := got[i].Display(), want[i].Display(); got != want {
				t.Fatalf("round %d\n got %.300s\nwant %.300s", round, got, want)
			}
		}
		a.Reset()
	}
}

// grow adds to every container in a value until it has no room left.
func grow(v Value) {
	switch v.Kind() {
	case KindArray:
		for _, item := range v.array().Items {
			grow(item)
		}
		for range 5 {
			v.array().Items = append(v.array().Items, String("more"))
		}
	case KindDict:
		for i := range v.dict().Len() {
			_, value := v.dict().At(i)
			grow(value)
		}
		for i := range 10 {
			v.dict().SetString(fmt.Sprint("more", i), Number(float64(i)))
		}
	}
}

// TestArenaKeepsNothing looks at the memory of an arena after a reset: nothing of the values is in it.
func TestArenaKeepsNothing(t *testing.T) {
	var a Arena
	for range 3 {
		for _, text := range arenaTexts() {
			if _, err := a.ParseJSON(text); err != nil {
				t.Fatal(err)
			}
		}
		a.Reset()
		for _, e := range a.entries.block {
			if e != (entry{}) {
				t.Fatalf("a member is left: %v", e.key)
			}
		}
		for _, v := range a.items.block {
			if !v.IsNull() {
				t.Fatalf("an item is left: %v", v)
			}
		}
		for i := range a.dicts.block {
			if d := &a.dicts.block[i]; d.entries != nil || d.marks != 0 || d.index != nil {
				t.Fatal("a dictionary is left")
			}
		}
		for i := range a.arrays.block {
			if a.arrays.block[i].Items != nil {
				t.Fatal("an array is left")
			}
		}
	}
	if len(a.entries.block) > largestSlab || len(a.items.block) == 0 || len(a.dicts.block) == 0 {
		t.Errorf("blocks of %d entries, %d items, %d dictionaries", len(a.entries.block), len(a.items.block), len(a.dicts.block))
	}
}
