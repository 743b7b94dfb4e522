package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/spf13/cobra"
)

func newReload(p *projectFlag) *cobra.Command {
	return &cobra.Command{
		Use:   "reload",
		Short: "Let the running process read its configuration again",
		Long: `Lets the running process read its files again: it checks all of them first, and goes on as it was when there is a mistake, which is printed.
Pipelines, destinations and sources that did not change are not disturbed. The process does the same by itself when a file changes, and on SIGHUP.`,
		Example: `  prickle reload -p configs/examples/quickstart`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			backend, release, err := p.running(cmd.Context())
			if err != nil {
				return err
			}
			defer release()
			changes, err := backend.Reload(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintln(p.std.out, "reloaded:", changes)
			return nil
		},
	}
}

// settle is how long files have to be quiet before they are read: editors and version control write several at a time.
const settle = 300 * time.Millisecond

// reloader reloads a running project on SIGHUP and, when watch is set, when one of its files changes.
type reloader struct {
	app   *app.App
	log   *slog.Logger
	err   io.Writer
	watch bool

	hangup chan os.Signal
}

// listen takes SIGHUP until end, which would end the process otherwise. What comes before run is done when it runs.
func (r *reloader) listen() (end func()) {
	r.hangup = make(chan os.Signal, 1)
	signal.Notify(r.hangup, syscall.SIGHUP)
	return func() { signal.Stop(r.hangup) }
}

// run goes on until ctx ends.
func (r *reloader) run(ctx context.Context) {
	watcher := r.watcher()
	if watcher == nil {
		watcher = &fsnotify.Watcher{} // whose channels never have anything
	} else {
		defer watcher.Close()
	}
	quiet := time.NewTimer(0)
	if !quiet.Stop() {
		<-quiet.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.hangup:
			r.reload(ctx, watcher, "SIGHUP")
		case <-quiet.C:
			r.reload(ctx, watcher, "change of a file")
		case event := <-watcher.Events:
			if event.Op != fsnotify.Chmod && r.concerns(event.Name) {
				quiet.Reset(settle)
			}
		case err := <-watcher.Errors:
			r.log.Warn("watching the project's files", "error", err)
		}
	}
}

func (r *reloader) watcher() *fsnotify.Watcher {
	if !r.watch {
		return nil
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		r.log.Warn("changes of files are not noticed; use prickle reload", "error", err)
		return nil
	}
	r.follow(watcher)
	return watcher
}

// follow watches the folders that the project's files are in: editors replace files, and new ones may match an include.
func (r *reloader) follow(watcher *fsnotify.Watcher) {
	if watcher.Events == nil {
		return
	}
	for _, file := range r.app.Files() {
		if dir := filepath.Dir(file); !slices.Contains(watcher.WatchList(), dir) {
			if err := watcher.Add(dir); err != nil {
				r.log.Warn("changes in a folder are not noticed; use prickle reload", "folder", dir, "error", err)
			}
		}
	}
}

// concerns reports whether a change of the file may change the configuration.
func (r *reloader) concerns(file string) bool {
	switch filepath.Ext(file) {
	case ".yaml", ".yml", ".hog":
		return true
	}
	return slices.Contains(r.app.Files(), filepath.Clean(file))
}

func (r *reloader) reload(ctx context.Context, watcher *fsnotify.Watcher, cause string) {
	if _, err := r.app.ReloadBecause(ctx, cause); err != nil && ctx.Err() == nil {
		r.log.Error("the changed configuration is refused, and the one before goes on")
		printError(r.err, err)
	}
	r.follow(watcher)
}

// running connects to the running process of the project, whose files may have mistakes by now.
func (p *projectFlag) running(ctx context.Context) (control.Backend, func(), error) {
	data, project, mistakes := p.data()
	client, err := control.Dial(ctx, data)
	if project == nil && err != nil {
		return nil, nil, mistakes
	}
	if errors.Is(err, control.ErrNotRunning) {
		return nil, nil, fmt.Errorf("%s does not run: start it with prickle run", project.Name)
	}
	if err != nil {
		return nil, nil, err
	}
	return client, func() {}, nil
}
