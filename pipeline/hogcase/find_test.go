package hogcase_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline/hogcase"
)

// mistakes are the mistakes of an error, one a line, without their source lines.
func mistakes(err error) string {
	var b strings.Builder
	for _, e := range configs.AsErrors(err) {
		e.Snippet = ""
		b.WriteString(e.Error() + "\n")
	}
	return b.String()
}

const tree = `
-- a.hog --
-- a.test.yaml --
-- b.hog --
-- sub/c.hog --
-- sub/c.test.yaml --
-- sub/alone.test.yaml --
-- sub/notes.yaml --
-- .git/d.test.yaml --
-- node_modules/e.test.yaml --
`

func TestFind(t *testing.T) {
	for args, want := range map[string]string{
		".":                      "a.test.yaml sub/alone.test.yaml sub/c.test.yaml | b.hog",
		"sub":                    "sub/alone.test.yaml sub/c.test.yaml | ",
		"a.hog b.hog":            "a.test.yaml | b.hog",
		"a.test.yaml . ./a.hog":  "a.test.yaml sub/alone.test.yaml sub/c.test.yaml | b.hog",
		".git":                   ".git/d.test.yaml | ",
		"sub/c.hog sub/../a.hog": "a.test.yaml sub/c.test.yaml | ",
	} {
		unpack(t, tree)
		found, err := hogcase.Find(strings.Fields(args))
		if err != nil {
			t.Errorf("%s: %v", args, err)
		}
		if diff := cmp.Diff(want, strings.Join(found.Tests, " ")+" | "+strings.Join(found.Untested, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
}

func TestFindMistakes(t *testing.T) {
	unpack(t, tree+"-- sub/f.test.yml --\n")
	_, err := hogcase.Find([]string{"nowhere", "sub/notes.yaml", ".", "a.hog"})
	want := `nowhere: no such file or folder
sub/notes.yaml: want a folder, a .hog file or a .test.yaml file
sub/f.test.yml: names of test files end in .test.yaml; rename it to sub/f.test.yaml
`
	if diff := cmp.Diff(want, mistakes(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := hogcase.Load("missing.test.yaml"); !errors.As(err, &configs.Errors{}) || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v", err)
	}
}

// What is no file is left alone: reading a pipe would wait for ever.
func TestFindLeavesPipesAlone(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("mkfifo", filepath.Join(dir, "p.hog")).Run(); err != nil {
		t.Fatal(err)
	}
	found, err := hogcase.Find([]string{dir})
	if err != nil || len(found.Programs) != 0 {
		t.Errorf("got %v, %v; want nothing", found.Programs, err)
	}
}
