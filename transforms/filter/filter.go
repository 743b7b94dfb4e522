// Package filter is the transform that lets through the events for which a condition holds, and drops the others.
package filter

import (
	"context"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
)

// Config is the filter's part of the configuration. Its short form is the condition alone.
type Config struct {
	// Keep is the condition: an event for which it is false is dropped. See package exprs.
	Keep pipeline.Code `yaml:"keep,required"`
}

// Short makes `filter: event.name != "$heartbeat"` the condition.
func (c *Config) Short() any { return &c.Keep }

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "filter",
	Summary:   "lets through the events for which a condition holds",
	NewConfig: func() any { return new(Config) },
	New: func(config any, env pipeline.Env) (pipeline.Transform, error) {
		keep, err := exprs.Compile(config.(*Config).Keep, exprs.WithProject(env.Project))
		if err != nil {
			return nil, err
		}
		return &Filter{keep}, nil
	},
}

// Filter drops events by a condition.
type Filter struct{ keep *exprs.Condition }

var _ pipeline.Transform = (*Filter)(nil)

// Apply appends e as it is, or nothing. It fails when the condition cannot be evaluated on the event's values.
func (f *Filter) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	// The condition looks at the copy in out, which is on the heap anyway; looking at e would move e there too.
	n := len(out)
	out = append(out, e)
	keep, err := f.keep.Match(&out[n])
	if err != nil || !keep {
		return out[:n], err
	}
	return out, nil
}
