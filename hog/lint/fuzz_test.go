package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prickle-dev/prickle/hog/lint"
	"github.com/prickle-dev/prickle/hog/source"
)

// FuzzCheck lints any text. Every finding has a known rule and stands in the text.
func FuzzCheck(f *testing.F) {
	for _, r := range lint.Rules() {
		f.Add(r.Bad)
		f.Add(r.Good)
	}
	paths, err := filepath.Glob("../testdata/programs/*.hog")
	if err != nil || len(paths) < 100 {
		f.Fatalf("only %d programs: %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("let f := sql(x -> { let a := 1; a := 2 })\nreturn (select {y -> { let b := 1 }} from t)")
	known := map[string]bool{lint.RuleError: true}
	for _, r := range lint.Rules() {
		known[r.Name] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, found := range lint.Check(source.New("f.hog", text), transform) {
			if !known[found.Rule] || found.Message == "" || found.Span.Start < 0 || found.Span.Stop() > len(text) {
				t.Errorf("%s: rule %q, span %v of %d bytes", found, found.Rule, found.Span, len(text))
			}
		}
	})
}
