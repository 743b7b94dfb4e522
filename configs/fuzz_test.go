package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/configs"
)

// FuzzLoad loads and decodes any text. Nothing panics, every mistake stands at a place of the file, the order holds, and what a variable
// held is in no message.
func FuzzLoad(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".yaml") {
				f.Add(file.Data)
			}
		}
	}
	const secret = "hunter2-hunter2"
	dir := f.TempDir()
	path := filepath.Join(dir, "prickle.yaml")
	opts := options(nil)
	opts.Env = func(name string) (string, bool) { return secret, len(name) < 3 }
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Contains(string(text), "hunter") || strings.Contains(string(text), "..") {
			return
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := decode(path, opts)
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows a variable's content:\n%v", err)
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + 1
		last := 0
		for _, e := range configs.AsErrors(err) {
			if e.Pos.File != path {
				continue
			}
			if e.Pos.Line > lines+1 || e.Pos.Line < last {
				t.Errorf("line %d after %d of %d: %v", e.Pos.Line, last, lines, e)
			}
			last = e.Pos.Line
		}
	})
}
