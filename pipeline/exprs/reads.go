package exprs

import (
	"strconv"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// A read is what an expression takes from the event: a field of the envelope, or a path of the properties.
type read struct {
	text       func(e *pipeline.Event) string
	time       func(e *pipeline.Event) time.Time
	path       []string // from the properties down; empty is all of them
	properties bool
}

// eventFields are the names below `event`.
var eventFields = map[string]read{
	"name":        {text: func(e *pipeline.Event) string { return e.Name }},
	"event":       {text: func(e *pipeline.Event) string { return e.Name }},
	"uuid":        {text: func(e *pipeline.Event) string { return e.UUID }},
	"distinct_id": {text: func(e *pipeline.Event) string { return e.DistinctID }},
	"source":      {text: func(e *pipeline.Event) string { return e.Source }},
	"timestamp":   {time: func(e *pipeline.Event) time.Time { return e.Timestamp }},
	"received_at": {time: func(e *pipeline.Event) time.Time { return e.ReceivedAt }},
	"properties":  {properties: true},
}

// eventOf is the event of the machine's environment, which is a *pipeline.Event or a *Draft.
func eventOf(env any) *pipeline.Event {
	if d, ok := env.(*Draft); ok {
		return d.event
	}
	return env.(*pipeline.Event)
}

// property is the raw text at a path of the properties of the event of an environment.
func property(env any, path []string) (raw []byte, ok bool) {
	if d, ok := env.(*Draft); ok {
		return d.properties.Get(path...)
	}
	return env.(*pipeline.Event).Properties.Get(path...)
}

// function returns the read as a function of the machine's environment. Its type is one of those that the
// machine calls without reflection.
func (r read) function() any {
	switch {
	case r.text != nil:
		return func(env any) string { return r.text(eventOf(env)) }
	case r.time != nil:
		return func(env any) any { return r.time(eventOf(env)) }
	}
	return func(env any) any {
		raw, ok := property(env, r.path)
		if !ok {
			return nil
		}
		return decode(raw)
	}
}

// is returns a function that tells whether the read is one of the texts, without making a value of it.
func (r read) is(texts map[string]bool) func(env any) bool {
	if r.text != nil {
		return func(env any) bool { return texts[r.text(eventOf(env))] }
	}
	return func(env any) bool {
		raw, _ := property(env, r.path)
		s, ok := rawjson.String(raw)
		return ok && texts[s]
	}
}

// decode is rawjson.Decode with less work for scalars.
func decode(raw []byte) any {
	switch rawjson.KindOf(raw) {
	case rawjson.Null, rawjson.Invalid:
		return nil
	case rawjson.Bool:
		return raw[0] == 't'
	case rawjson.Text:
		s, _ := rawjson.String(raw)
		return s
	case rawjson.Number:
		if i, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return i
		}
		f, _ := strconv.ParseFloat(string(raw), 64)
		return f
	}
	v, _ := rawjson.Decode(raw) // properties were checked at capture
	return v
}

func isNull(raw []byte) bool { return rawjson.KindOf(raw) == rawjson.Null }
