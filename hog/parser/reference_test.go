package parser_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
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
	"a table has one alias", "a query stands in parentheses",
	"expected `]` after the index, found `,`", // a list of one after a value
	"expected `then`, found",                  // a name `case` before a call of a function `when`
}

// shapes are texts that we refuse with a message of which the text must be the reason, where the message alone could hide a real difference.
var shapes = []struct {
	message string
	text    *regexp.Regexp
}{
	{"expected `end`, found", regexp.MustCompile(`\bcase\s*when\s*\(`)},                        // names `case`, `when` and `then`, the latter two called
	{"expected `:` after the key of a dictionary, found", regexp.MustCompile(`\breturn\s*\{`)}, // `return` of nothing, and a block behind it
	{"expected `]` or `,` in the array, found", regexp.MustCompile(`[\[-]\s*not\s+i?like\b`)},  // a name `not`, compared
	{"expected a property name after the dot", spacedNumber},
}

// nobodyMeans reports whether we refuse a text of such a shape.
func nobodyMeans(err error, src string) bool {
	for _, s := range shapes {
		if strings.Contains(err.Error(), s.message) && s.text.MatchString(src) {
			return true
		}
	}
	return false
}

// readOnPurpose are parts of reference trees that ours has no like of: a lone
// return or assignment in the braces of a lambda, or an assignment after a minus,
// which it reads as a variable or an argument with a name, and ours as the
// statement; no compiler takes the latter.
func readOnPurpose(tree any) bool {
	switch v := tree.(type) {
	case []any:
		return slices.ContainsFunc(v, readOnPurpose)
	case map[string]any:
		if v["node"] == "Placeholder" && (isNamedArgument(v["expr"]) || startsWithReturn(v["expr"])) {
			return true
		}
		if v["node"] == "ArithmeticOperation" && isNamedArgument(v["right"]) {
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

// hasStar reports whether a tree has a star. Where ours misses an operand after
// *, the reference starts a statement with it.
func hasStar(tree any) bool {
	switch v := tree.(type) {
	case []any:
		return slices.ContainsFunc(v, hasStar)
	case map[string]any:
		chain, _ := v["chain"].([]any)
		if len(chain) == 1 && chain[0] == "*" {
			return true
		}
		for _, part := range v {
			if hasStar(part) {
				return true
			}
		}
	}
	return false
}

func isNamedArgument(tree any) bool {
	v, ok := tree.(map[string]any)
	return ok && v["node"] == "NamedArgument"
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
	var paths []string
	for _, folder := range []string{"parse", "compile"} {
		found, err := filepath.Glob("../testdata/" + folder + "/*.txtar")
		if err != nil || len(found) == 0 {
			t.Fatalf("no archives: %v", err)
		}
		paths = append(paths, found...)
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
	if v := judge(t, reference, s); v.differs() {
		t.Error(v)
	}
}

// How texts are judged that do not differ, or that differ on purpose.
const (
	bothAccept    = "both accept, with the same tree"
	bothRefuse    = "both refuse"
	crashed       = "the reference's parser crashed, which says nothing about the text"
	notMeant      = "we refuse what the reference reads and nobody means"
	noCounterpart = "both accept, and the reference's tree has parts that ours has no like of"
)

// verdict is what two parsers made of a text; kind is "" when they differ.
type verdict struct {
	sample
	kind         string
	refusal      string // of the reference
	err          error  // ours
	theirs, ours any
}

func (v verdict) differs() bool { return v.kind == "" }

// String tells how the parsers differ.
func (v verdict) String() string {
	switch {
	case v.err != nil:
		return fmt.Sprintf("%s %q\nreference: accepts\nours: %v", v.mode, v.src, v.err)
	case v.refusal != "":
		return fmt.Sprintf("%s %q\nreference: %s\nours: accepts", v.mode, v.src, v.refusal)
	}
	return fmt.Sprintf("%s %q\n-reference +ours\n%s", v.mode, v.src, cmp.Diff(v.theirs, v.ours))
}

// judge parses with both parsers.
func judge(t *testing.T, reference *referenceParser, s sample) verdict {
	t.Helper()
	theirs, refusal := reference.parse(t, s.mode, s.src)
	v := verdict{sample: s, refusal: refusal}
	if strings.Contains(refusal, "parser failed") {
		v.kind = crashed
		return v
	}
	v.ours, v.err = parseLikeReference(s)
	purposely := readOnPurpose(theirs)
	v.theirs = tidy(theirs)
	switch {
	case v.err != nil && refusal != "":
		v.kind = bothRefuse
	case v.err != nil && nobodyMeans(v.err, s.src):
		v.kind = notMeant
	case v.err != nil && (onPurpose(v.err) || purposely || strings.Contains(v.err.Error(), "expected an expression, found") && hasStar(v.theirs)):
		v.kind = notMeant
	case v.err != nil || refusal != "":
	case purposely:
		v.kind = noCounterpart
	case reflect.DeepEqual(v.theirs, v.ours):
		v.kind = bothAccept
	}
	return v
}

// spacedNumber is a number whose dot stands apart, which the reference reads like one whose dot does not when nothing follows.
var spacedNumber = regexp.MustCompile(`[0-9]\s+\.`)

// parseLikeReference is our tree in the reference's shape.
func parseLikeReference(s sample) (any, error) {
	text := source.New("t", s.src)
	if s.mode == "program" {
		tree, err := parser.Program(text)
		if err != nil {
			return nil, err
		}
		return referenceProgram(tree), nil
	}
	parse := parser.Template
	if s.mode == "expr" {
		parse = parser.Expression
	}
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	return referenceTree(tree.Expr), nil
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
