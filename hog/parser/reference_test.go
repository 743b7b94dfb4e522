package parser_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// refusals are the messages with which we refuse, on purpose, what the
// reference reads as something that no machine can run or nobody means.
var refusals = []string{
	"not supported here", "slices are",
	"`is` is only for null",
	"expected an expression after `",
	"`else` without an `if`",
	"`let` can not be the whole body",
	"assignments can not be chained",
	"an assignment is a statement",
	"a condition can not assign",
	"the variable of `for` needs `let`",
	"expected `and` between the bounds",
	"`[]` after a value",
	"expected a value after `return`",
}

// readOnPurpose are parts of reference trees that ours has no like of: a named
// argument and a column star, which the reference's compiler refuses, and a lone return in the
// braces of a lambda, which it reads as a variable and ours as the statement.
func readOnPurpose(tree any) bool {
	switch v := tree.(type) {
	case []any:
		return slices.ContainsFunc(v, readOnPurpose)
	case map[string]any:
		chain, _ := v["chain"].([]any)
		if len(chain) == 1 && chain[0] == "*" || v["node"] == "NamedArgument" || v["node"] == "Placeholder" && startsWithReturn(v["expr"]) {
			return true
		}
		for _, part := range v {
			if readOnPurpose(part) {
				return true
			}
		}
	}
	return false
}

func startsWithReturn(tree any) bool {
	switch v := tree.(type) {
	case []any:
		return slices.ContainsFunc(v, startsWithReturn)
	case map[string]any:
		if name, ok := v["name"].(string); ok && strings.EqualFold(name, "return") {
			return true
		}
		for _, part := range v {
			if startsWithReturn(part) {
				return true
			}
		}
	case string:
		return strings.EqualFold(v, "return")
	}
	return false
}

func onPurpose(err error) bool {
	for _, r := range refusals {
		if strings.Contains(err.Error(), r) {
			return true
		}
	}
	return false
}

type sample struct{ mode, src string }

// corpus is every text of the golden archives and every program that the
// machine is tested with.
func corpus(t testing.TB) []sample {
	paths, err := filepath.Glob("../testdata/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	modes := map[string]string{".hog": "program", ".expr": "expr", ".template": "template"}
	var list []sample
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if mode, ok := modes[filepath.Ext(f.Name)]; ok {
				list = append(list, sample{mode, strings.TrimSuffix(string(f.Data), "\n")})
			}
		}
	}
	programs, err := filepath.Glob("../testdata/programs/*.hog")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range programs {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, sample{"program", string(body)})
	}
	return list
}

// compareWithReference parses with both parsers and fails when one refuses
// what the other takes, or when the trees differ.
func compareWithReference(t *testing.T, reference *referenceParser, s sample) {
	t.Helper()
	theirs, refusal := reference.parse(t, s.mode, s.src)
	var ours any
	var err error
	text := source.New("t", s.src)
	switch s.mode {
	case "program":
		tree, e := parser.Program(text)
		if err = e; err == nil {
			ours = referenceProgram(tree)
		}
	case "expr":
		tree, e := parser.Expression(text)
		if err = e; err == nil {
			ours = expr(tree.Expr)
		}
	default:
		tree, e := parser.Template(text)
		if err = e; err == nil {
			ours = expr(tree.Expr)
		}
	}
	switch {
	case err != nil && refusal != "":
	case err != nil && (onPurpose(err) || readOnPurpose(theirs)):
	case err != nil:
		t.Errorf("%s %q\nreference: accepts\nours: %v", s.mode, s.src, err)
	case refusal != "":
		t.Errorf("%s %q\nreference: %s\nours: accepts", s.mode, s.src, refusal)
	case readOnPurpose(theirs):
	default:
		if diff := cmp.Diff(tidy(theirs), ours); diff != "" {
			t.Errorf("%s %q\n-reference +ours\n%s", s.mode, s.src, diff)
		}
	}
}

func TestCorpusAgainstReference(t *testing.T) {
	reference := startReference(t)
	for _, s := range corpus(t) {
		compareWithReference(t, reference, s)
	}
}

// pieces are strung together at random; many strings are valid programs.
var pieces = strings.Fields(`a b c x1 f( f( ( ) ) [ ] ] { } } , , .a .b ?.c ?.[ : ; ; 1 2.5 0 -1 'x' 'y' true null
	+ - * / % || == = != < > <= >= =~ !~* ~ ?? ? : and or not in like between is null -> x-> (x,y)-> ()-> := := let let
	if( if for( return fn g(){ while( throw try{ catch{ catch(e){ else else{ case when then end interval day f'a{ }' f'b'
	"q" x.1 not( distinct x,y-> lambda (x,) x->{ x->{} ()->{return {'k': let_v x:= a:=`)

var afterNumber = regexp.MustCompile(`[0-9] $`)

// TestRandomAgainstReference compares on random token strings, the same in each run.
func TestRandomAgainstReference(t *testing.T) {
	reference := startReference(t)
	random := rand.New(rand.NewPCG(7, 11))
	for range samples() {
		var b strings.Builder
		for range 1 + random.IntN(9) {
			piece := pieces[random.IntN(len(pieces))]
			// "1 .a" is two statements to the reference; that is left alone.
			if piece[0] == '.' && afterNumber.MatchString(b.String()) {
				continue
			}
			b.WriteString(piece)
			b.WriteString(" ")
		}
		mode := "program"
		if random.IntN(2) == 0 {
			mode = "expr"
		}
		compareWithReference(t, reference, sample{mode, b.String()})
	}
}

// samples is how many random texts are compared; PRICKLE_SAMPLES sets another number.
func samples() int {
	if n, err := strconv.Atoi(os.Getenv("PRICKLE_SAMPLES")); err == nil {
		return n
	}
	return 3000
}
