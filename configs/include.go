package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

var byteOrderMark = []byte("\ufeff")

// readBounded reads a file as UTF-8 text without a byte order mark.
func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its other end
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		err = fmt.Errorf("the file is larger than %d KB", maxFileBytes>>10)
	}
	return bytes.TrimPrefix(text, byteOrderMark), err
}

// include reads the files that name includes. chain are the files that led to name, in absolute form and with it.
func (l *loader) include(n *node, name string, chain []string) {
	items := []*node{n}
	if n.kind == list {
		items = n.list
	}
	for _, item := range items {
		pattern, ok := l.text(item)
		if !ok {
			continue
		}
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(globQuote(filepath.Dir(name)), pattern)
		}
		for _, found := range l.match(item, pattern, chain) {
			l.included(item, found, chain)
		}
	}
}

// match lists the files that an item of include means. A pattern does not mean the files that include it.
func (l *loader) match(item *node, pattern string, chain []string) []string {
	found, err := filepath.Glob(pattern)
	isPattern := strings.ContainsAny(item.text, "*?[")
	switch {
	case err != nil:
		l.add(item.pos, "%s is no file pattern", quote(item.written)).Hint = "use * for any characters of a name"
	case len(found) == 0 && isPattern:
		l.add(item.pos, "no file matches %s", quote(item.written))
	case len(found) == 0:
		l.add(item.pos, "no such file: %s", quote(item.written)).Hint = "paths are relative to the file that includes"
	case isPattern:
		return slices.DeleteFunc(found, func(name string) bool {
			abs, err := filepath.Abs(name)
			return err == nil && slices.Contains(chain, abs)
		})
	}
	return found
}

func (l *loader) included(item *node, name string, chain []string) {
	abs, err := filepath.Abs(name)
	switch {
	case err != nil:
		l.add(item.pos, "%s: %v", quote(item.written), err)
	case slices.Contains(chain, abs):
		l.add(item.pos, "%s includes itself", quote(item.written)).Hint = "take it out of the include list"
	case l.read[abs]:
		// Two lists may name one file; its content counts once.
	case len(l.files.names) >= maxFiles:
		l.add(item.pos, "the project has more than %d files", maxFiles)
	default:
		n, ok := l.open(name, item.pos)
		if !ok || n == nil || n.empty() {
			return
		}
		if n.kind != mapping {
			l.add(n.pos, "an included file is a mapping, got %s", l.mentioned(n)).Hint = "begin with a line such as pipelines:"
			return
		}
		l.sections(n, name, chain)
	}
}

// globQuote keeps a folder's name from being taken for a pattern.
func globQuote(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// once reports a name that was given before, at another place. what is the name with its kind: `pipeline "web"`.
func (l *loader) once(what string, pos pipeline.Pos) bool {
	if first, ok := l.set[what]; ok {
		l.add(pos, "%s is given twice, first at %s", what, first)
		return false
	}
	l.set[what] = pos
	return true
}
