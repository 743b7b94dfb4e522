package repl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mostHistory is how many lines are kept.
const mostHistory = 1000

// History is the inputs that were read before, each as one line. It is not safe for concurrent use.
type History struct {
	lines []string
	path  string
}

// NewHistory returns a history that is kept in a file, which only its owner can read; with an empty path it is kept in
// memory. The error says why there is no file; the history can be used all the same.
func NewHistory(path string) (*History, error) {
	h := &History{}
	if path == "" {
		return h, nil
	}
	if err := h.load(path); err != nil {
		return h, err
	}
	h.path = path
	return h, nil
}

// load reads the file, and makes it new when most of it is too old to be kept.
func (h *History) load(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range strings.Lines(string(text)) {
		h.keep(strings.TrimSuffix(line, "\n"))
	}
	if strings.Count(string(text), "\n") > 2*mostHistory {
		fresh := path + ".new"
		if err := os.WriteFile(fresh, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600); err != nil {
			return err
		}
		return os.Rename(fresh, path)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(0o600), file.Close())
}

func (h *History) keep(line string) {
	h.lines = append(h.lines, line)
	h.lines = h.lines[max(0, len(h.lines)-mostHistory):]
}

// Add keeps a line, unless it is empty or the last one again.
func (h *History) Add(line string) {
	if strings.TrimSpace(line) == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.keep(line)
	if h.path == "" {
		return
	}
	if err := appendLine(h.path, line); err != nil {
		h.path = "" // the rest of the session does without
	}
}

func appendLine(path, line string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(line + "\n")
	return errors.Join(err, file.Close())
}

// Len is the number of lines.
func (h *History) Len() int { return len(h.lines) }

// At is a line; 0 is the newest.
func (h *History) At(i int) string { return h.lines[len(h.lines)-1-i] }
