package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// Action says what becomes of an event that violates its contract.
type Action string

// The values of Action.
const (
	Warn       Action = "warn"       // it goes on, counted and with the violations in its property Mark
	Quarantine Action = "quarantine" // it becomes a dead letter
	Reject     Action = "reject"     // it is dropped and counted
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Action) UnmarshalText(text []byte) error {
	*a = Action(text)
	return oneOf(*a, Warn, Quarantine, Reject)
}

// Type is what a contract wants of a property's values: the name of a Kind but null, or "any".
type Type string

const anything Type = "any"

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Type) UnmarshalText(text []byte) error {
	*t = Type(text)
	known := []Type{anything}
	for k := Boolean; k < kinds; k++ {
		known = append(known, Type(k.String()))
	}
	return oneOf(*t, known...)
}

func oneOf[T ~string](value T, known ...T) error {
	if slices.Contains(known, value) {
		return nil
	}
	words := make([]string, len(known))
	for i, k := range known {
		words[i] = string(k)
	}
	return errors.New("want one of " + strings.Join(words, ", "))
}

// takes reports whether values of a kind are of the type.
func (t Type) takes(k Kind) bool {
	return t == anything || t == Type(k.String()) || t == Type(Number.String()) && k == Integer || t == Type(String.String()) && k == Time
}

// Contracts is the configuration's part with that name.
type Contracts struct {
	// OnViolation is what becomes of events whose own contract does not say: warn by default.
	OnViolation Action `yaml:"on_violation"`
	// Unlisted is what becomes of events that have no contract and that Allow does not name; "" lets them through.
	Unlisted Action `yaml:"unlisted"`
	// Allow are names of events that need no contract. A name that ends in * stands for all that begin so.
	Allow  []pipeline.Code          `yaml:"allow"`
	Events map[string]EventContract `yaml:"events"`
}

// EventContract is what one event has to be like.
type EventContract struct {
	OnViolation Action                      `yaml:"on_violation"`
	Properties  map[string]PropertyContract `yaml:"properties"`
}

// PropertyContract is what one property has to be like. Its short form is the type.
type PropertyContract struct {
	Type Type `yaml:"type"` // any by default
	// Required says that the property has to be there and not be null.
	Required bool `yaml:"required"`
	// Allowed are the values that it may have: texts, numbers, true and false. None allow every value.
	Allowed []pipeline.Tree `yaml:"allowed"`
}

// Short makes `plan: string` the type.
func (c *PropertyContract) Short() any { return &c.Type }

// DefaultContracts is what holds for what is not configured: there are none.
func DefaultContracts() Contracts { return Contracts{OnViolation: Warn} }

// None reports whether nothing is wanted of any event.
func (c *Contracts) None() bool { return len(c.Events) == 0 && c.Unlisted == "" }

// Validate reports what makes no sense in the list of events that need no contract.
func (c *Contracts) Validate() error {
	var errs []error
	if len(c.Allow) > 0 && c.Unlisted == "" {
		errs = append(errs, pipeline.Errorf(c.Allow[0].Pos, "allow has no effect without unlisted: events without a contract go on anyway"))
	}
	seen := map[string]bool{}
	for _, name := range c.Allow {
		switch _, listed := c.Events[name.Text]; {
		case name.Text == "":
			errs = append(errs, pipeline.Errorf(name.Pos, "want the name of an event"))
		case listed:
			errs = append(errs, pipeline.Errorf(name.Pos, "event %q has a contract under events, which it cannot be excepted from here", name.Text))
		case seen[name.Text]:
			errs = append(errs, pipeline.Errorf(name.Pos, "event %q is listed twice", name.Text))
		case strings.Contains(strings.TrimSuffix(name.Text, "*"), "*"):
			errs = append(errs, pipeline.Errorf(name.Pos, "%q: a * stands at the end of a name only", name.Text))
		}
		seen[name.Text] = true
	}
	return errors.Join(errs...)
}

// mostRules is how many properties a contract may name.
const mostRules = 256

// Validate reports a contract that is too large.
func (c *EventContract) Validate() error {
	if len(c.Properties) > mostRules {
		return fmt.Errorf("properties: %d of them, and a contract may name %d", len(c.Properties), mostRules)
	}
	return nil
}

// Validate reports allowed values that the type does not take, and those that are there twice.
func (c *PropertyContract) Validate() error {
	var errs []error
	var seen []value
	for _, tree := range c.Allowed {
		v, kind, ok := valueOf(tree)
		switch {
		case !ok:
			errs = append(errs, pipeline.Errorf(tree.Pos, "allowed: want texts, numbers, true and false"))
		case c.Type != "" && !c.Type.takes(kind):
			errs = append(errs, pipeline.Errorf(tree.Pos, "allowed: want values of type %s, got %s", c.Type, kind))
		case slices.Contains(seen, v):
			errs = append(errs, pipeline.Errorf(tree.Pos, "allowed: %s is there twice", v))
		}
		seen = append(seen, v)
	}
	return errors.Join(errs...)
}
