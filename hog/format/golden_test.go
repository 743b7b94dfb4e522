package format_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/format"
)

var update = flag.Bool("update", false, "rewrite the golden archives in hog/testdata/format")

// TestGolden formats each program of the archives. The file after it holds the result under the extension .want, or under .errors why
// there is none.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../testdata/format/*.txtar")
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
		if filepath.Ext(f.Name) != ".hog" {
			wanted[f.Name] = string(f.Data)
			continue
		}
		name := strings.TrimSuffix(f.Name, ".hog")
		result := txtar.File{Name: name + ".want"}
		if result.Data, err = format.Source(f.Name, f.Data); err != nil {
			result = txtar.File{Name: name + ".errors", Data: []byte(err.Error() + "\n")}
		} else {
			check(t, string(f.Data))
		}
		files = append(files, f, result)
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
