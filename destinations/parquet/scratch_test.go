//go:build unix

package parquet

import (
	"io"
	"os"
	"testing"
)

// A process that is killed leaves nothing behind: the file has no name while it is open.
func TestScratchHasNoName(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	f, err := newScratch()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("rows"); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("beside an open file\n got %v, %v\nwant an empty folder", left, err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); string(text) != "rows" || err != nil {
		t.Errorf("what was written\n got %q, %v\nwant rows", text, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
