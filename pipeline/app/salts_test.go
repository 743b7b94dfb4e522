package app

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// Processes that ask at once get the same salt, which survives a restart until its day is forgotten; then nothing of it is left on disk.
func TestSalts(t *testing.T) {
	dir := t.TempDir()
	b := openBus(t, dir)
	ctx := t.Context()
	if err := (&salts{b.Secrets()}).Forget(ctx, "2026-03-02"); err != nil {
		t.Errorf("with nothing to forget: %v", err)
	}
	got := make([][]byte, 8)
	var group sync.WaitGroup
	for i := range got {
		group.Go(func() {
			salt, err := (&salts{b.Secrets()}).Salt(ctx, "2026-03-01")
			if err != nil {
				t.Error(err)
			}
			got[i] = salt
		})
	}
	group.Wait()
	first := got[0]
	for _, salt := range got {
		if len(salt) != saltBytes || !bytes.Equal(salt, first) {
			t.Errorf("salts differ: %x and %x", salt, first)
		}
	}
	other, err := (&salts{b.Secrets()}).Salt(ctx, "2026-03-02")
	if err != nil || bytes.Equal(other, first) {
		t.Errorf("the salt of another day: %x, %v", other, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if !onDisk(t, dir, first) {
		t.Error("the salt is not looked for where it is")
	}

	b = openBus(t, dir)
	s := &salts{b.Secrets()}
	if again, err := s.Salt(ctx, "2026-03-01"); err != nil || !bytes.Equal(again, first) {
		t.Errorf("after a restart\n got %x, %v\nwant %x", again, err, first)
	}
	if err := s.Forget(ctx, "2026-03-02"); err != nil {
		t.Fatal(err)
	}
	if keys, err := s.secrets.Keys(ctx); err != nil || !slices.Equal(keys, []string{"salt.2026-03-02"}) {
		t.Errorf("kept: %v, %v", keys, err)
	}
	if onDisk(t, dir, first) || !onDisk(t, dir, other) {
		t.Error("a salt that was forgotten is on disk, or one that was not is gone")
	}
	if fresh, err := s.Salt(ctx, "2026-03-01"); err != nil || bytes.Equal(fresh, first) {
		t.Errorf("a salt that was forgotten is there again: %x, %v", fresh, err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, first) {
		t.Error("a salt that was forgotten is on disk after the end")
	}
}

// onDisk reports whether any file below dir holds the bytes.
func onDisk(t *testing.T, dir string, secret []byte) (found bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		found = found || bytes.Contains(text, secret)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
