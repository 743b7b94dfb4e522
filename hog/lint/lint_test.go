package lint_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/lint"
	"github.com/prickle-dev/prickle/hog/source"
)

var update = flag.Bool("update", false, "rewrite docs/hog/lint.md and the golden archives in hog/testdata/lint")

// transform is what functions of transforms see.
var transform = lint.Options{
	Functions: []string{"cleanNullValues"}, Globals: []string{"event", "project", "source"}, Transform: true,
}

// show is the findings as the command prints them.
func show(found []lint.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

// The examples of every rule: the bad one has findings of that rule and no others, the good one has none.
func TestRules(t *testing.T) {
	for _, r := range lint.Rules() {
		t.Run(r.Name, func(t *testing.T) {
			opts := transform
			opts.Transform = r.Transform()
			bad := lint.Check(source.New("bad.hog", r.Bad), opts)
			if len(bad) == 0 || slices.ContainsFunc(bad, func(f lint.Finding) bool { return f.Rule != r.Name }) {
				t.Errorf("bad example\n got %s\nwant findings of %s alone", show(bad), r.Name)
			}
			if good := lint.Check(source.New("good.hog", r.Good), opts); len(good) > 0 {
				t.Errorf("good example\n got %swant nothing", show(good))
			}
			if r.Doc == "" || strings.Contains(r.Doc, "\n") {
				t.Errorf("want one line that describes the rule, got %q", r.Doc)
			}
			opts.Disabled = []string{r.Name}
			if off := lint.Check(source.New("bad.hog", r.Bad), opts); slices.ContainsFunc(off, func(f lint.Finding) bool { return f.Rule == r.Name }) {
				t.Errorf("disabled\n got %swant nothing of %s", show(off), r.Name)
			}
		})
	}
}

// TestGolden lints the programs of the archives. The file after each, with the extension .findings, holds what is found.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../testdata/lint/*.txtar")
	if err != nil || len(archives) < 5 {
		t.Fatalf("only %d archives: %v", len(archives), err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { golden(t, path) })
	}
}

func golden(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	opts := transform
	opts.Transform = filepath.Base(path) == "transform.txtar"
	wanted := map[string]string{}
	var files []txtar.File
	for _, f := range archive.Files {
		name, isProgram := strings.CutSuffix(f.Name, ".hog")
		if !isProgram {
			wanted[f.Name] = string(f.Data)
			continue
		}
		got := show(lint.Check(source.New(f.Name, string(f.Data)), opts))
		files = append(files, f, txtar.File{Name: name + ".findings", Data: []byte(got)})
	}
	if *update {
		archive.Files = files
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, f := range files {
		if want, ok := wanted[f.Name]; ok || strings.HasSuffix(f.Name, ".findings") {
			if diff := cmp.Diff(want, string(f.Data)); diff != "" {
				t.Errorf("%s: -want +got\n%s", f.Name, diff)
			}
		}
	}
}

// The functions of the example projects are clean.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob("../../configs/examples/*/functions/*.hog")
	if err != nil || len(paths) < 5 {
		t.Fatalf("only %d functions: %v", len(paths), err)
	}
	for _, path := range paths {
		if found := check(t, path); len(found) > 0 {
			t.Errorf("got %swant nothing", show(found))
		}
	}
}

func check(t *testing.T, path string) []lint.Finding {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return lint.Check(source.New(path, string(text)), transform)
}

// docs/hog/lint.md is made of the table; -update rewrites it.
func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Rules of `prickle hog lint`\n\nMade from the table of rules by `go test ./hog/lint -run TestDocs -update`. Every example is run as a test. [Tools](tools.md) tells how\n" +
		"to run it and how to mark what is meant.\n\nWhat does not compile is reported under the name `error`, which cannot be switched off.\n")
	for _, r := range lint.Rules() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```\n%s\n```\n\nWrite instead:\n\n```hog\n%s\n```\n", r.Name, r.Doc, r.Bad, r.Good)
	}
	const path = "../../docs/hog/lint.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(have)); diff != "" {
		t.Errorf("run with -update: -want +got\n%s", diff)
	}
}
