package hog_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/vm"
)

// memoryFactor is how far what a value takes and what is accounted for it may be apart, in both directions.
const memoryFactor = 1.5

// memoryValues is how many values a program makes of which the memory is measured.
const memoryValues = 5_000

// memoryItems are values by what they are. A program makes many of each, where i counts.
var memoryItems = map[string]string{
	"null": "null", "boolean": "true", "number": "i",
	"text of 8": "f'tex{10000 + i}'", "text of 25": "f'textextextextextext{10000 + i}'", "text of 100": "f'{pad}{10000 + i}'",
	"array of 0": "[]", "array of 1": "[i]", "array of 4": "[i, i, i, i]", "array of 9": "[1, 2, 3, 4, 5, 6, 7, 8, 9]",
	"array of a callback": "arrayMap(x -> x, [i, i, i, i, i])", "array of range": "range(5)", "array pushed to": "arrayPushBack([i], i)",
	"array of keys": "keys({'a': 1, 'b': 2})", "array of texts": "splitByString(',', 'a,b,c,d,e,f')", "array of a version": "sortableSemver('1.2.3')",
	"tuple of 1": "tuple(i)", "tuple of 2": "(i, i)", "tuple of 7": "(1, 2, 3, 4, 5, 6, 7)",
	"dictionary of 0": "{}", "dictionary of 1": "{'a': i}", "dictionary of 4": "{'a': i, 'b': i, 'c': i, 'd': i}",
	"dictionary of 5": "{'a': i, 'b': i, 'c': i, 'd': i, 'e': i}", "dictionary that grew from 0": "grown({}, 1)",
	"dictionary that grew to 9": "grown({}, 9)", "dictionary that grew from 1": "grown({'a': 1}, 5)",
	"dictionary that grew from 5": "grown({'a': 1, 'b': 2, 'c': 3, 'd': 4, 'e': 5}, 2)", "dictionary of 20": "wide(i)",
	"dictionary that grew from 20": "grown(wide(i), 5)", "short text of the library": "upper(f'abcdef{i}')", "short texts of the library": "[lower('ABC'), md5('x')]",
	"datetime": "now()", "datetime in a zone": "toDateTime('2024-01-01T00:00:00Z', 'Europe/Berlin')", "date": "toDate('2024-01-02')",
	"interval": "toIntervalDay(i)", "error": "Error('message')", "error with a payload": "Error('message', [i])",
	"closure without variables": "() -> 1", "closure of one variable": "one(i)", "closure of two variables": "two(i)",
	"closures that share a variable": "sharing(i)", "closure of outer variables": "() -> [many, pad]", "closure in a closure": "(x -> y -> x + y)(i)",
	"function of the library": "upper", "function of the host": "sleep",
	"node of a query": "sql(SELECT 1)", "nodes of a query": "sql(SELECT a, b + 1 FROM events WHERE x = 1 AND y IN (1, 2))",
	"JSON array of 1": "jsonParse('[1]')", "JSON array of 7": "jsonParse('[1,2,3,4,5,6,7]')", "JSON object of 1": `jsonParse('{"a":1}')`,
	"JSON object of 6": `jsonParse('{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}')`, "JSON of empty containers": `jsonParse('[[],[1],[[2]],{},{"a":{}}]')`,
	"JSON object that grew": `grown(jsonParse('{"a":1,"b":1}'), 3)`, "JSON array that grew": "pushed(jsonParse('[1,2,3]'))",
	"JSON with escapes": `jsonParse('["a\\nb","c\\td"]')`, "global": "given", "result of the host": "hosted()",
}

// memoryWholes are programs whose one value is large.
var memoryWholes = map[string]string{
	"dictionary of many":            "return grown({}, many)",
	"dictionary of many numbers":    "let d := {} for (let i := 0; i < many; i := i + 1) { d[i] := i } return d",
	"dictionaries with an index":    "let a := [] for (let i := 1; i < 2000; i := i + 1) { a[i] := grown({}, 33) } return a",
	"dictionaries of numbers":       "let a := [] for (let i := 1; i < 2000; i := i + 1) { let d := {} for (let j := 0; j < 33; j := j + 1) { d[j] := j } a[i] := d } return a",
	"text that grew":                "let s := '' for (let i := 0; i < many; i := i + 1) { s := s || pad } return [s]",
	"arrays inside each other":      "let a := [] for (let i := 0; i < many; i := i + 1) { a := [a, i] } return a",
	"closures inside each other":    "let a := null for (let i := 0; i < many; i := i + 1) { let b := a a := () -> b } return a",
	"JSON of small objects":         "return jsonParse(objects)",
	"JSON of small arrays":          "return jsonParse(arrays)",
	"JSON object of many":           "return jsonParse(object)",
	"array of arrays of a callback": "return arrayMap(x -> [x], range(many))",
}

