// Package mapset is the transform `map`: it sets fields of the event to the values of expressions.
//
//	map:
//	  event.properties.total: event.properties.price * event.properties.quantity
//	  event.name: event.name == "Order Completed" ? "purchase" : event.name
//
// The entries are evaluated in the order of the file, and each sees what the ones before it have set. A value of nil takes a property out; the
// name and the distinct id want text that is not empty. An event with a new distinct id belongs to another person from here on: it stays
// in the lane it came by, so its order among that person's other events is not kept.
package mapset

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Config is the transform's part of the configuration: a mapping from fields to expressions. A field is event.name, event.distinct_id or
// event.properties.<path>. A number, true, false or null without quotes is taken as it is.
type Config struct {
	Set pipeline.Fields `yaml:",inline"`
}

// Validate refuses an empty mapping.
func (c *Config) Validate() error {
	if len(c.Set) == 0 {
		return &pipeline.ConfigError{Message: "nothing to set", Hint: "write for example event.properties.total: event.properties.price * 2"}
	}
	return nil
}

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "map",
	Summary:   "sets fields of the event to the values of expressions",
	NewConfig: func() any { return new(Config) },
	New:       func(config any, env pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config), env) },
}

// Map sets fields of events.
type Map struct {
	steps  []step
	drafts sync.Pool // of *exprs.Draft
}

type step struct {
	target exprs.Field
	name   string // of the target, for errors
	value  *exprs.Value
}

var _ pipeline.Transform = (*Map)(nil)

// New returns a Map. Mistakes are *pipeline.ConfigError, joined.
func New(config *Config, env pipeline.Env) (*Map, error) {
	var m Map
	var errs []error
	for _, f := range config.Set {
		target, err := exprs.ParseField(pipeline.Code{Text: f.Name, Pos: f.Pos})
		errs = append(errs, err)
		code, err := codeOf(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		value, err := exprs.CompileValue(code, exprs.WithProject(env.Project))
		errs = append(errs, err)
		m.steps = append(m.steps, step{target, f.Name, value})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &m, nil
}

// codeOf is the expression that a field's value spells.
func codeOf(f pipeline.Field) (pipeline.Code, error) {
	v := f.Value
	switch {
	case v.Text != nil:
		return *v.Text, nil
	case v.List != nil || v.Fields != nil:
		err := pipeline.Errorf(v.Pos, "%s: want an expression, got a list or a mapping", f.Name)
		err.Hint = "put it in quotes to write it in expr"
		return pipeline.Code{}, err
	case v.Literal == nil:
		return pipeline.Code{Text: "nil", Pos: v.Pos}, nil
	}
	return pipeline.Code{Text: fmt.Sprint(v.Literal), Pos: v.Pos}, nil
}

// Apply appends e with the fields set. It fails when an expression does, or when the name or distinct id would not be one.
func (m *Map) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	// The expressions look at the copy in out, which is on the heap anyway; looking at e would move e there too.
	n := len(out)
	out = append(out, e)
	d, ok := m.drafts.Get().(*exprs.Draft)
	if !ok {
		d = new(exprs.Draft)
	}
	defer m.drafts.Put(d)
	d.Begin(&out[n])
	defer d.End()
	for i := range m.steps {
		if err := m.steps[i].apply(d); err != nil {
			return out[:n], err
		}
	}
	return out, nil
}

func (s *step) apply(d *exprs.Draft) error {
	raw, err := d.JSON(s.value)
	switch {
	case err != nil:
		return err
	case s.target.Path == nil:
		text, _ := rawjson.String(raw)
		if n := utf8.RuneCountInString(text); n == 0 || n > 200 {
			return fmt.Errorf("%s: want a text of 1 to 200 characters", s.name)
		}
		if s.target.Name {
			d.Event().Name = text
		} else {
			d.Event().DistinctID = text
		}
	case raw == nil:
		d.Delete(s.target.Path...)
	default:
		d.Set(raw, s.target.Path...)
	}
	return nil
}
