package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/format"
	"github.com/prickle-dev/prickle/pipeline/hogcase"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
)

func newHogFmt(p *projectFlag) *cobra.Command {
	o := hogFmt{std: p.std}
	cmd := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Format Hog programs",
		Long: `Writes Hog programs in the one layout that all have: the named .hog files, those in the named folders and below, and without a name
those in this folder. It prints the names of the files that it has changed. For - it formats standard input to standard output. Comments
are kept, and the meaning never changes. A file with a mistake stays as it is and makes the exit code 1.`,
		Example: `  prickle hog fmt
  prickle hog fmt --check functions
  prickle hog fmt - < enrich.hog`,
		RunE: func(_ *cobra.Command, args []string) error { return o.run(args) },
	}
	cmd.Flags().BoolVar(&o.check, "check", false, "change nothing, list the files that would change, exit code 1 if there are any")
	cmd.Flags().BoolVar(&o.diff, "diff", false, "change nothing, print what would change")
	return cmd
}

// hogFmt is one run of the command.
type hogFmt struct {
	std         streams
	check, diff bool
	// failed says that a file could not be formatted, or that one is not formatted when that is asked.
	failed bool
}

func (o *hogFmt) run(args []string) error {
	paths := []string{stdin}
	switch {
	case !slices.Contains(args, stdin):
		if len(args) == 0 {
			args = []string{"."}
		}
		found, err := hogcase.Find(args)
		if err != nil {
			o.fail(err)
		} else if len(found.Programs) == 0 {
			return fmt.Errorf("no .hog files in %s", strings.Join(args, ", "))
		}
		paths = found.Programs
	case len(args) > 1:
		return errors.New("standard input (-) can only be formatted alone")
	}
	for _, path := range paths {
		o.file(path)
	}
	if o.failed {
		return errSilent
	}
	return nil
}

func (o *hogFmt) fail(err error) {
	o.failed = true
	printError(o.std.err, err)
}

// file formats one file and does with the result what is asked.
func (o *hogFmt) file(path string) {
	text, name, err := o.std.read(path)
	if err != nil {
		o.fail(err)
		return
	}
	formatted, err := format.Source(name, text)
	if err != nil {
		o.fail(err)
		return
	}
	if err := o.finish(path, name, text, formatted); err != nil {
		o.fail(err)
	}
}

func (o *hogFmt) finish(path, name string, text, formatted []byte) error {
	changed := !bytes.Equal(text, formatted)
	if o.check && changed {
		o.failed = true
	}
	switch {
	case o.diff:
		_, err := terminalSafe(o.std.out).Write(diff.Diff(name, text, name+" (formatted)", formatted))
		return err
	case path == stdin && !o.check:
		_, err := o.std.out.Write(formatted)
		return err
	case !changed:
		return nil
	case !o.check:
		if err := replaceFile(path, formatted); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(terminalSafe(o.std.out), name)
	return err
}

// replaceFile gives a file a new content, all at once, and keeps its mode. A link still leads to the file.
func replaceFile(path string, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	// Renaming would get around a file that must not be written.
	old, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := old.Stat()
	if err := errors.Join(err, old.Close()); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(path), ".prickle-fmt-*")
	if err != nil {
		return err
	}
	_, err = fresh.Write(content)
	err = errors.Join(err, fresh.Chmod(info.Mode().Perm()), fresh.Sync(), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		_ = os.Remove(fresh.Name())
	}
	return err
}
