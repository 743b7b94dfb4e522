// Package drop is the transform that takes properties out of events.
package drop

import (
	"context"
	"errors"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
)

// Config is the transform's part of the configuration. Its short form is the list alone.
type Config struct {
	// Properties names what is taken out: event.properties.email, event.properties["$set"].email. One that is absent is no mistake.
	Properties []pipeline.Code `yaml:"properties,required"`
}

// Short makes `drop_properties: [event.properties.email]` the list.
func (c *Config) Short() any { return &c.Properties }

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "drop_properties",
	Summary:   "takes properties out of events",
	NewConfig: func() any { return new(Config) },
	New:       func(config any, _ pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config)) },
}

// Drop takes properties out.
type Drop struct{ paths [][]string }

var _ pipeline.Transform = (*Drop)(nil)

// New returns a Drop. Mistakes are *pipeline.ConfigError, joined.
func New(config *Config) (*Drop, error) {
	var d Drop
	var errs []error
	for _, code := range config.Properties {
		field, err := exprs.ParseField(code)
		if err == nil && field.Path == nil {
			err = pipeline.Errorf(code.Pos, "%q cannot be left out: an event always has one", code.Text)
		}
		errs = append(errs, err)
		d.paths = append(d.paths, field.Path)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &d, nil
}

// Apply appends e without the properties. It never fails.
func (d *Drop) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	for _, path := range d.paths {
		e.Properties = e.Properties.Delete(path...)
	}
	return append(out, e), nil
}
