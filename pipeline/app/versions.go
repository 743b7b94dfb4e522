package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/versions"
)

// LoadBus reads the project at path and makes only its bus: mistakes anywhere else do not matter. The App is for OpenBus, and for the kept
// configurations then.
func LoadBus(path string, components Components, options Options) (*App, error) {
	project, err := configs.Load(path, components.Options())
	if project == nil {
		return nil, err
	}
	a := newApp(project, path, components, options)
	errs := &mistakes{}
	a.buildBus(errs)
	if len(errs.list) > 0 {
		return nil, project.Explain(errors.Join(errs.list...))
	}
	return a, nil
}

// recordTime bounds the keeping of a configuration: a bus that is slow must not hold up a start.
const recordTime = 10 * time.Second

// record keeps the configuration that is put in force, and returns its number. One that cannot be kept has none, which is no reason not to
// run.
func (a *App) record(ctx context.Context, cause string) int {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	v, err := a.history().Record(ctx, a.texts(), cause)
	if err != nil {
		a.options.Log.Warn("the configuration cannot be kept for prickle config", "error", err)
		return 0
	}
	return v.Number
}

// history is made anew each time: it holds nothing.
func (a *App) history() *versions.History { return versions.New(a.bus.State(), a.bus.MaxEvent()) }

// texts are the files that are kept of a configuration: YAML and Hog. Whatever else it names (a certificate, for one) is not.
func (a *App) texts() []versions.File {
	var files []versions.File
	for _, file := range a.project.Files {
		files = append(files, versions.File{Name: a.nameOf(file), Text: string(a.project.Text(file))})
	}
	for file, text := range a.prints.files {
		if filepath.Ext(file) == ".hog" && !slices.Contains(a.project.Files, file) {
			files = append(files, versions.File{Name: a.nameOf(file), Text: string(text)})
		}
	}
	return files
}

// nameOf is a file's name in a version, and pathOf the reverse.
func (a *App) nameOf(file string) string {
	if name, err := filepath.Rel(a.project.Dir, file); err == nil {
		file = name
	}
	return filepath.ToSlash(file)
}

func (a *App) pathOf(name string) string {
	if path := filepath.FromSlash(name); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(a.project.Dir, filepath.FromSlash(name))
}

// inForce is the number of the configuration that this process runs with or, when it runs nothing, of the one that was put in force last.
func (a *App) inForce(all []*versions.Version) int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.version == 0 && len(all) > 0 {
		return all[len(all)-1].Number
	}
	return a.version
}

// Configs implements control.Backend.
func (a *App) Configs(ctx context.Context) ([]control.ConfigVersion, error) {
	all, err := a.history().List(ctx)
	if err != nil {
		return nil, err
	}
	force := a.inForce(all)
	out := []control.ConfigVersion{}
	var before *versions.Version
	for _, v := range all {
		out = append(out, control.ConfigVersion{
			Number: v.Number, At: v.At, Cause: v.Cause, Changed: versions.Changed(before, v), InForce: v.Number == force,
		})
		before = v
	}
	return out, nil
}

// DiffConfigs implements control.Backend.
func (a *App) DiffConfigs(ctx context.Context, from, to int) (control.ConfigDiff, error) {
	old, err := a.kept(ctx, from)
	if err != nil {
		return control.ConfigDiff{}, err
	}
	now, err := a.kept(ctx, to)
	if err != nil {
		return control.ConfigDiff{}, err
	}
	out := control.ConfigDiff{From: old.Number, To: now.Number}
	changed := versions.Changed(old, now)
	if len(changed) == 0 {
		return out, nil
	}
	before, err := a.masked(old)
	if err != nil {
		return control.ConfigDiff{}, err
	}
	after, err := a.masked(now)
	if err != nil {
		return control.ConfigDiff{}, err
	}
	for _, name := range changed {
		out.Files = append(out.Files, control.FileDiff{Name: name, Diff: diffOf(name, side{old, before[name]}, side{now, after[name]})})
	}
	return out, nil
}

// kept returns a version with its texts; 0 is the one in force.
func (a *App) kept(ctx context.Context, number int) (*versions.Version, error) {
	if number == 0 {
		all, err := a.history().List(ctx)
		if err != nil {
			return nil, err
		}
		number = a.inForce(all)
	}
	v, err := a.history().Get(ctx, number)
	if err != nil {
		return nil, err
	}
	if v.Withheld {
		return nil, errWithheld(v.Number)
	}
	return v, nil
}

var _ versions.Store = (*bus.State)(nil)

// masked are the lines of a version's YAML files with stars in place of secrets. To find them, the version is read with this binary, in a folder
// of its own; what is a mistake there does not matter.
func (a *App) masked(v *versions.Version) (map[string][]string, error) {
	root, err := os.MkdirTemp("", "prickle-config-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root) //nolint:errcheck // it is among the temporary files
	lines := map[string][]string{}
	for _, f := range v.Files {
		if filepath.Ext(f.Name) != ".hog" {
			lines[f.Name] = configs.MaskedText([]byte(f.Text))
		}
	}
	main, err := a.unpack(v, root)
	if err != nil {
		return nil, err
	}
	options := a.kinds.Options()
	options.Env = func(string) (string, bool) { return "x", true } // a value is not needed to know what is secret
	if project, _ := configs.Load(main, options); project != nil {
		newApp(project, main, a.kinds, a.options).build(a.kinds, &mistakes{})
		for _, file := range project.Files {
			if name, err := filepath.Rel(root, file); err == nil {
				lines[filepath.ToSlash(name)] = project.Masked(file)
			}
		}
	}
	return lines, nil
}

// unpack writes a version's files into a folder, and returns the path of the main one. Files that were outside of the project's folder are left
// out.
func (a *App) unpack(v *versions.Version, root string) (main string, err error) {
	for _, f := range v.Files {
		name := filepath.FromSlash(f.Name)
		if !filepath.IsLocal(name) {
			continue
		}
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(f.Text), 0o600)); err != nil {
			return "", err
		}
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return filepath.Join(root, filepath.FromSlash(a.nameOf(a.project.Files[0]))), nil
}
