package hogcase

import (
	"errors"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// file is what a test file holds.
type file struct {
	Settings settings   `yaml:",inline"`
	Project  project    `yaml:"project"`
	Cases    []testCase `yaml:"cases,required"`
}

// settings can be given for a file and for a case of it, which counts more.
type settings struct {
	Now    moment `yaml:"now"`
	Seed   *int64 `yaml:"seed"`
	Limits limits `yaml:"limits"`
}

// limits bound one run; zero fields are not given.
type limits struct {
	Time   time.Duration  `yaml:"time"`
	Memory pipeline.Bytes `yaml:"memory"`
	Steps  int64          `yaml:"steps"`
}

type project struct {
	ID   int    `yaml:"id"`
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
}

// defaultNow is the time at which programs run that do not say another.
var defaultNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// over is s with what is not given taken from below.
func (s settings) over(below settings) settings {
	if s.Now.Code.Text == "" {
		s.Now = below.Now
	}
	if s.Seed == nil {
		s.Seed = below.Seed
	}
	if s.Limits.Time == 0 {
		s.Limits.Time = below.Limits.Time
	}
	if s.Limits.Memory == 0 {
		s.Limits.Memory = below.Limits.Memory
	}
	if s.Limits.Steps == 0 {
		s.Limits.Steps = below.Limits.Steps
	}
	return s
}

// Validate wants limits that can be kept.
func (l *limits) Validate() error {
	if l.Steps < 0 {
		return errors.New("steps: want a number above zero")
	}
	return nil
}

func (l limits) of() hog.Limits {
	return hog.Limits{Time: l.Time, Memory: int64(l.Memory), Steps: l.Steps}
}

// clock is the time that the settings name.
func (s settings) clock() time.Time { return s.Now.or(defaultNow) }

// moment is a time of the file.
type moment struct {
	Code pipeline.Code `yaml:"-"`
}

// Short makes the time itself stand for it.
func (m *moment) Short() any { return &m.Code }

// Validate wants a time.
func (m *moment) Validate() error {
	if _, err := m.parse(); m.Code.Text != "" && err != nil {
		wrong := pipeline.Errorf(m.Code.Pos, "want a time, got %q", m.Code.Text)
		wrong.Hint = "write it like 2026-01-31T10:00:00Z"
		return wrong
	}
	return nil
}

func (m *moment) parse() (time.Time, error) { return time.Parse(time.RFC3339Nano, m.Code.Text) }

// or is the time, or another when it is not given.
func (m *moment) or(other time.Time) time.Time {
	if t, err := m.parse(); err == nil {
		return t.UTC()
	}
	return other
}

// Validate wants cases to have names of their own.
func (f *file) Validate() error {
	var errs []error
	first := map[string]pipeline.Pos{}
	for i := range f.Cases {
		name := f.Cases[i].Name
		if pos, ok := first[name.Text]; ok {
			errs = append(errs, pipeline.Errorf(name.Pos, "a case of the name %q is at %s already", name.Text, pos))
			continue
		}
		first[name.Text] = name.Pos
	}
	return errors.Join(errs...)
}

// Suffix is how the names of test files end.
const Suffix = ".test.yaml"

// programOf is the path of the program that a test file is for.
func programOf(path string) string { return strings.TrimSuffix(path, Suffix) + ".hog" }
