package hog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog"
)

// TestSession gives inputs one after another and expects the value of each, or its error after a bang.
func TestSession(t *testing.T) {
	for name, inputs := range map[string][][2]string{
		"variables": {
			{"let x := 1", "null"}, {"let y := x + 1", "null"}, {"x + y", "3"}, {"x := 10", "null"}, {"[x, y]", "[10, 2]"},
			{"", "null"}, {";", "null"}, {"let x := 'new' ; x", "'new'"}, {"x", "'new'"},
		},
		"values of statements": {
			{"1; 2", "2"}, {"1; let z := 3", "null"}, {"if (true) { 5 }", "null"}, {"return 7", "7"}, {"z", "3"},
		},
		"functions": {
			{"fn add(a, b) { return a + b }", "null"}, {"add(1, 2)", "3"}, {"let twice := (f, v) -> f(f(v, v), v)", "null"},
			{"twice(add, 5)", "15"}, {"arrayMap((v) -> add(v, 1), [1, 2])", "[2, 3]"}, {"fn add(a) { return a }", "null"},
			{"add(8)", "8"}, {"twice((a, b) -> a * b, 2)", "8"},
		},
		"closures": {
			{"let n := 0", "null"}, {"let next := () -> { n := n + 1; return n }", "null"}, {"next() + next()", "3"}, {"n", "2"},
			{"n := 10", "null"}, {"next()", "11"}, {"let n := 'other'", "null"}, {"next()", "12"}, {"n", "'other'"},
			{"arrayMap((x) -> next(), [0, 0])", "[13, 14]"},
			{"fn counter() { let c := 0; return () -> { c := c + 1; return c } }", "null"},
			{"let a := counter() let b := counter()", "null"}, {"a(); a(); [a(), b()]", "[3, 1]"},
		},
		"failures": {
			{"let a := [1]", "null"}, {"let f := () -> a", "null"}, {"let b := 2; throw Error('no')", "!Error('no')"},
			{"b", "!Global variable not found: b"}, {"let c := ", "!in:1:"}, {"f()", "[1]"}, {"a[1] := 5; jsonParse('{')", "!JSON"},
			{"f()", "[5]"}, {"let g := () -> { let q := a; throw Error(toString(length(q))) }", "null"}, {"g()", "!Error('1')"},
			{"try { g() } catch (e) { a := e.message }", "null"}, {"f()", "'1'"}, {"while (true) { let d := 1 }", "!Step limit"},
			{"a", "'1'"}, {"sleep(1)", "!Unexpected async function call: sleep"}, {"let h := 9 ; h", "9"},
		},
		"early return": {
			{"let a := 1; if (true) { let b := 2; return b } let c := 3", "2"}, {"[a, c]", "[1, null]"},
			{"let d := 4; return () -> d", "fn<lambda(0)>"}, {"d", "4"},
			{"let e := 5; let f := () -> e; { let g := 6; return (() -> g)() + f() }", "11"}, {"f()", "5"},
			{"for (let i in [1, 2]) { if (i == 2) { return i } } let k := 1", "2"}, {"[k, f()]", "[null, 5]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := hog.NewSession()
			for i, in := range inputs {
				v, err := s.Eval(context.Background(), "in", in[0], hog.Env{Limits: hog.Limits{Steps: 10000}})
				got := v.Display()
				if err != nil {
					got = "!" + err.Error()
				}
				if want, isErr := strings.CutPrefix(in[1], "!"); isErr != (err != nil) || isErr && !strings.Contains(got, want) || !isErr && got != want {
					t.Errorf("input %d, %s:\n got %s\nwant %s", i+1, in[0], got, in[1])
				}
			}
		})
	}
}

// TestSessionPlaces expects errors in functions of an earlier input to name that input.
func TestSessionPlaces(t *testing.T) {
	s := hog.NewSession()
	for i, in := range []string{"let x := 1\nfn bad() {\n  return jsonParse('{')\n}", "1 + bad()"} {
		_, err := s.Eval(context.Background(), fmt.Sprintf("in%d", i), in, hog.Env{})
		if i == 0 {
			continue
		}
		e, ok := errors.AsType[*hog.Error](err)
		if !ok || e.File != "in0" || e.Line != 3 || !strings.Contains(e.Snippet, "jsonParse") {
			t.Fatalf("got %v", err)
		}
		if got, want := e.Backtrace(), "in1:1:5: in program\nin0:3:10: in bad\n"; got != want {
			t.Errorf("backtrace:\n got %s\nwant %s", got, want)
		}
	}
}

// TestSessionInItself evaluates an input from a function that an input calls.
func TestSessionInItself(t *testing.T) {
	s := hog.NewSession()
	env := hog.Env{Functions: map[string]hog.Func{"eval": func(ctx context.Context, args []hog.Value) (hog.Value, error) {
		return s.Eval(ctx, "inner", args[0].String(), hog.Env{})
	}}}
	if _, err := s.Eval(context.Background(), "in", "let x := 1", env); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Eval(context.Background(), "in", "eval('x')", env); err == nil || !strings.Contains(err.Error(), "running another input") {
		t.Errorf("got %v", err)
	}
	if v, err := s.Eval(context.Background(), "in", "x", env); v.Display() != "1" {
		t.Errorf("afterwards: %v, %v", v, err)
	}
}

func ExampleSession() {
	s := hog.NewSession()
	for _, input := range []string{"let price := 20", "fn taxed(x) { return x * 1.25 }", "taxed(price)", "throw Error('no')", "price"} {
		v, err := s.Eval(context.Background(), "input", input, hog.Env{})
		if err != nil {
			fmt.Println("error:", err)
			continue
		}
		fmt.Println(v.Display())
	}
	// Output:
	// null
	// null
	// 25
	// error: input:1:1: Error('no')
	// 20
}
