package parser_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

var update = flag.Bool("update", false, "rewrite the golden archives in hog/testdata/parse")

// TestGolden parses the file of each name in the archives. The extension says
// how: .hog a program, .expr an expression, .template a template. The file
// after it with the extension .tree holds the tree as text with all
// parentheses, or .errors what is wrong.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../testdata/parse/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
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
	wanted := map[string]string{}
	var files []txtar.File
	for _, f := range archive.Files {
		switch filepath.Ext(f.Name) {
		case ".tree", ".errors":
			wanted[f.Name] = string(f.Data)
			continue
		}
		name, got := describe(f.Name, strings.TrimSuffix(string(f.Data), "\n"))
		files = append(files, f, txtar.File{Name: name, Data: []byte(got)})
	}
	if *update {
		archive.Files = files
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i := 0; i < len(files); i += 2 {
		t.Run(files[i].Name, func(t *testing.T) {
			want, ok := wanted[files[i+1].Name]
			if !ok {
				t.Fatalf("no %s in the archive; got\n%s", files[i+1].Name, files[i+1].Data)
			}
			if diff := cmp.Diff(want, string(files[i+1].Data)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// describe parses one file and returns the name and content of its result.
func describe(name, body string) (string, string) {
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	text, err := reprint(filepath.Ext(name), name, body)
	if err != nil {
		return stem + ".errors", err.Error() + "\n"
	}
	return stem + ".tree", strings.TrimSuffix(text, "\n") + "\n"
}

// reprint parses a text of the given kind and prints its tree.
func reprint(kind, name, body string) (string, error) {
	text := source.New(name, body)
	if kind == ".hog" {
		tree, err := parser.Program(text)
		if err != nil {
			return "", err
		}
		return tree.Print(), nil
	}
	parse := parser.Expression
	if kind == ".template" {
		parse = parser.Template
	}
	tree, err := parse(text)
	if err != nil {
		return "", err
	}
	return tree.Print(), nil
}

func TestErrorsAreAList(t *testing.T) {
	_, err := parser.Program(source.New("a.hog", "let x = 1\nlet y := )\nlet z := &&\nreturn z"))
	var list source.ErrorList
	if !errors.As(err, &list) {
		t.Fatalf("got %T, want source.ErrorList", err)
	}
	var lines []int
	for _, e := range list {
		lines = append(lines, e.Line)
	}
	if diff := cmp.Diff([]int{1, 2, 3}, lines); diff != "" {
		t.Errorf("lines, -want +got\n%s\n%v", diff, err)
	}
}
