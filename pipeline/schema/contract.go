package schema

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

const (
	// StepName is the name of the step that a Contract is in a pipeline.
	StepName = "contract"
	// Mark is the property in which an event that goes on in spite of violations has them, as a list of texts.
	Mark = "$contract_violations"
)

// Contract holds events to Contracts. It is safe for concurrent use.
type Contract struct {
	wanted *wanted

	warned, quarantined, rejected atomic.Int64
}

var _ pipeline.Transform = (*Contract)(nil)

// wanted is what is configured, made ready.
type wanted struct {
	events   map[string]*rules
	unlisted Action
	allow    map[string]bool
	prefixes []string
}

// rules are the contract of one event.
type rules struct {
	action     Action
	properties map[string]*rule // by name
	required   []*rule
}

type rule struct {
	name    string
	number  int // among those of the event
	typ     Type
	allowed []value
}

// NewContract makes a Contract of what is configured.
func NewContract(config *Contracts) *Contract {
	w := &wanted{events: map[string]*rules{}, unlisted: config.Unlisted, allow: map[string]bool{}}
	for _, name := range config.Allow {
		if prefix, ok := strings.CutSuffix(name.Text, "*"); ok {
			w.prefixes = append(w.prefixes, prefix)
			continue
		}
		w.allow[name.Text] = true
	}
	for name, e := range config.Events {
		w.events[name] = rulesOf(&e, config.OnViolation)
	}
	return &Contract{wanted: w}
}

// Uncounted is the Contract with counts of its own, for those who only look what it does.
func (c *Contract) Uncounted() pipeline.Transform { return &Contract{wanted: c.wanted} }

func rulesOf(e *EventContract, def Action) *rules {
	r := &rules{action: def, properties: map[string]*rule{}}
	if e.OnViolation != "" {
		r.action = e.OnViolation
	}
	for name, p := range e.Properties {
		one := &rule{name: name, number: len(r.properties), typ: p.Type}
		if one.typ == "" {
			one.typ = anything
		}
		for _, tree := range p.Allowed {
			v, _, _ := valueOf(tree)
			one.allowed = append(one.allowed, v)
		}
		r.properties[name] = one
		if p.Required {
			r.required = append(r.required, one)
		}
	}
	slices.SortFunc(r.required, func(a, b *rule) int { return strings.Compare(a.name, b.name) })
	return r
}

// Apply appends e as it is when it is as its contract wants it, else what the contract says becomes of it: e with Mark, nothing, or an error
// that is a *ViolationError.
func (c *Contract) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	r := c.wanted.events[e.Name]
	if r == nil {
		if c.wanted.unlisted == "" || c.wanted.allows(e.Name) {
			return append(out, e), nil
		}
		return c.violated(e, out, c.wanted.unlisted, &ViolationError{Event: e.Name})
	}
	found := r.check(e.Properties)
	if found == nil {
		return append(out, e), nil
	}
	return c.violated(e, out, r.action, &ViolationError{Event: e.Name, Violations: found})
}

func (w *wanted) allows(event string) bool {
	return w.allow[event] || slices.ContainsFunc(w.prefixes, func(prefix string) bool { return strings.HasPrefix(event, prefix) })
}

func (c *Contract) violated(e pipeline.Event, out []pipeline.Event, action Action, err *ViolationError) ([]pipeline.Event, error) {
	switch action {
	case Reject:
		c.rejected.Add(1)
		return out, nil
	case Quarantine:
		c.quarantined.Add(1)
		return out, err
	}
	c.warned.Add(1)
	e.Properties = e.Properties.Set(err.marks(), Mark)
	return append(out, e), nil
}

// Counts returns how many events violated their contract, by what became of them. Events that were worked again count again.
func (c *Contract) Counts() map[Action]int64 {
	return map[Action]int64{Warn: c.warned.Load(), Quarantine: c.quarantined.Load(), Reject: c.rejected.Load()}
}

// check returns what is wrong with properties, nil for nothing.
func (r *rules) check(properties []byte) (found []Violation) {
	var there [mostRules / 64]uint64 // a bit for each rule whose property is there and not null
	for key, value := range rawjson.Members(properties) {
		name, _ := rawjson.String(key)
		rule := r.properties[name]
		if rule == nil {
			continue
		}
		kind := kindOf(value)
		if kind == Null {
			continue
		}
		there[rule.number/64] |= 1 << (rule.number % 64)
		switch {
		case !rule.typ.takes(kind):
			found = append(found, Violation{Property: rule.name, Want: string(rule.typ), Got: kind.String()})
		case !rule.allows(value):
			found = append(found, Violation{Property: rule.name, Want: rule.choice(), Got: "another " + kind.String()})
		}
	}
	for _, rule := range r.required {
		if there[rule.number/64]&(1<<(rule.number%64)) == 0 {
			found = append(found, Violation{Property: rule.name, Want: string(rule.typ), Got: "nothing"})
		}
	}
	return found
}

func (r *rule) allows(raw []byte) bool {
	if len(r.allowed) == 0 {
		return true
	}
	v, ok := valueIn(raw)
	return ok && slices.Contains(r.allowed, v)
}

// choice lists the values that are allowed, the first ones when there are many.
func (r *rule) choice() string {
	const shown = 5
	words := make([]string, 0, shown+1)
	for i, v := range r.allowed {
		if i == shown {
			words = append(words, "…")
			break
		}
		words = append(words, v.String())
	}
	return "one of " + strings.Join(words, ", ")
}
