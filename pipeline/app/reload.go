package app

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/control"
)

var errNotRunning = errors.New("the project is not running, or is being stopped")

// Reload reads the project's files again and goes on with what they say. Everything is checked, made and opened first: on an error nothing
// has changed, and the error says why. Components whose configuration and files are as before go on undisturbed; pipelines, destinations
// and sources that changed finish what is in hand and give way to their successors. Nothing that is on its way is lost or reordered.
//
// What the process is built on (bus, warehouse, data folder, addresses) cannot be changed this way and is refused.
func (a *App) Reload(ctx context.Context) (control.Changes, error) {
	return a.ReloadBecause(ctx, "reload")
}

// ReloadBecause is Reload with what has caused it, in a few words, as prickle config list shows it.
func (a *App) ReloadBecause(ctx context.Context, cause string) (control.Changes, error) {
	select {
	case <-a.serving:
	case <-ctx.Done():
		return control.Changes{}, errNotRunning
	}
	a.reloading.Lock()
	defer a.reloading.Unlock()
	if a.tiers == nil || a.again == nil {
		return control.Changes{}, errNotRunning
	}
	changes, err := a.takeUp(ctx, cause)
	if err != nil && ctx.Err() == nil {
		a.refused.Store(&refusal{time.Now(), err})
	}
	return changes, err
}

func (a *App) takeUp(ctx context.Context, cause string) (control.Changes, error) {
	next, err := a.again()
	if err != nil {
		return control.Changes{}, err
	}
	if err := a.unchangeable(next); err != nil {
		return control.Changes{}, next.project.Explain(err)
	}
	return a.turn(ctx, next, cause)
}

// refusal is what a reload was refused for, while the files are as they were then.
type refusal struct {
	at  time.Time
	err error
}

// refusedWarnings tell whoever asks later. Of several mistakes they name the first; the log has all.
func (a *App) refusedWarnings() []string {
	r := a.refused.Load()
	if r == nil {
		return nil
	}
	first, _, _ := strings.Cut(r.err.Error(), "\n")
	return []string{fmt.Sprintf("the project's files were refused at %s, and the configuration before goes on; correct them, or see `prickle config rollback`: %s",
		r.at.Local().Format(time.DateTime), first)}
}

// unchangeable lists what only a restart can change.
func (a *App) unchangeable(next *App) error {
	var errs []error
	check := func(same bool, c configs.Component, what string) {
		if !same {
			err := pipeline.Errorf(c.Pos, "%s was changed, which a running process cannot do", what)
			err.Hint = "undo the change, or restart"
			errs = append(errs, err)
		}
	}
	old, now := a.project, next.project
	main := configs.Component{Pos: pipeline.Pos{File: now.Files[0]}}
	check(old.Data == now.Data, main, "data")
	check(old.Project == now.Project, main, "project")
	check(a.captures() == next.captures(), main, "whether there are pipelines at all")
	check(a.prints.of(a.busConfig) == next.prints.of(next.busConfig), now.Bus, "bus")
	check(a.warehousePrint == next.warehousePrint, now.Warehouse, "warehouse")
	check(a.profilesConfig == next.profilesConfig, now.Profiles, "profiles")
	check(a.schemaConfig == next.schemaConfig, now.Schema, "schema")
	check(a.upkeepConfig == next.upkeepConfig, now.Upkeep, "upkeep")
	check(reflect.DeepEqual(a.adminConfig, next.adminConfig), now.Admin, "admin")
	check(reflect.DeepEqual(a.telemetry, next.telemetry), now.Telemetry, "telemetry")
	check(reflect.DeepEqual(a.queryConfig, next.queryConfig), now.Query, "query")
	check(a.captureConfig.Listen == next.captureConfig.Listen, now.Capture, "capture.listen")
	check(a.captureConfig.SameConnections(&next.captureConfig), now.Capture, "capture.tls or capture.proxy_protocol")
	return errors.Join(errs...)
}

// turn makes the old configuration the new one: first everything that may fail, then the switch.
func (a *App) turn(ctx context.Context, next *App, cause string) (control.Changes, error) {
	next.folder = a.folder // what next's components look persons up in
	s := newChange(a, next)
	opened := len(a.closers)
	if err := s.prepare(ctx); err != nil {
		return control.Changes{}, errors.Join(err, a.closeFrom(opened))
	}
	if err := a.tiers.begin(); err != nil {
		return control.Changes{}, errors.Join(err, a.closeFrom(opened))
	}
	defer a.tiers.finish()
	s.retire()
	if err := a.carry(context.WithoutCancel(ctx), s.added()); err != nil {
		a.options.Log.Warn("the books cannot tell what waited before the reload", "error", err)
	}
	if err := a.keeper.Begin(context.WithoutCancel(ctx), accounts(next.pipelines)); err != nil {
		a.options.Log.Warn("what is new has no account in the books before it is put in force again", "error", err)
	}
	s.adopt()
	a.refused.Store(nil)
	version := a.record(ctx, cause)
	a.bus.SetConfig(version)
	a.mu.Lock()
	a.version = version
	a.mu.Unlock()
	s.begin()
	a.measured()
	err := a.retireComponents(s.retired)
	changes := s.changes()
	a.options.Log.Info("configuration reloaded", "changed", changes.String(), "number", version)
	if _, _, lost := a.leftovers(context.WithoutCancel(ctx)); lost != nil {
		a.options.Log.Warn("after the reload", "error", lost)
	}
	return changes, err
}

// closeFrom closes what was opened after the first n closers were there, the last first.
func (a *App) closeFrom(n int) error {
	var errs []error
	for i := len(a.closers) - 1; i >= n; i-- {
		errs = append(errs, a.closers[i].close())
	}
	a.closers = a.closers[:n]
	return errors.Join(errs...)
}

// retireComponents closes components that nothing uses any more.
func (a *App) retireComponents(components []any) error {
	var errs []error
	a.closers = slices.DeleteFunc(a.closers, func(c closer) bool {
		if c.component == nil || !slices.Contains(components, c.component) {
			return false
		}
		if err := c.close(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.what, err))
		}
		return true
	})
	return errors.Join(errs...)
}

// Files are the files that the configuration was read from, those that components read among them.
func (a *App) Files() []string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	files := slices.Clone(a.project.Files)
	for file := range a.prints.files {
		files = append(files, file)
	}
	slices.Sort(files)
	return slices.Compact(files)
}
