//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHogFmtKeepsTheFile formats a file that has another name, another owner and a mode of its own: all stay.
func TestHogFmtKeepsTheFile(t *testing.T) {
	dir := project(t, map[string]string{"a.hog": "let   x:=1"})
	path, link := filepath.Join(dir, "a.hog"), filepath.Join(dir, "b.txt")
	err := errors.Join(os.Link(path, link), os.Chmod(path, 0o604))
	if os.Geteuid() == 0 { // nobody else can give files away
		err = errors.Join(err, os.Chown(path, 4321, 1234))
	}
	before, statErr := os.Stat(path)
	if err := errors.Join(err, statErr); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run(t, "hog", "fmt", path); code != 0 || !strings.Contains(out, "a.hog") {
		t.Fatalf("exit code %d\n%s%s", code, out, errOut)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		if text, err := os.ReadFile(name); err != nil || string(text) != "let x := 1\n" {
			t.Errorf("%s has %q, %v", name, text, err)
		}
	}
	owner := func(i fs.FileInfo) string {
		s := i.Sys().(*syscall.Stat_t)
		return fmt.Sprint(s.Uid, s.Gid)
	}
	if !os.SameFile(before, after) || before.Mode() != after.Mode() || owner(before) != owner(after) {
		t.Errorf("before: %v of %s\nafter: %v of %s, the same file: %t", before.Mode(), owner(before), after.Mode(), owner(after), os.SameFile(before, after))
	}
	if left := names(t, dir); strings.Join(left, " ") != "a.hog b.txt" {
		t.Errorf("in the folder: %v", left)
	}
}

// TestHogFmtSavesTheText lets writing fail in the middle, by a limit on the size of files: the old text is there.
func TestHogFmtSavesTheText(t *testing.T) {
	text := strings.Repeat("{", 90) + "a" + strings.Repeat("}", 90) // which grows with its indents
	dir := project(t, map[string]string{"deep.hog": text})
	cmd := exec.Command("sh", "-c", `ulimit -f 2 && exec "$0" hog fmt deep.hog`, os.Args[0])
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asCommand+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "has what was in it") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range names(t, dir) {
		if saved, err := os.ReadFile(filepath.Join(dir, name)); err == nil && strings.HasPrefix(name, ".deep.hog.before-fmt-") {
			if string(saved) != text {
				t.Errorf("saved is %q", saved)
			}
			return
		}
	}
	t.Errorf("nothing is saved: %v", names(t, dir))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
