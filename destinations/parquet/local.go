package parquet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// local is a store in a folder.
type local struct {
	root string
	mu   sync.Mutex // held by swap
}

func (l *local) path(name string) string { return filepath.Join(l.root, filepath.FromSlash(name)) }

func (l *local) open(context.Context) error {
	for _, folder := range []string{incomingFolder, eventsFolder, "_prickle"} {
		if err := makeFolder(l.path(folder)); err != nil {
			return explainLocal(err)
		}
	}
	return nil
}

// makeFolder makes a folder that is there after a crash too.
func makeFolder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := makeParent(path); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func makeParent(path string) error {
	if parent := filepath.Dir(path); parent != path {
		return makeFolder(parent)
	}
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// partSuffix marks a file that is being written.
const partSuffix = ".part"

func (l *local) put(_ context.Context, name string, body io.Reader, _ int64) error {
	return explainLocal(l.place(name, body))
}

func (l *local) place(name string, body io.Reader) (err error) {
	path := l.path(name)
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+partSuffix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it may be closed already
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := io.Copy(f, body); err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (l *local) get(_ context.Context, name string) (reader, error) {
	f, err := os.Open(l.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errAbsent
	case err != nil:
		return nil, explainLocal(err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(explainLocal(err), f.Close())
	}
	return localFile{f, info.Size()}, nil
}

type localFile struct {
	*os.File
	size int64
}

func (f localFile) Size() int64 { return f.size }

func (l *local) list(_ context.Context, folder string) ([]object, error) {
	var found []object
	err := filepath.WalkDir(l.path(folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		name, outside := filepath.Rel(l.root, path)
		if err = errors.Join(err, outside); err != nil {
			return err
		}
		found = append(found, object{filepath.ToSlash(name), info.Size(), info.ModTime()})
		return nil
	})
	slices.SortFunc(found, func(a, b object) int { return strings.Compare(a.name, b.name) })
	return found, explainLocal(err)
}

func (l *local) remove(_ context.Context, name string) error {
	if err := os.Remove(l.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return explainLocal(err)
	}
	return nil
}

func (l *local) removeParts(_ context.Context, before time.Time) error {
	var errs []error
	for _, folder := range []string{incomingFolder, eventsFolder, "_prickle"} { // what else is in the root is somebody else's
		errs = append(errs, filepath.WalkDir(l.path(folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), ".") || !strings.HasSuffix(d.Name(), partSuffix) {
				return err
			}
			info, err := d.Info()
			if err == nil && info.ModTime().Before(before) {
				err = os.Remove(path)
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it has its name by now
			}
			return err
		}))
	}
	return explainLocal(errors.Join(errs...))
}

func (l *local) manifest(context.Context) ([]byte, string, error) {
	body, err := os.ReadFile(l.path(manifestName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", nil
	case err != nil:
		return nil, "", explainLocal(err)
	}
	sum := sha256.Sum256(body)
	return body, hex.EncodeToString(sum[:]), nil
}

// swap compares under a lock that other processes respect.
func (l *local) swap(ctx context.Context, body []byte, tag string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	unlock, err := lockFile(l.path("_prickle/lock"))
	if err != nil {
		return explainLocal(err)
	}
	defer unlock()
	_, now, err := l.manifest(ctx)
	if err != nil {
		return err
	}
	if now != tag {
		return errConflict
	}
	return explainLocal(l.place(manifestName, strings.NewReader(string(body))))
}

// explainLocal says what to do.
func explainLocal(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: give this user the right to write there", err)
	case isFull(err):
		return fmt.Errorf("%w: make room, or move the lake", err)
	}
	return err
}
