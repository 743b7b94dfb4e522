package app

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// A large file counts by its contents, and its text is not remembered.
func TestFingerprintOfLargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.mmdb")
	of := func(last byte) fingerprint {
		t.Helper()
		if err := os.WriteFile(path, append(make([]byte, largeFile), last), 0o600); err != nil {
			t.Fatal(err)
		}
		p := prints{files: map[string][]byte{}}
		print := p.of(struct{ Database pipeline.File }{pipeline.File{Path: path}})
		if text, known := p.files[path]; !known || len(text) > 0 {
			t.Errorf("the file is known: %v, with %d bytes", known, len(text))
		}
		return print
	}
	if of(1) == of(2) {
		t.Error("a change of the file changes nothing")
	}
}
