package configs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prickle-dev/prickle/pipeline"
)

// mainFile is what a project's folder is known by.
const mainFile = "prickle.yaml"

// Load reads the project at path: a folder with prickle.yaml, or a YAML file.
//
// All mistakes are found in one pass; the error is then an Errors, sorted by file and line. Beside an error Load still returns the part
// of the project that could be read (nil when there is none), so that the caller can decode its components and report their mistakes
// with these: join them and call Project.Explain. A project that came with an error is not to be run.
func Load(path string, opts Options) (*Project, error) {
	if opts.Env == nil {
		opts.Env = os.LookupEnv
	}
	files := newFileSet()
	l := &loader{
		decoder: decoder{files: files},
		opts:    opts,
		env:     environment{lookup: opts.Env, given: files.given},
		set:     map[string]pipeline.Pos{},
		read:    map[string]bool{},
	}
	ok := l.load(path)
	err := files.explain(l.errs)
	if !ok {
		return nil, err
	}
	return &l.project, err
}

// loader reads the files of one project.
type loader struct {
	decoder
	opts    Options
	env     environment
	project Project
	set     map[string]pipeline.Pos // sections, pipelines and sources: where each was first given
	read    map[string]bool         // files by absolute path
	alone   bool                    // whether the file belongs to no project
	nodes   int
	bytes   int
}

func (l *loader) load(path string) bool {
	name, ok := l.mainFile(path)
	if !ok {
		return false
	}
	dir := filepath.Dir(name)
	l.project = Project{Dir: dir, files: l.files}
	l.project.Project.ID = 1
	if abs, err := filepath.Abs(dir); err == nil {
		l.project.Name = filepath.Base(abs)
	}
	l.project.Data = filepath.Join(dir, "data")
	l.project.Capture = l.component("capture", pipeline.Pos{File: name}, nil)
	l.project.Bus = l.component("bus", pipeline.Pos{File: name}, nil)
	l.project.Admin = l.component("admin", pipeline.Pos{File: name}, nil)
	l.project.Telemetry = l.component("telemetry", pipeline.Pos{File: name}, nil)
	l.project.Profiles = l.component("profiles", pipeline.Pos{File: name}, nil)
	l.project.Upkeep = l.component("upkeep", pipeline.Pos{File: name}, nil)
	l.project.Query = l.component("query", pipeline.Pos{File: name}, nil)
	l.project.Schema = l.component("schema", pipeline.Pos{File: name}, nil)
	l.project.Contracts = l.component("contracts", pipeline.Pos{File: name}, nil)
	l.project.Warehouse = l.component("duckdb", pipeline.Pos{File: name}, nil)

	n, ok := l.open(name, pipeline.Pos{File: name})
	if !ok {
		return false
	}
	if n == nil || n.empty() {
		l.add(pipeline.Pos{File: name}, "the file is empty").Hint = "a project needs pipelines: or sources:"
		return false
	}
	if n.kind != mapping {
		l.add(n.pos, "a project is a mapping, got %s", l.mentioned(n)).Hint = "begin with a line such as pipelines:"
		return false
	}
	l.sections(n, name, nil)
	l.project.Project.Name = l.project.Name
	l.project.Files = l.files.names
	return true
}

// mainFile finds the file to begin with.
func (l *loader) mainFile(path string) (string, bool) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.add(pipeline.Pos{File: path}, "no such file or folder")
		return "", false
	case err != nil:
		l.add(pipeline.Pos{File: path}, "%v", cause(err))
		return "", false
	case !info.IsDir():
		return filepath.Clean(path), true
	}
	name := filepath.Join(path, mainFile)
	if _, err := os.Stat(name); err == nil {
		return name, true
	}
	missing := l.add(pipeline.Pos{File: path}, "the folder has no %s", mainFile)
	missing.Hint = "make one, or name the project's folder or YAML file"
	// Names that begin with a dot belong to other tools.
	if found, _ := filepath.Glob(filepath.Join(globQuote(path), "[^.]*.y*ml")); len(found) > 0 {
		missing.Hint = "rename " + found[0] + " to it, or name that file"
	}
	return "", false
}

// open reads and parses a file that was asked for at pos. The node is nil when the file holds nothing.
func (l *loader) open(name string, pos pipeline.Pos) (n *node, ok bool) {
	text, err := readBounded(name)
	if err != nil {
		l.add(pos, "%s cannot be read: %v", quote(name), cause(err))
		return nil, false
	}
	if abs, err := filepath.Abs(name); err == nil {
		l.read[abs] = true
	}
	src := newSource(name, string(text))
	src.raw = text
	l.files.names = append(l.files.names, name)
	l.files.sources[name] = src
	before := len(l.errs)
	n = l.parse(src, text)
	return n, n != nil || len(l.errs) == before
}

// cause is an error of package os without the path, which the message names already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
