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
		err := openData(dir)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("format file %q\n got %v\nwant %s", content, err, want)
		}
	}
}

func TestDataFormatIsWrittenOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := openData(dir); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, formatFile)); err != nil || string(text) != "3\n" {
		t.Errorf("format file\n got %q, %v\nwant 3", text, err)
	}
	if err := openData(filepath.Join(dir, formatFile)); err == nil || !strings.Contains(err.Error(), "data folder") {
		t.Errorf("a file in place of the folder\n got %v\nwant an error of the data folder", err)
	}
}
