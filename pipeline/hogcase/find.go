package hogcase

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// Found is what Find came across.
type Found struct {
	// Tests are the test files, Programs the programs, Untested those of them that have no test file; all sorted.
	Tests, Programs, Untested []string
}

// Find collects test files and programs: those in folders and below, and those that are named. Naming a program means its test file.
// Folders whose names begin with a dot and node_modules are left out. Mistakes are *pipeline.ConfigError, joined.
func Find(paths []string) (Found, error) {
	var f finder
	var errs []error
	for _, path := range paths {
		errs = append(errs, f.add(path))
	}
	slices.Sort(f.tests)
	slices.Sort(f.programs)
	found := Found{Tests: slices.Compact(f.tests), Programs: slices.Compact(f.programs)}
	for _, program := range found.Programs {
		test := strings.TrimSuffix(program, ".hog") + Suffix
		if _, has := slices.BinarySearch(found.Tests, test); !has {
			found.Untested = append(found.Untested, program)
		}
	}
	return found, errors.Join(errs...)
}

type finder struct{ tests, programs []string }

func (f *finder) add(path string) error {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &pipeline.ConfigError{Pos: pipeline.Pos{File: path}, Message: "no such file or folder"}
	case err != nil:
		return &pipeline.ConfigError{Message: err.Error()}
	case info.IsDir():
		return f.walk(path)
	}
	known, err := f.file(path)
	if err == nil && !known {
		err = &pipeline.ConfigError{Pos: pipeline.Pos{File: path}, Message: "want a folder, a .hog file or a " + Suffix + " file"}
	}
	if test := strings.TrimSuffix(path, ".hog") + Suffix; known && strings.HasSuffix(path, ".hog") {
		if _, statErr := os.Stat(test); statErr == nil {
			f.tests = append(f.tests, test)
		}
	}
	return err
}

func (f *finder) walk(root string) error {
	var errs []error
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			errs = append(errs, &pipeline.ConfigError{Message: err.Error()})
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0:
			_, err := f.file(path)
			errs = append(errs, err)
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// file takes a file by its name and reports whether it is one to take.
func (f *finder) file(path string) (known bool, err error) {
	switch {
	case strings.HasSuffix(path, Suffix):
		f.tests = append(f.tests, path)
	case strings.HasSuffix(path, ".hog"):
		f.programs = append(f.programs, path)
	case strings.HasSuffix(path, ".test.yml"):
		wrong := &pipeline.ConfigError{Pos: pipeline.Pos{File: path}, Message: "names of test files end in " + Suffix}
		wrong.Hint = "rename it to " + strings.TrimSuffix(path, ".test.yml") + Suffix
		return true, wrong
	default:
		return false, nil
	}
	return true, nil
}
