package compile_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/compile"
)

// TestOwnFormRunsOnTheReferenceMachine runs the forms that replace the
// reference's defective ones, and the constructs around them, on the reference
// machine. Nothing may be left on its stack.
func TestOwnFormRunsOnTheReferenceMachine(t *testing.T) {
	tests := map[string]string{
		"return 1 + 2 * 3":                 `7`,
		"return [a between 1 and 10, 'x']": `[true, "x"]`,
		"return ['x', a between 6 and 10]": `["x", false]`,
		"return ['x', not (a between 6 and 10), a not between 6 and 10, a not between 1 and 9]":                              `["x", true, true, false]`,
		"return [n between 1 and 2, n not between 1 and 2, a not between n and 1, a between n and 9, a not between 9 and n]": `[false, false, false, false, false]`,
		"let x := a between 1 and 10; let y := 3; return [x, y]":                                                             `[true, 3]`,
		"let x := a not between 1 and 10; let y := 3; return [x, y]":                                                         `[false, 3]`,
		"fn f() { return [1, (a + 0) between 1 and 10, 2] } return f()":                                                      `[1, true, 2]`,
		"return [(a + 0) not between 6 and 9, (a + 0) not between 1 and (a + 0), (n ?? n) between 0 and 1]":                  `[true, false, false]`,
		"return [count() between 1 and 1, count()]":                                                                          `[true, 2]`,
		"let x := if(false, 1); let y := 2; return [x, y]":                                                                   `[null, 2]`,
		"let x := if(true, 1); let y := 2; return [x, y]":                                                                    `[1, 2]`,
		"return [multiIf(false, 1, false, 2), multiIf(false, 1, true, 2), 3]":                                                `[null, 2, 3]`,
		"return [multiIf(false, 1, false, 2, 5), a > 1 ? 'b' : 'c', n ?? 4]":                                                 `[5, "b", 4]`,
		"let i := 0; for (;;) { i := i + 1; if (i > 4) return i }":                                                           `5`,
		"let i := 0; for (; i < 3; tuple(i)) { i := i + 1 } let z := 9; return [i, z]":                                       `[3, 9]`,
		"let s := 0; for (let i := 0; i < 4; i := i + 1) { let k := i * 2; s := s + k } return s":                            `12`,
		"for (tuple(1); false; 2) { } let z := 9; return z":                                                                  `9`,
		"let s := ''; for (let k, v in {'a': 1, 'b': 2}) { s := s || k || v } return s":                                      `"a1b2"`,
		"let s := 0; for (let v in [1, 2, 3]) s := s + v; return s":                                                          `6`,
		"try { throw HogError('A', 'm') } catch (x: B) { return 1 } catch (y: A) { return [2, y.message] }":                  `[2, "m"]`,
		"try { try { throw HogError('A', 'm') } catch (x: B) { return 1 } } catch (z) { let q := z.type; return [q] }":       `["A"]`,
		"try { throw Error('m') } catch { } let z := 1; return z":                                                            `1`,
		"fn fact(n) { if (n < 2) { return 1 } return n * fact(n - 1) } return fact(5)":                                       `120`,
		"fn counter() { let n := 0; return () -> { n := n + 1; return n } } let c := counter(); c(); return c()":             `2`,
		"let f := (a, b) -> a - b; return (f)(5, 3)":                                                                         `2`,
		"fn f(a) { return b -> a - b } return f(5)(3)":                                                                       `2`,
		"let o := {'a': {'b': [1]}}; o.a.b[2] := 5; o.a.c := f'x{a}'; return o":                                              `{"a": {"b": [1, 5], "c": "x5"}}`,
		"let i := 0; while (i < 3) { let j := i + 1; i := j } return i":                                                      `3`,
		"if (n) { return 1 } else if (a == 5) { return 2 } else return 3":                                                    `2`,
		"return case when n then 1 when a = 5 then 2 end":                                                                    `2`,
		"let x := 1; { let x := 2; x := 3 } return x":                                                                        `1`,
		"return <a b='c'>d{a}<e/></a>":                                                                                       `{"__hx_tag": "a", "b": "c", "children": ["d", 5, {"__hx_tag": "e"}]}`,
		"fn T(p) { return p.x } return <T x={a} />":                                                                          `5`,
	}
	machine := startMachine(t)
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			b, _, err := compileText(".hog", "t", src, compile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := machine(b)
			if got["error"] != nil || got["left"] != float64(0) {
				t.Fatalf("got %v\n%s", got, tokens(b))
			}
			var wanted any
			if err := json.Unmarshal([]byte(want), &wanted); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted, got["result"]); diff != "" {
				t.Errorf("-want +got\n%s\n%s", diff, tokens(b))
			}
		})
	}
}
