package capture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Every row of testdata/spec.txt has a test, or the reason why it is not built.
func TestSpecIsTested(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "spec.txt"))
	if err != nil {
		t.Fatal(err)
	}
	tests, texts := testSources(t)
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, "|")
		if len(parts) != 3 {
			t.Errorf("want name | what it is about | where it is tested:\n%s", line)
			continue
		}
		name, where := strings.TrimSpace(parts[0]), strings.TrimSpace(parts[2])
		if seen[name] {
			t.Errorf("%s stands there twice", name)
		}
		seen[name] = true
		if problem := untested(name, where, tests, texts); problem != "" {
			t.Errorf("%s: %s", name, problem)
		}
	}
	for name := range texts {
		if isRow(name) && !seen[name] {
			t.Errorf("a test names %q, which is no row of testdata/spec.txt", name)
		}
	}
	if len(seen) < 200 {
		t.Errorf("%d rows: the list is not whole", len(seen))
	}
}

// untested says why nothing tests a row, or "".
func untested(name, where string, tests, texts map[string]bool) string {
	switch reason, unbuilt := strings.CutPrefix(where, "-"); {
	case unbuilt && len(reason) < 10:
		return "say why it is not built"
	case unbuilt && texts[name]:
		return "is said not to be built, and a test names it"
	case unbuilt:
	case where == "":
		if !texts[name] {
			return "no test names it"
		}
	case strings.HasSuffix(where, ".json"):
		if _, err := os.Stat(filepath.Join("testdata", "recorded", filepath.FromSlash(where))); err != nil {
			return "there is no recording " + where
		}
	case strings.Contains(where, ".Test"):
		if !testedElsewhere(where) {
			return "there is no test " + where
		}
	case !tests[where]:
		return "there is no test " + where
	}
	return ""
}

// testedElsewhere reports whether another package has a test: the package's folder, a dot and the test's name.
func testedElsewhere(where string) bool {
	folder, name, _ := strings.Cut(where, ".")
	paths, _ := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*_test.go"))
	for _, path := range paths {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}

// isRow reports whether a text looks like a row's name: two numbers and words.
func isRow(text string) bool {
	number, rest, found := strings.Cut(text, " ")
	section, row, dotted := strings.Cut(number, ".")
	_, err1 := strconv.Atoi(section)
	_, err2 := strconv.Atoi(row)
	return found && dotted && rest != "" && err1 == nil && err2 == nil
}

// testSources finds the tests of this package and of those below it, and the texts in them.
func testSources(t *testing.T) (tests, texts map[string]bool) {
	t.Helper()
	tests, texts = map[string]bool{}, map[string]bool{}
	for _, pattern := range []string{"*_test.go", "*/*_test.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no tests match %s: %v", pattern, err)
		}
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					tests[n.Name.Name] = n.Recv == nil && strings.HasPrefix(n.Name.Name, "Test")
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
						texts[text] = true
					}
				}
				return true
			})
		}
	}
	return tests, texts
}
