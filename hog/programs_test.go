package hog_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// defects lists the programs whose portable bytecode carries a defect of the reference's compiler, by
// its name in docs/hog/compatibility.md. What is compiled for our machine differs; the loaded bytecode must not.
var defects = map[string]string{
	"between":             "between works on absolute slots",
	"between_null":        "between works on absolute slots",
	"between_nested":      "between works on absolute slots",
	"for_empty_condition": "for without a condition",
	"if_two_arguments":    "if without else leaves nothing",
	"date_compare":        "between works on absolute slots",
	"precedence_logic":    "between works on absolute slots",
	"try_forms":           "a typed catch jumps one short",
	"try_typed_no_match":  "a typed catch jumps one short",
}

// intended lists the programs on which the machines are meant to differ, and why, by the name in
// docs/hog/compatibility.md.
var intended = map[string]string{
	"array_holes":               "holes are null",
	"array_text_index":          "lists have no property but length",
	"callbacks_null":            "null has no keys",
	"closures_compose":          "a closed cell is not used again",
	"compare_functions_null":    "null has no order",
	"regex_code_points":         "regular expressions are RE2",
	"sorting_negative":          "numbers sort as numbers",
	"closures_in_while":         "a closed cell is not used again",
	"closures_nested_callbacks": "a closed cell is not used again",
	"date_diff_long":            "dateDiff counts real time",
	"dict_order":                "dictionaries and records have no order",
	"json_integer_keys":         "integer keys keep their place",
	"null_ordering":             "null has no order",
	"null_strings":              "functions of texts take null",
	"null_tolerance":            "functions of texts take null",
	"return_function":           "hosts see functions as text",
	"sorting_numbers":           "numbers sort as numbers",
	"try_return_then_throw":     "return drops handlers",
}

// unportable is the program that bytecode in JSON cannot hold.
const unportable = "nan_infinity"

// hostTexts lists the programs that fail on both machines, where the reference's text is that of its host.
var hostTexts = map[string]bool{
	"in_dict": true, "in_null": true, "json_parse_error": true, "library_error_not_catchable": true, "regex_bad": true,
}

// outcome is what a run shows.
type outcome struct {
	Prints []string
	Result string
	JSON   string
	Error  string
}

// corpus is the programs by name, and the globals that they all see.
func corpus(t testing.TB) (programs map[string]string, globals string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "programs", "*.hog"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no programs in testdata: %v", err)
	}
	programs = map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		programs[strings.TrimSuffix(filepath.Base(path), ".hog")] = string(text)
	}
	data, err := os.ReadFile(filepath.Join("testdata", "programs", "globals.json"))
	if err != nil {
		t.Fatal(err)
	}
	return programs, string(data)
}

// globalsOf serves the fields of a JSON object as globals.
func globalsOf(t testing.TB, data string) func([]string) (hog.Value, bool, error) {
	t.Helper()
	v, err := hog.FromJSON([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	d, _ := v.AsDict()
	values := map[string]hog.Value{}
	for i := range d.Len() {
		key, value := d.At(i)
		values[key.String()] = value
	}
	return hog.GlobalsOf(values)
}

func observe(p *hog.Program, env hog.Env) outcome {
	o := outcome{Prints: []string{}}
	env.Print = func(line string) { o.Prints = append(o.Prints, line) }
	v, err := p.Run(context.Background(), env)
	if err != nil {
		o.Error = err.Error()
		if e, ok := errors.AsType[*hog.Error](err); ok {
			o.Error = e.Message
		}
		return o
	}
	o.Result = v.Display()
	if data, err := v.AppendJSON(nil); err == nil {
		o.JSON = string(data)
	}
	return o
}

// TestProgramsAgainstReference runs every program on the reference machine and on ours, here both as compiled for ours
// and as loaded from the portable bytecode.
func TestProgramsAgainstReference(t *testing.T) {
	ref := newReference(t)
	programs, globals := corpus(t)
	env := hog.Env{Global: globalsOf(t, globals), Now: time.Now, Rand: rand.Reader}
	for name, text := range programs {
		if name == unportable {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile(name+".hog", text)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := hog.Load(p.Bytecode())
			if err != nil {
				t.Fatal(err)
			}
			a := ref.run(t, p.Bytecode(), globals)
			want := outcome(a)
			ours, asLoaded := observe(p, env), observe(loaded, env)
			if hostTexts[name] && want.Error != "" && ours.Error != "" {
				want.Error, asLoaded.Error = ours.Error, ours.Error
			}
			expect(t, "compiled", cmp.Diff(want, ours), defects[name]+intended[name])
			expect(t, "loaded", cmp.Diff(want, asLoaded), intended[name])
		})
	}
}

// expect fails for a difference without a reason, and for a reason without a difference.
func expect(t *testing.T, form, diff, reason string) {
	t.Helper()
	switch {
	case diff != "" && reason == "":
		t.Errorf("%s: differs (-reference +ours):\n%s", form, diff)
	case diff == "" && reason != "":
		t.Errorf("%s: is listed as a difference (%s) but agrees", form, reason)
	}
}
