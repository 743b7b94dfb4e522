package hogcase

import (
	"errors"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// testCase is one run of the program, with what it gets and what is expected of it.
type testCase struct {
	// Name says what the case shows.
	Name     pipeline.Code `yaml:"name,required"`
	Settings settings      `yaml:",inline"`

	// Event makes the case one of a transform; Globals are for programs of their own.
	Event   *event          `yaml:"event"`
	Globals pipeline.Fields `yaml:"globals"`

	// Result is the value that the program returns, or what becomes of the event.
	Result pipeline.Tree `yaml:"result"`
	// Partial lets objects in the result, and in bodies, have keys that are not listed.
	Partial bool `yaml:"partial"`
	// Error is a part of the message with which the run fails.
	Error pipeline.Code `yaml:"error"`
	// Prints are the lines of output, all of them; nil is not checked.
	Prints []pipeline.Code `yaml:"prints"`
	// Fetches are the calls of fetch in their order, with what they get.
	Fetches []fetchCall `yaml:"fetches"`
}

// fetchCall is one expected call of fetch and its answer. Headers and Body are checked when they are given.
type fetchCall struct {
	URL     pipeline.Code            `yaml:"url,required"`
	Method  string                   `yaml:"method"`
	Headers map[string]pipeline.Code `yaml:"headers"`
	Body    pipeline.Tree            `yaml:"body"`
	Answer  answer                   `yaml:"answer"`
}

type answer struct {
	Status int           `yaml:"status"`
	Body   pipeline.Tree `yaml:"body"`
}

// resultKeys are the parts of an event that a transform may change.
var resultKeys = []string{"event", "distinct_id", "properties"}

// given reports whether a tree is in the file, be it null.
func given(t pipeline.Tree) bool { return t.Pos != pipeline.Pos{} }

// Validate wants a case to expect something, and nothing that contradicts itself.
func (c *testCase) Validate() error {
	var errs []error
	add := func(pos pipeline.Pos, message, hint string) {
		errs = append(errs, &pipeline.ConfigError{Pos: pos, Message: message, Hint: hint})
	}
	if c.Error.Pos != (pipeline.Pos{}) && c.Error.Text == "" {
		add(c.Error.Pos, "the message of every error has an empty text in it", "write a part of the message, or leave out error for a run that does not fail")
	} else if !given(c.Result) && c.Error.Text == "" && c.Prints == nil && c.Fetches == nil {
		add(c.Name.Pos, "the case expects nothing", "add result, error, prints or fetches")
	}
	if given(c.Result) && c.Error.Text != "" {
		add(c.Result.Pos, "a run that fails has no result", "leave out result or error")
	}
	if c.Event == nil {
		return errors.Join(errs...)
	}
	if c.Globals != nil {
		add(c.Name.Pos, "want event or globals, not both", "event is for transforms, globals for programs of their own")
	}
	if len(c.Fetches) > 0 {
		add(c.Fetches[0].URL.Pos, "a transform reaches nothing outside", "test other programs with globals in place of event")
	}
	if given(c.Result) {
		errs = append(errs, checkEventResult(c.Result))
	}
	return errors.Join(errs...)
}

// checkEventResult wants an event, or null for one that is dropped.
func checkEventResult(t pipeline.Tree) error {
	if isNull(t) {
		return nil
	}
	if t.Fields == nil {
		err := pipeline.Errorf(t.Pos, "want a mapping with what becomes of the event")
		err.Hint = "known keys are " + strings.Join(resultKeys, ", ") + "; write null for an event that is dropped"
		return err
	}
	var errs []error
	for _, f := range t.Fields {
		if f.Name != "properties" && f.Name != "event" && f.Name != "distinct_id" {
			err := pipeline.Errorf(f.Pos, "%q of an event cannot be changed by a transform", f.Name)
			err.Hint = "known keys are " + strings.Join(resultKeys, ", ")
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func isNull(t pipeline.Tree) bool {
	return t.Text == nil && t.List == nil && t.Fields == nil && t.Literal == nil
}
