package hogcase_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/pipeline/hogcase"
)

var update = flag.Bool("update", false, "rewrite what the archives in testdata want")

// unpack writes the files of an archive into a folder of its own and makes that the current one, so that messages have short names.
func unpack(t *testing.T, archive string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range txtar.Parse([]byte(archive)).Files {
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// report is what came of a suite, a line for each failure or mistake.
func report(t *testing.T, path string) string {
	t.Helper()
	s, err := hogcase.Load(path)
	if err != nil {
		return mistakes(err)
	}
	var b strings.Builder
	for _, r := range s.Run(t.Context(), func(string) bool { return true }) {
		if len(r.Failures) == 0 {
			fmt.Fprintf(&b, "%s: passed\n", r.Name)
		}
		for _, f := range r.Failures {
			fmt.Fprintf(&b, "%s: %d:%d %s: got %s, want %s\n", r.Name, f.Pos.Line, f.Pos.Col, f.What, f.Got, f.Want)
		}
	}
	return b.String()
}

// TestRun runs p.test.yaml of each archive and compares what comes of it, or its mistakes, with the file want.
func TestRun(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 15 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	for _, path := range archives {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			unpack(t, string(txtar.Format(archive)))
			want := &archive.Files[len(archive.Files)-1]
			got := report(t, "p.test.yaml")
			if *update {
				want.Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The same seed gives the same random values, another one others.
func TestSeed(t *testing.T) {
	unpack(t, `
-- p.hog --
return generateUUIDv4()
-- p.test.yaml --
cases:
  - {name: none, result: a}
  - {name: zero, seed: 0, result: a}
  - {name: one, seed: 1, result: a}
`)
	got := map[string]string{}
	for line := range strings.Lines(report(t, "p.test.yaml")) {
		name, rest, _ := strings.Cut(line, ":")
		_, got[name], _ = strings.Cut(rest, "got ")
	}
	if got["none"] != got["zero"] || got["zero"] == got["one"] || len(got["one"]) < 36 {
		t.Errorf("got %q", got)
	}
}
