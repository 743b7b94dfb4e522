package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// The test files that pages show pass on the programs that they show.
func TestDocsHogTests(t *testing.T) {
	n := 0
	for _, path := range pages(t) {
		files := map[string]string{}
		for _, b := range blocks(page(t, path)) {
			if name := b.file(); strings.HasSuffix(name, ".test.yaml") || strings.HasSuffix(name, ".hog") {
				files[name] = b.text
			}
		}
		tests := 0
		for name := range files {
			if strings.HasSuffix(name, ".test.yaml") {
				tests++
			}
		}
		if tests == 0 {
			continue
		}
		n += tests
		if code, out, errOut := run(t, "hog", "test", project(t, files)); code != 0 {
			t.Errorf("%s: exit code %d\n%s%s", filepath.Base(path), code, out, errOut)
		}
	}
	if n < 2 {
		t.Errorf("only %d test files found", n)
	}
}
