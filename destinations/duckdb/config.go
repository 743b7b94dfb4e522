package duckdb

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Spec describes the DuckDB warehouse. Its Warehouse is a Destination too.
var Spec = pipeline.Spec[pipeline.Warehouse]{
	Type:    "duckdb",
	Summary: "an embedded warehouse in one file: events and the tables of sources, for SQL on this machine",
	NewConfig: func() any {
		return &Config{MemoryLimit: exportMemory, Export: ExportConfig{After: 7 * 24 * time.Hour}}
	},
	Batch: pipeline.Batch{Events: 5000, Bytes: 8 << 20, Wait: 100 * time.Millisecond},
	New: func(config any, env pipeline.Env) (pipeline.Warehouse, error) {
		return New(*config.(*Config), env), nil
	},
}

// Config is the warehouse's part of the configuration.
type Config struct {
	// Path of the database file; it is made when it does not exist. Relative to the project's folder. The default is warehouse.duckdb in the
	// project's data folder.
	Path string `yaml:"path"`
	// MemoryLimit is what DuckDB may use for its buffers, writing and queries together; 128MB by default, at least 64MB. Larger results
	// spill to a folder beside the file. It is no limit of the process: docs/operations.md says what that keeps itself to.
	MemoryLimit pipeline.Bytes `yaml:"memory_limit"`
	// Files are folders whose Parquet and CSV files a query may read, relative to the project's. None is none.
	Files []string `yaml:"files"`
	// Lakes are folders that the destination parquet fills, by the names of the views that show their events.
	Lakes map[string]string `yaml:"lakes"`
	// Threads is how many threads a query or a write may use; 0, the default, is a quarter of the processors, at least 1. With more than one, the thread that
	// writes also waits for the others without rest, which takes a quarter more of the processors.
	Threads int `yaml:"threads"`
	// Retention is how long events are kept by their timestamp, at least a day; 0, the default, keeps all. Compact deletes what is older.
	Retention time.Duration `yaml:"retention"`
	// Tables says how long rows of the tables of sources are kept; without it for ever.
	Tables warehouse.Retentions `yaml:"tables"`
	// Export says where months of events go once they are closed.
	Export ExportConfig `yaml:"export"`
}

// ExportConfig is about Parquet files of closed months, one for each project and month.
type ExportConfig struct {
	// Dir is the folder of the files, relative to the project's; it is made when it does not exist. "", the default, exports nothing.
	Dir string `yaml:"dir"`
	// After is how long after its end a month is exported; 7 days by default, at least 2.
	After time.Duration `yaml:"after"`
	// Keep leaves the rows in the database too, and the files are copies; by default they are in the files alone, where events shows them.
	Keep bool `yaml:"keep"`
}

// Short lets the configuration give the folder alone: `export: data/months`.
func (c *ExportConfig) Short() any { return &c.Dir }

// Validate reports what cannot work.
func (c *ExportConfig) Validate() error {
	var errs []error
	if c.After < duplicateWindow {
		errs = append(errs, errors.New("export.after: want at least 2d: copies of an event are looked for as long"))
	}
	if strings.ContainsAny(c.Dir, "*?[") {
		errs = append(errs, fmt.Errorf("export.dir: %q: want a folder, whose name has no *, ? and [", c.Dir))
	}
	return errors.Join(errs...)
}

func (c *Config) threads() int {
	if c.Threads > 0 {
		return c.Threads
	}
	return max(runtime.NumCPU()/4, 1)
}

// Short lets the configuration give the path alone: `duckdb: data/warehouse.duckdb`.
func (c *Config) Short() any { return &c.Path }

// ResolvePath makes Path ready to open, and returns it.
func (c *Config) ResolvePath(projectDir, dataDir string) string {
	in := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(projectDir, path)
	}
	for i, folder := range c.Files {
		c.Files[i] = in(folder)
	}
	for name, folder := range c.Lakes {
		c.Lakes[name] = in(folder)
	}
	if c.Export.Dir != "" {
		c.Export.Dir = in(c.Export.Dir)
	}
	switch {
	case c.Path == "":
		c.Path = filepath.Join(dataDir, "warehouse.duckdb")
	case !filepath.IsAbs(c.Path):
		c.Path = filepath.Join(projectDir, c.Path)
	}
	return c.Path
}

// Place is the file. One warehouse at most can have it open.
func (c *Config) Place() (place string, alone bool) {
	if real, err := filepath.EvalSymlinks(c.Path); err == nil {
		return real, true
	}
	return filepath.Clean(c.Path), true
}

// CheckSources reports tables of Tables that none of the sources can have.
func (c *Config) CheckSources(sources []string) error { return c.Tables.CheckSources(sources) }

const (
	leastMemory  = 64 << 20
	exportMemory = 128 << 20 // what writing Parquet takes besides the rest
)

// Validate reports values that DuckDB could not be opened with.
func (c *Config) Validate() error {
	var errs []error
	if strings.ContainsAny(c.Path, "?%") || strings.HasPrefix(c.Path, ":memory:") {
		// The driver takes what follows a question mark for settings, decodes percent signs, and knows :memory: as no file at all.
		errs = append(errs, errors.New(`path: want the path of a file without "?" and "%"`))
	}
	if c.MemoryLimit < leastMemory {
		errs = append(errs, errors.New("memory_limit: want at least 64MB"))
	}
	if c.Export.Dir != "" && c.MemoryLimit < exportMemory {
		errs = append(errs, errors.New("memory_limit: want at least 128MB with export"))
	}
	if c.Retention != 0 && c.Retention < 24*time.Hour {
		errs = append(errs, errors.New("retention: want at least 1d, or nothing to keep events for ever"))
	}
	if c.Threads < 0 {
		errs = append(errs, errors.New("threads: want at least 1, or 0 for a quarter of the processors"))
	}
	return errors.Join(append(errs, c.Tables.Validate(), c.validateFolders())...)
}

var lakeName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,50}$`)

func (c *Config) validateFolders() error {
	var errs []error
	folders := slices.Clone(c.Files)
	for _, name := range slices.Sorted(maps.Keys(c.Lakes)) {
		if !lakeName.MatchString(name) || name == "events" || strings.HasSuffix(name, "__all") || strings.HasSuffix(name, "__rows") {
			errs = append(errs, fmt.Errorf("lakes: %q cannot be the name of a view: want lower-case letters, digits and _, and not events", name))
		}
		folders = append(folders, c.Lakes[name])
	}
	for _, folder := range folders {
		if folder == "" || strings.ContainsAny(folder, "*?[") {
			errs = append(errs, fmt.Errorf("files, lakes: %q: want a folder, whose name has no *, ? and [", folder))
		}
	}
	return errors.Join(errs...)
}