const memoryProlog = `let many := MANY let pad := PAD
fn one(x) { return () -> x }
fn two(x) { let y := x return () -> x + y }
fn sharing(x) { return [() -> x, () -> x + 1] }
fn wide(x) { return {'k0': x, 'k1': x, 'k2': x, 'k3': x, 'k4': x, 'k5': x, 'k6': x, 'k7': x, 'k8': x, 'k9': x, 'k10': x, 'k11': x, 'k12': x, 'k13': x, 'k14': x, 'k15': x, 'k16': x, 'k17': x, 'k18': x, 'k19': x} }
fn pushed(a) { a[5] := 1 return a }
fn grown(d, n) { for (let j := 0; j < n; j := j + 1) { d[f'key {j}'] := j } return d }
`

func memoryEnv(t *testing.T) hog.Env {
	t.Helper()
	given, err := hog.FromJSON([]byte(`{"a":[1,{"b":"c"}],"e":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	var object strings.Builder
	for i := range memoryValues {
		fmt.Fprintf(&object, `"key %d":1,`, i)
	}
	return hog.Env{
		Global: hog.GlobalsOf(map[string]hog.Value{
			"MANY": hog.Number(memoryValues), "PAD": hog.String(strings.Repeat("x", 100)), "given": given,
			"objects": hog.String("[" + strings.Repeat(`{"a":1},`, memoryValues) + "{}]"),
			"arrays":  hog.String("[" + strings.Repeat("[1],", memoryValues) + "[]]"),
			"object":  hog.String("{" + object.String() + `"z":1}`),
		}),
		Now: time.Now,
		Functions: map[string]hog.Func{
			"hosted": func(context.Context, []hog.Value) (hog.Value, error) { return given, nil },
		},
	}
}

// TestMemoryAccounting compares what values take on the heap with what the memory limit takes them for: a limit that is
// lower by the factor must be exceeded, and one that is higher must not.
func TestMemoryAccounting(t *testing.T) {
	env := memoryEnv(t)
	texts := map[string]string{}
	for name, item := range memoryItems {
		texts[name] = "let a := [] for (let i := 1; i <= many; i := i + 1) { a[i] := " + item + " } return a"
	}
	for name, text := range memoryWholes {
		texts[name] = text
	}
	kinds := map[vm.Kind]bool{vm.KindNull: true}
	for name, text := range texts {
		p, err := hog.Compile(name, memoryProlog+text, hog.WithFunctions("sleep", "hosted"))
		if err != nil {
			t.Fatal(err)
		}
		run := func(limit int64) (hog.Value, error) {
			env.Limits = hog.Limits{Memory: limit, Time: -1}
			return p.Run(t.Context(), env)
		}
		kind, heap := takes(t, name, run)
		kinds[kind] = true
		if _, err := run(int64(float64(heap) / memoryFactor)); endOf(err) != "memory" {
			t.Errorf("%s: takes %d bytes, and under a limit of two thirds ends with %s (%v)", name, heap, endOf(err), err)
		}
		if strings.HasPrefix(name, "JSON") || strings.Contains(name, "callback") {
			continue // which take more while they are made
		}
		const small = 64 << 10 // what a run takes besides
		if _, err := run(int64(float64(heap)*memoryFactor) + small); err != nil {
			t.Errorf("%s: takes %d bytes, and under a limit half as high again: %v", name, heap, err)
		}
	}
	for k := vm.KindNull; k <= vm.KindFunction; k++ {
		if !kinds[k] {
			t.Errorf("no program makes values of the kind %s", k)
		}
	}
}

// takes is what the result of a run takes, and the kind of the first value in it.
func takes(t *testing.T, name string, run func(limit int64) (hog.Value, error)) (vm.Kind, int64) {
	t.Helper()
	if _, err := run(-1); err != nil { // the caches of the machine are filled
		t.Fatalf("%s: %v", name, err)
	}
	before := liveHeap()
	v, err := run(-1)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	heap := liveHeap() - before
	kind := v.Kind()
	if list, ok := v.AsArray(); ok {
		kind = list.Items[0].Kind()
	}
	return kind, heap
}

// liveHeap is the size of all that is alive on the heap.
func liveHeap() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one leaves what pools hold
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// TestMemoryLimitOfEveryRun expects a limit to mean the same in a run on a machine that has been deep as in one on a new
// machine.
func TestMemoryLimitOfEveryRun(t *testing.T) {
	const text = `fn down(n) { if (n == 0) { return 0 } return 1 + down(n - 1) } return down(depth)`
	env := func(depth float64, limit int64) hog.Env {
		return hog.Env{
			Global: hog.GlobalsOf(map[string]hog.Value{"depth": hog.Number(depth)}),
			Limits: hog.Limits{Memory: limit},
		}
	}
	used := compiled(t, "deep", text)
	ends := map[string]bool{}
	for limit := int64(1); limit < 32<<10; limit += 512 {
		if _, err := used.Run(t.Context(), env(300, -1)); err != nil {
			t.Fatal(err)
		}
		got, want := traced(t, used, env(100, limit)), traced(t, compiled(t, "deep", text), env(100, limit))
		if got != want {
			t.Errorf("under a limit of %d\n got %s\nwant %s, as in the first run", limit, got, want)
		}
		ends[strings.SplitN(want, " ", 2)[0]] = true
	}
	if len(ends) < 2 {
		t.Errorf("all runs ended alike: %v", ends)
	}
}
