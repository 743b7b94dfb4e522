// Package hog is the transform that runs a Hog program on each event.
//
//	hog: functions/enrich.hog
//	hog: {file: functions/enrich.hog, limits: {time: 100ms}}
//	hog: {code: "return event"}
//
// The program returns the event, changed or not, or null to drop it. See package hogs for what it sees and what is taken over. A program
// that changes event.distinct_id moves the event to another person; it stays in the lane it came by, so its order among that
// person's other events is not kept.
package hog

import (
	"context"
	"time"

	language "github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

// Config is the transform's part of the configuration. Its short form is the file.
type Config struct {
	// File is a file with the program.
	File pipeline.File `yaml:"file"`
	// Code is the program itself, in place of File.
	Code pipeline.Code `yaml:"code"`
	// Limits bound one run.
	Limits Limits `yaml:"limits"`
}

// Limits bound one run of the program. An event on which a limit is reached has failed.
type Limits struct {
	// Time is the wall time. Default: 500ms.
	Time time.Duration `yaml:"time"`
	// Memory is the size of the values alive at once. Default: 64MB.
	Memory pipeline.Bytes `yaml:"memory"`
	// Steps is the number of instructions. Default: no limit but the time.
	Steps int64 `yaml:"steps"`
}

// Short makes `hog: functions/enrich.hog` the file.
func (c *Config) Short() any { return &c.File }

// Validate wants a file or code, and not both.
func (c *Config) Validate() error {
	if (c.File.Path == "") == (c.Code.Text == "") {
		return &pipeline.ConfigError{Message: "want either a file or code", Hint: "write for example hog: functions/enrich.hog"}
	}
	return nil
}

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "hog",
	Summary:   "runs a Hog program on each event",
	NewConfig: func() any { return new(Config) },
	New:       func(config any, env pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config), env) },
}

// Hog runs a program.
type Hog struct{ program *hogs.Transform }

var _ pipeline.Transform = (*Hog)(nil)

// New reads the file and compiles the program. Mistakes are *pipeline.ConfigError, joined.
func New(config *Config, env pipeline.Env) (*Hog, error) {
	limits := language.Limits{Time: config.Limits.Time, Memory: int64(config.Limits.Memory), Steps: config.Limits.Steps}
	compile := func() (*hogs.Transform, error) { return hogs.CompileTransformFile(config.File, limits, env) }
	if config.Code.Text != "" {
		compile = func() (*hogs.Transform, error) { return hogs.CompileTransform(config.Code, limits, env) }
	}
	program, err := compile()
	if err != nil {
		return nil, err
	}
	return &Hog{program}, nil
}

// Apply appends what the program returns for e, or nothing when it drops e.
func (h *Hog) Apply(ctx context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	changed, keep, err := h.program.Apply(ctx, e)
	if err != nil || !keep {
		return out, err
	}
	return append(out, changed), nil
}
