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
		if err := rewriteFile(path, text, formatted); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(terminalSafe(o.std.out), name)
	return err
}

// rewriteFile gives a file a new content. It writes into the file, which therefore keeps its mode, its owner and its hard and
// symbolic links. A copy of the old content lies beside it until all is written, so that nothing is lost on the way.
func rewriteFile(path string, old, content []byte) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	backup, err := saveCopy(path, old)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Truncate(int64(len(content)))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("%w; the file is half written, and %s has what was in it", err, backup)
	}
	return os.Remove(backup)
}

// saveCopy writes what is in a file to a new one beside it, which only the user can read.
func saveCopy(path string, content []byte) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".before-fmt-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}
