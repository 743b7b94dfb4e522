package compile_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/compile"
)

var update = flag.Bool("update", false, "rewrite the golden archives in hog/testdata/compile")

// known is what the archives named checked.txtar are compiled against.
var known = compile.Options{
	Functions: map[string]compile.Arity{
		"print": {Min: 0, Max: compile.Unbounded}, "upper": {Min: 1, Max: 1}, "substring": {Min: 2, Max: 3},
		"concat": {Min: 1, Max: compile.Unbounded},
	},
	Globals: map[string]bool{"event": true, "person": true, "inputs": true},
}

// TestGolden compiles the .hog, .expr and .template files of the archives. The
// file after each, with the extension .code, holds the reference's form, then
// the form for our own runs when it differs, then warnings; or with the
// extension .errors what is wrong.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../testdata/compile/*.txtar")
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
	var opts compile.Options
	if filepath.Base(path) == "checked.txtar" {
		opts = known
	}
	wanted := map[string]string{}
	var files []txtar.File
	for _, f := range archive.Files {
		switch filepath.Ext(f.Name) {
		case ".code", ".errors":
			wanted[f.Name] = string(f.Data)
			continue
		}
		name, got := describe(f.Name, strings.TrimSuffix(string(f.Data), "\n"), opts)
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

// describe compiles one file in both ways and returns the name and content of
// its result.
func describe(name, body string, opts compile.Options) (string, string) {
	kind := filepath.Ext(name)
	stem := strings.TrimSuffix(name, kind)
	opts.Exact = false
	own, info, err := compileText(kind, name, body, opts)
	if err != nil {
		return stem + ".errors", err.Error() + "\n"
	}
	opts.Exact = true
	exact, _, err := compileText(kind, name, body, opts)
	if err != nil {
		return stem + ".errors", err.Error() + "\n"
	}
	text := tokens(exact) + "\n"
	if tokens(own) != tokens(exact) {
		text += "own: " + tokens(own) + "\n"
	}
	if len(info.Warnings) > 0 {
		text += "warning: " + info.Warnings.Error() + "\n"
	}
	return stem + ".code", text
}
