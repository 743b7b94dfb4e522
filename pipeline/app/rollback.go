package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/versions"
)

// RollbackConfig implements control.Backend. The files are written one by one, each as a whole; then the project is read as at any reload.
// When it has mistakes for this binary, or cannot be put in force, the files are put back as they were.
func (a *App) RollbackConfig(ctx context.Context, r control.RollbackRequest) (control.Rollback, error) {
	a.reloading.Lock() // so that a change of files that is noticed meanwhile waits
	defer a.reloading.Unlock()
	v, err := a.kept(ctx, r.Number)
	if err != nil {
		return control.Rollback{}, err
	}
	all, err := a.history().List(ctx)
	if err != nil {
		return control.Rollback{}, err
	}
	b := &rollback{app: a, to: v, all: all, force: r.Force}
	out, err := b.run(ctx)
	if err != nil {
		return control.Rollback{}, errors.Join(err, b.undo())
	}
	return out, nil
}

// rollback puts the files of a version back into the project's folder.
type rollback struct {
	app   *App
	to    *versions.Version
	all   []*versions.Version // that are kept
	force bool

	changed []changedFile
}

// changedFile is a file as it was before.
type changedFile struct {
	name, path string
	before     []byte // nil when there was none
	mode       os.FileMode
	removed    bool
}

func (b *rollback) run(ctx context.Context) (control.Rollback, error) {
	if err := b.plan(b.to.Files); err != nil {
		return control.Rollback{}, err
	}
	for i := range b.changed {
		text, _ := b.to.Text(b.changed[i].name)
		if err := replaceFile(b.changed[i].path, []byte(text), b.changed[i].mode); err != nil {
			return control.Rollback{}, err
		}
	}
	next, err := b.load()
	if err != nil {
		return control.Rollback{}, err
	}
	var out control.Rollback
	for _, f := range b.changed {
		if f.removed {
			out.Removed = append(out.Removed, f.name)
		} else {
			out.Written = append(out.Written, f.name)
		}
	}
	if b.app.tiers == nil {
		return out, nil
	}
	if err := b.app.unchangeable(next); err != nil {
		return control.Rollback{}, fmt.Errorf("configuration %d cannot be put in force while the project runs: stop it, roll back, and start it: %w",
			b.to.Number, next.project.Explain(err))
	}
	out.Changes, err = b.app.turn(ctx, next, fmt.Sprintf("rollback to %d", b.to.Number))
	out.Number = b.app.version
	if b.app.project == next.project {
		b.changed = nil // it is in force, whatever went wrong with what it replaces
	}
	return out, err
}

// plan notes the files that are to be written, and refuses to lose a text that no version has.
func (b *rollback) plan(files []versions.File) error {
	var edited, outside []string
	for _, f := range files {
		old, err := b.found(f.Name)
		switch {
		case err != nil:
			return err
		case old.before != nil && sameText(old.before, f.Text):
			continue
		case !filepath.IsLocal(filepath.FromSlash(f.Name)):
			outside = append(outside, f.Name)
		case old.before != nil && !b.isKept(f.Name, old.before):
			edited = append(edited, f.Name)
		}
		b.changed = append(b.changed, old)
	}
	if len(outside) > 0 {
		return fmt.Errorf("configuration %d had other text in %s, outside of the project's folder: put that back by hand first", b.to.Number, strings.Join(outside, ", "))
	}
	return b.refuse(edited)
}

func (b *rollback) refuse(edited []string) error {
	if len(edited) == 0 || b.force {
		return nil
	}
	b.changed = nil
	return fmt.Errorf("edits in %s would be lost, which no kept configuration has: put them in force first, save them elsewhere, or give --force", strings.Join(edited, ", "))
}

func (b *rollback) found(name string) (changedFile, error) {
	f := changedFile{name: name, path: b.app.pathOf(name), mode: 0o644}
	if target, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = target // a link stays one
	}
	info, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.mode = info.Mode().Perm()
	text, err := os.ReadFile(f.path)
	if text == nil {
		text = []byte{}
	}
	f.before = text
	return f, err
}

func (b *rollback) isKept(name string, text []byte) bool {
	return slices.ContainsFunc(b.all, func(v *versions.Version) bool {
		kept, ok := v.Text(name)
		return ok && !v.Withheld && sameText(text, kept)
	})
}

// sameText leaves a byte order mark out, which is not kept.
func sameText(file []byte, kept string) bool {
	return string(bytes.TrimPrefix(file, []byte("\ufeff"))) == kept
}

// load reads the project as it is now. Files that it includes by a pattern, and that the version does not have, are removed.
func (b *rollback) load() (*App, error) {
	for {
		next, err := load(b.app.path, b.app.kinds, b.app.options)
		if err != nil {
			return nil, fmt.Errorf("configuration %d has mistakes for this binary, so nothing was changed:\n%v", b.to.Number, err) //nolint:errorlint // places of files that are no longer so
		}
		var edited []string
		extra := 0
		for _, f := range next.texts() {
			if _, ok := b.to.Text(f.Name); ok {
				continue
			}
			old, err := b.found(f.Name)
			if err != nil {
				return nil, err
			}
			if !b.isKept(f.Name, old.before) {
				edited = append(edited, f.Name)
			}
			old.removed = true
			b.changed = append(b.changed, old)
			extra++
		}
		if extra == 0 {
			return next, nil
		}
		if len(edited) > 0 && !b.force {
			return nil, fmt.Errorf("%s would be included too, which configuration %d did not have and no other has as it is: move it away, or give --force to remove it",
				strings.Join(edited, ", "), b.to.Number)
		}
		for _, f := range b.changed[len(b.changed)-extra:] {
			if err := os.Remove(f.path); err != nil {
				return nil, err
			}
		}
	}
}

// undo puts the files back as they were.
func (b *rollback) undo() error {
	var errs []error
	for _, f := range b.changed {
		if f.before != nil {
			errs = append(errs, replaceFile(f.path, f.before, f.mode))
		} else if err := os.Remove(f.path); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// replaceFile leaves either the old file or the whole new one, also when the power fails.
func replaceFile(path string, text []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}
