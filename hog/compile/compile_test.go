package compile_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// compileText compiles a program, or an expression or template when kind is
// .expr or .template.
func compileText(kind, name, body string, opts compile.Options) (code.Bytecode, compile.Info, error) {
	text := source.New(name, body)
	if kind == ".hog" {
		tree, err := parser.Program(text)
		if err != nil {
			return code.Bytecode{}, compile.Info{}, err
		}
		return compile.Program(tree, opts)
	}
	parse := parser.Expression
	if kind == ".template" {
		parse = parser.Template
	}
	tree, err := parse(text)
	if err != nil {
		return code.Bytecode{}, compile.Info{}, err
	}
	return compile.Expression(tree, opts)
}

// tokens prints bytecode as the specification does: opcodes as numbers,
// strings in double quotes, separated by spaces.
func tokens(b code.Bytecode) string {
	parts := make([]string, len(b.Tokens))
	for i, t := range b.Tokens {
		switch t := t.(type) {
		case code.Op:
			parts[i] = strconv.Itoa(int(t))
		case string:
			parts[i] = strconv.Quote(t)
		default:
			parts[i] = fmt.Sprint(t)
		}
	}
	return strings.Join(parts, " ")
}

// TestWorkedExamples holds the examples of section 13 of the specification.
func TestWorkedExamples(t *testing.T) {
	tests := []struct{ kind, src, want string }{
		{".expr", "p.x > 3 and not q", `33 3 32 "x" 32 "p" 1 2 13 32 "q" 1 1 5 3 2`},
		{".hog", "let decode := null; let x := 1; (decode())(x)", `31 33 1 36 1 36 0 54 0 54 1 35 35 35`},
		{".hog", "fn inc(n) { let k := n; return k }", `52 "inc" 1 0 6 36 0 36 1 38 35 53 0 35`},
		{".expr", "5 between 1 and 10", `31 33 5 33 1 33 10 36 2 31 12 36 3 31 12 36 1 31 12 3 3 40 14 36 2 36 1 14 36 3 36 1 16 3 2 39 1 30 37 0 35 35 35`},
		{".hog", "try { f() } catch (e: Late) { g() }", `50 8 2 "f" 0 35 51 39 22 36 0 32 "type" 45 32 "Late" 36 1 11 40 6 2 "g" 0 35 39 2 35 49 35 35`},
		{".expr", "a.b.c", `32 "c" 32 "b" 32 "a" 1 3`},
		{".hog", "let v := 1; v.a.b", `33 1 36 0 32 "a" 45 32 "b" 45 35 35`},
		{".expr", "a - b", `32 "b" 1 1 32 "a" 1 1 7`},
		{".expr", "e is null", `31 32 "e" 1 1 11`},
	}
	for _, tt := range tests {
		t.Run(tt.src, func(t *testing.T) {
			b, _, err := compileText(tt.kind, "t", tt.src, compile.Options{Exact: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(`"_H" 1 `+tt.want, tokens(b)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestOffsetsPointAtTheSource(t *testing.T) {
	src := "let a := 1\nreturn f(a) + g(2)"
	b, _, err := compileText(".hog", "t.hog", src, compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Offsets) != len(b.Tokens) {
		t.Fatalf("%d offsets for %d tokens", len(b.Offsets), len(b.Tokens))
	}
	got := map[string]int32{}
	for i, tok := range b.Tokens {
		if tok == code.OpCallGlobal {
			got[b.Tokens[i+1].(string)] = b.Offsets[i]
		}
	}
	want := map[string]int32{"f": int32(strings.Index(src, "f(")), "g": int32(strings.Index(src, "g("))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestInfo(t *testing.T) {
	src := "let a := person.name; fn f(x) { return event.b || x } f(upper(a)); print(event)"
	_, info, err := compileText(".hog", "t.hog", src, compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) int32 { return int32(strings.Index(src, s)) }
	wantGlobals := map[string][]int32{"person": {at("person")}, "event": {at("event.b"), at("event)")}}
	if diff := cmp.Diff(wantGlobals, info.Globals); diff != "" {
		t.Errorf("globals, -want +got\n%s", diff)
	}
	wantFunctions := map[string][]int32{"concat": {at("|| x")}, "upper": {at("upper")}, "print": {at("print")}}
	if diff := cmp.Diff(wantFunctions, info.Functions); diff != "" {
		t.Errorf("functions, -want +got\n%s", diff)
	}
}
