package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// places keeps a second copy of the small files in which the embedded server notes its streams, its consumers, and how far each has come.
// With SyncInterval the server replaces these files without syncing them, so that a power failure may leave them empty: it would refuse
// them then. The copy is synced, and at most placesEvery old, so that a pipeline goes back that far and loses nothing. Without it, its place would be
// made of a standing, which may be ahead of what the power failure has left.
type places struct {
	store, file string
	log         *slog.Logger
	dirty       chan struct{}
	stop        chan struct{}
	running     sync.WaitGroup
	saving      sync.Mutex // one copy at a time
}

// placesEvery is how old a copy gets. What is sent again after a power failure is at most what was sent in that time.
const placesEvery = 5 * time.Second

// placesOf is the copy that belongs to a bus folder.
func placesOf(dir string, log *slog.Logger) *places {
	return &places{
		store: filepath.Join(dir, "store"), file: filepath.Join(dir, "places.json"), log: log,
		dirty: make(chan struct{}, 1), stop: make(chan struct{}),
	}
}

// keep copies from now on, until end. A nil receiver does nothing.
func (p *places) keep() {
	if p == nil {
		return
	}
	p.running.Go(func() {
		tick := time.NewTicker(placesEvery)
		defer tick.Stop()
		for {
			select {
			case <-p.dirty:
			case <-tick.C:
			case <-p.stop:
				return
			}
			if err := p.save(); err != nil {
				p.log.Warn("the places of pipelines cannot be copied, for which a power failure may cost more", "error", err)
			}
		}
	})
}

// changed asks for a copy now, because a stream or a consumer is new or gone. A nil receiver does nothing.
func (p *places) changed() {
	if p == nil {
		return
	}
	select {
	case p.dirty <- struct{}{}:
	default: // one is due anyway
	}
}

// end stops copying. A nil receiver does nothing.
func (p *places) end() {
	if p != nil {
		close(p.stop)
		p.running.Wait()
	}
}

// noted tells the files that are copied, by their name.
func noted(name string) bool { return name == "meta.inf" || name == "meta.sum" || name == "o.dat" }

// torn tells a file that the server would refuse because its content never reached the disk.
func torn(text []byte) bool { return len(text) == 0 || text[0] == 0 }

// save writes the copy. Torn files keep what the last copy has of them.
func (p *places) save() error {
	p.saving.Lock()
	defer p.saving.Unlock()
	files := map[string][]byte{} // by path below the store
	err := filepath.WalkDir(p.store, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the server removed it meanwhile
			return nil
		}
		if err != nil || !noted(entry.Name()) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || torn(text) {
			return ignoreMissing(err)
		}
		name, err := filepath.Rel(p.store, path)
		files[filepath.ToSlash(name)] = text
		return err
	})
	if err != nil {
		return fmt.Errorf("read %q: %w", p.store, err)
	}
	text, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return writeSynced(p.file, text)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// restore puts back what is missing or torn in the store. It is called while no server uses it. A consumer that is torn and has no copy was made
// just before the power failed: it is removed, and made anew (restorePlaces).
func (p *places) restore() error {
	text, err := os.ReadFile(p.file)
	if err != nil {
		return ignoreMissing(err) // of a store that was always synced
	}
	var files map[string][]byte
	if err := json.Unmarshal(text, &files); err != nil {
		return fmt.Errorf("%q is damaged (%w): remove it, unless the power has just failed", p.file, err)
	}
	for name, text := range files {
		path := filepath.Join(p.store, filepath.FromSlash(name))
		if found, err := os.ReadFile(path); err == nil && !torn(found) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeSynced(path, text); err != nil {
			return err
		}
		p.log.Info("put back after a power failure", "file", path)
	}
	return p.removeTorn()
}

func (p *places) removeTorn() error {
	torns, err := filepath.Glob(filepath.Join(p.store, "jetstream", "*", "streams", "*", "obs", "*", "*"))
	if err != nil {
		return err
	}
	for _, path := range torns {
		text, err := os.ReadFile(path)
		if err != nil || !noted(filepath.Base(path)) || !torn(text) {
			continue // a folder that is gone already
		}
		p.log.Info("removed after a power failure", "consumer", filepath.Base(filepath.Dir(path)))
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return nil
}

// writeSynced replaces a file so that after a power failure the old or the new content is there.
func writeSynced(path string, text []byte) error {
	temporary := path + ".new"
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder survive a power failure. Windows has no such call and does it by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
