package parser_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// checkFixpoint parses a text and, when that works, checks that the printed
// tree parses to a tree that prints the same.
func checkFixpoint(t *testing.T, s sample) {
	t.Helper()
	kind := map[string]string{"program": ".hog", "expr": ".expr", "template": ".template"}[s.mode]
	first, err := reprint(kind, "t", s.src)
	if err != nil {
		return
	}
	if kind == ".template" {
		kind = ".expr"
	}
	second, err := reprint(kind, "printed", first)
	if err != nil {
		t.Fatalf("%q\nprints as text that does not parse:\n%s\n%v", s.src, first, err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("%q\n-first +second\n%s", s.src, diff)
	}
}

func TestPrintedTreesParseToThemselves(t *testing.T) {
	for _, s := range corpus(t) {
		checkFixpoint(t, s)
	}
}

func FuzzParse(f *testing.F) {
	modes := []string{"program", "expr", "template"}
	for _, s := range corpus(f) {
		for i, mode := range modes {
			if mode == s.mode {
				f.Add(byte(i), s.src)
			}
		}
	}
	f.Fuzz(func(t *testing.T, mode byte, src string) {
		if len(src) > 4096 {
			return
		}
		checkFixpoint(t, sample{modes[int(mode)%len(modes)], src})
	})
}

// TestHostileInput checks that input made to exhaust the parser is answered
// soon, with or without an error.
func TestHostileInput(t *testing.T) {
	const n = 8000
	repeated := []string{
		"(", "[", "{", "{{", "-", "not ", "a.", "a(", "x->", "x->{", "()->{", "{x->", "f'{", "f'", "<a>", "<a b={", "if(", "if(a)",
		"if(x->{", "for(", "for(let x in ", "while(a)", "fn f(){", "try{", "case ", "case when ", "case (", "interval ", "interval (",
		"a,", "(a,", "a?b:", "a?", "a+", "a||", "a and ", "a??", "lambda x:", "lambda x,", "a between ", "a not between (", "{'a':", "{a:{", "!", "&&", "'", "`", "\"",
		"a[", "a?.[", "trim(both ", "return ", "throw ", "let x:=", "a:=", "x,y->", "else ", "/*", "//", "\\", "é", "}", ")", ";", "1.",
		"(select ", "(select (", "(select -", "f(select -", "f(select (", "(select a, where (", "(select a, from (", "(select a from (", "(select a from t join (", "from ((",
		"with a as (", "(with (", "(with a as (select ", "(select 1 union (", "({a} union ", "((select 1) union ", "(select a limit ", "(select a limit 1 % ",
		"f(distinct ", "f(distinct (", "f(a order by ", "f(a) over (order by ", "f(a) filter (where ", "cast(", "cast(a as ", "cast(a as b(", "cast(x -> ", "try_cast(",
		"columns(", "columns(* replace (", "(* replace (", "* exclude (a), ", "*columns(", "array[", "a::", "a::int", "a[1:", "a[:", "a is distinct from ", "a <=> ",
		"a ignore nulls ", "#1", "#", "t pivot (", "(select a from t pivot (", "(select a from t unpivot (", "(select a from t, ", "(select a from t join u on ",
		"(select a, b: ", "<a b={(select ", "sql(", "sql((select ", "f'{(select ", "x -> (select ", "case when (select ", "(select a group by grouping sets ((",
		"x->{let a=", "if(x->{let a=", "{x->{let a=", "interval x->{ case (", "x->{ {", "return x->{", "if(case x->{",
	}
	for _, piece := range repeated {
		for _, mode := range []string{"program", "expr", "template"} {
			src := strings.Repeat(piece, n)
			start := time.Now()
			text := source.New("t", src)
			switch mode {
			case "program":
				_, _ = parser.Program(text)
			case "expr":
				_, _ = parser.Expression(text)
			default:
				_, _ = parser.Template(text)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("%s of %d times %q took %v", mode, n, piece, took)
			}
		}
	}
}

// TestTallTree builds the highest tree that the limits let through and walks it.
func TestTallTree(t *testing.T) {
	src := "a"
	for range 380 {
		src = "(" + src + strings.Repeat("+a", 990) + ")"
	}
	tree, err := parser.Expression(source.New("t", src))
	if err != nil {
		t.Fatal(err)
	}
	if tree.Print() == "" {
		t.Error("prints as nothing")
	}
}

func BenchmarkProgram(b *testing.B) {
	src := strings.Repeat("fn f(a, b) { let x := a.b.c + 1; if (x > 3 and b) { return {'k': f'v{x}'} } return null }\n", 100)
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := parser.Program(source.New("b", src)); err != nil {
			b.Fatal(err)
		}
	}
}
