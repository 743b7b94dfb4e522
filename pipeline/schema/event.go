package schema

import (
	"encoding/json"
	"strings"
	"time"
)

const (
	// mostNames is how many event names have an Event of their own, mostProperties how many properties each of those. What comes after them is
	// counted under Others.
	mostNames, mostProperties = 1000, 300
	// longestName is how many bytes the name of a property may have to be kept.
	longestName = 200
	// longestSample is how many bytes of a value are kept.
	longestSample = 100
)

// Others stands for the event names, and the properties, that there was no room for.
const Others = "(others)"

// Event is what is known of the properties of one event name, or what has been counted and is still to be added to that.
type Event struct {
	Name       string               `json:"event"`
	Count      int64                `json:"count"`
	Properties map[string]*Property `json:"properties"`
	// By names what was added last, so that it is not added again when nobody knows whether it was stored.
	By string `json:"by"`
}

// Property is what is known of one property.
type Property struct {
	Kinds  map[string]int64 `json:"kinds"` // how many values there were of each kind
	First  time.Time        `json:"first"` // when the first of them was received
	Last   time.Time        `json:"last"`
	Sample string           `json:"sample,omitempty"` // the beginning of a value that is not null; "" for none
}

// add adds what was counted. Without samples it takes away those there are.
func (e *Event) add(counted *Event, samples bool) {
	if e.Properties == nil {
		e.Properties = map[string]*Property{}
	}
	e.Name, e.By = counted.Name, counted.By
	e.Count += counted.Count
	for name, p := range counted.Properties {
		if e.Properties[name] == nil && e.full() {
			name = Others
		}
		into := e.Properties[name]
		if into == nil {
			into = &Property{Kinds: map[string]int64{}, First: p.First}
			e.Properties[name] = into
		}
		into.add(p)
	}
	if others := e.Properties[Others]; others != nil {
		others.Sample = ""
	}
	if !samples {
		for _, p := range e.Properties {
			p.Sample = ""
		}
	}
}

// full reports whether there is no room for another property.
func (e *Event) full() bool {
	n := len(e.Properties)
	if e.Properties[Others] != nil {
		n--
	}
	return n >= mostProperties
}

func (p *Property) add(counted *Property) {
	for kind, n := range counted.Kinds {
		p.Kinds[kind] += n
	}
	if counted.First.Before(p.First) {
		p.First = counted.First
	}
	if counted.Last.After(p.Last) {
		p.Last = counted.Last
	}
	if counted.Sample != "" {
		p.Sample = counted.Sample
	}
}

// Total is how many values there were, nulls among them.
func (p *Property) Total() (n int64) {
	for _, of := range p.Kinds {
		n += of
	}
	return n
}

// Type is the name of the kind that every value was of but nulls, "number" for integers and other numbers, "string" for texts and times, "mixed"
// for anything else, "null" when there was nothing else.
func (p *Property) Type() string {
	found := ""
	for kind, n := range p.Kinds {
		switch {
		case n == 0 || kind == Null.String() || kind == found:
		case found == "":
			found = kind
		default:
			found = both(found, kind)
		}
	}
	if found == "" {
		return Null.String()
	}
	return found
}

const mixed = "mixed"

func both(a, b string) string {
	for _, wide := range [][2]Kind{{Number, Integer}, {String, Time}} {
		if within := []string{wide[0].String(), wide[1].String()}; (a == within[0] || a == within[1]) && (b == within[0] || b == within[1]) {
			return wide[0].String()
		}
	}
	return mixed
}

func parse(value []byte) (*Event, error) {
	e := &Event{}
	if value == nil {
		return e, nil
	}
	return e, json.Unmarshal(value, e)
}

// storable is a text that every warehouse takes: without NUL, in valid UTF-8.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}
