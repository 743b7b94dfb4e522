package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDataFormat(t *testing.T) {
	for content, want := range map[string]string{
		"1\n":    "",
		"4\n":    `has format 4, and this binary knows formats up to 3: use the newer binary that wrote it, or another data folder`,
		"":       `its file "format" holds "" instead of a version`,
		"newest": `its file "format" holds "newest" instead of a version`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, formatFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := openData(dir, true)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("format file %q\n got %v\nwant %s", content, err, want)
		}
	}
}

// The format is that of what is in the folder, and never goes back.
func TestDataFormatIsWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for _, step := range []struct {
		bus  bool
		want string
	}{{false, "2\n"}, {false, "2\n"}, {true, "3\n"}, {true, "3\n"}, {false, "3\n"}} {
		if err := openData(dir, step.bus); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, formatFile)); err != nil || string(text) != step.want {
			t.Errorf("with the embedded bus %v: format file\n got %q, %v\nwant %q", step.bus, text, err, step.want)
		}
	}
	if err := openData(filepath.Join(dir, formatFile), true); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("a file in place of the folder\n got %v\nwant an error of the data folder", err)
	}
}
