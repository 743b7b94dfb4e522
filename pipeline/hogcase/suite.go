package hogcase

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/pipeline"
)

// Suite is the cases of one test file with the compiled program.
type Suite struct {
	// Path is the test file, Program the program it is for.
	Path, Program string

	file     file
	compiled *hog.Program // for the cases without an event; nil when there are none
}

// Result is what came of one case.
type Result struct {
	// Name is the case's, Pos where it stands.
	Name string
	Pos  pipeline.Pos
	// Failures are what was not as expected; none means that the case passed.
	Failures []Failure
}

// Failure is one thing that was not as expected.
type Failure struct {
	// Pos is the place of the expectation.
	Pos pipeline.Pos
	// What is the part that differs, such as result.properties.tier.
	What string
	// Got and Want describe both sides; Want is "" when What says it all.
	Got, Want string
}

// Load reads a test file and compiles its program. The error is a configs.Errors with the mistakes of both.
func Load(path string) (*Suite, error) {
	s := &Suite{Path: path, Program: programOf(path)}
	err := configs.DecodeFile(path, &s.file)
	// What a broken test file says about the world of the program cannot be held against the program.
	if err = errors.Join(err, s.compile(err == nil)); err != nil {
		return nil, new(configs.Project).Explain(err)
	}
	return s, nil
}

// compile compiles the program for the cases, or, when they are not known, only looks for mistakes in the program itself.
func (s *Suite) compile(known bool) error {
	text, err := os.ReadFile(s.Program)
	if errors.Is(err, fs.ErrNotExist) {
		missing := pipeline.Errorf(pipeline.Pos{File: s.Path}, "there is no program %s", s.Program)
		missing.Hint = "a test file stands beside its program and is called after it"
		return missing
	}
	if err != nil {
		return pipeline.Errorf(pipeline.Pos{File: s.Path}, "%v", err)
	}
	if !known {
		_, err := hog.Compile(s.Program, string(text))
		return placed(err)
	}
	var errs []error
	if i := slices.IndexFunc(s.file.Cases, func(c testCase) bool { return c.Event != nil }); i >= 0 {
		_, err := s.transform(&s.file.Cases[i], &world{})
		errs = append(errs, err)
	}
	if slices.ContainsFunc(s.file.Cases, func(c testCase) bool { return c.Event == nil }) {
		s.compiled, err = hog.Compile(s.Program, string(text), hog.WithFunctions("fetch", "sleep"), hog.WithGlobals(s.globals()...))
		errs = append(errs, placed(err))
	}
	return errors.Join(errs...)
}

// globals is the names of the globals of all cases.
func (s *Suite) globals() []string {
	var names []string
	for _, c := range s.file.Cases {
		for _, g := range c.Globals {
			names = append(names, g.Name)
		}
	}
	return names
}

// placed turns the errors of a compilation into ConfigErrors.
func placed(err error) error {
	var list source.ErrorList
	if !errors.As(err, &list) {
		return err
	}
	errs := make([]error, len(list))
	for i, e := range list {
		errs[i] = &pipeline.ConfigError{
			Pos: pipeline.Pos{File: e.File, Line: e.Line, Col: e.Col}, Message: e.Message, Hint: e.Hint, Snippet: e.Snippet,
		}
	}
	return errors.Join(errs...)
}

// Run runs the cases whose name is wanted, in the order of the file. It stops early when the context ends.
func (s *Suite) Run(ctx context.Context, wanted func(name string) bool) []Result {
	var results []Result
	for i := range s.file.Cases {
		c := &s.file.Cases[i]
		if ctx.Err() != nil {
			break
		}
		if wanted(c.Name.Text) {
			results = append(results, Result{Name: c.Name.Text, Pos: c.Name.Pos, Failures: s.run(ctx, c)})
		}
	}
	return results
}

func (s *Suite) run(ctx context.Context, c *testCase) []Failure {
	w := newWorld(c, c.Settings.over(s.file.Settings))
	o := outcome{c: c, w: w}
	if c.Event != nil {
		o.json, o.err = s.runTransform(ctx, c, w)
	} else {
		o.json, o.err = s.runProgram(ctx, c, w)
	}
	return o.check()
}

// describe is an error of a run with the calls that led to it.
func describe(err error) string {
	var e *hog.Error
	if !errors.As(err, &e) || len(e.Stack) < 2 {
		return err.Error()
	}
	return fmt.Sprintf("%v\n%s", err, e.Backtrace())
}
