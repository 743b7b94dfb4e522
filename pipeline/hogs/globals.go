package hogs

import (
	"net/url"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// globalNames are the first names of the globals. Those of the second list are PostHog's and not here yet.
var (
	globalNames  = []string{"event", "project", "source"}
	missingNames = []string{personName, groupsName, "inputs"}
)

// The globals of templates alone: transforms run before there is a person.
const personName, groupsName = "person", "groups"

// globals answers a program's reads of globals for one event.
type globals struct {
	event    pipeline.Event
	happened string // its time as text, once it was asked for
	received string // and that of its receipt
	project  pipeline.Project
	person   []byte     // as JSON; nil for nobody
	groups   []byte     // as JSON; nil for none
	arena    *hog.Arena // for what nobody holds after the run; nil when its result may be kept
}

func (g *globals) read(chain []string) (hog.Value, bool, error) {
	var v hog.Value
	rest := chain[1:]
	switch chain[0] {
	case "event":
		if len(rest) > 0 {
			return g.eventField(rest)
		}
		return g.wholeEvent()
	case "project":
		v = dict("id", hog.Number(float64(g.project.ID)), "name", hog.String(g.project.Name), "url", hog.String(g.project.URL))
	case "source":
		v = dict("name", hog.String(strings.Clone(g.event.Source)), "url", hog.String(""))
	case personName:
		return g.property(g.person, rest)
	case groupsName:
		return g.property(g.groups, rest)
	default:
		return hog.Value{}, false, nil
	}
	return descend(v, rest)
}

// eventFields are the fields of `event` in the order in which they are printed. All but properties are text.
var eventFields = []struct {
	name string
	text func(g *globals) string
}{
	{"uuid", func(g *globals) string { return g.event.UUID }},
	{"event", func(g *globals) string { return g.event.Name }},
	{"name", func(g *globals) string { return g.event.Name }},
	{"distinct_id", func(g *globals) string { return g.event.DistinctID }},
	{"properties", nil},
	{"timestamp", (*globals).timestamp},
	{"elements_chain", func(g *globals) string { return g.event.Properties.String("$elements_chain") }},
	{"url", (*globals).url},
	{"source", func(g *globals) string { return g.event.Source }},
	{"received_at", (*globals).receivedAt},
	{"captured_at", (*globals).receivedAt},
}

func (g *globals) eventField(chain []string) (hog.Value, bool, error) {
	if chain[0] == "properties" {
		return g.property(g.event.Properties, chain[1:])
	}
	for _, f := range eventFields {
		if f.name == chain[0] {
			return descend(hog.String(f.text(g)), chain[1:])
		}
	}
	return hog.Null(), true, nil
}

func (g *globals) wholeEvent() (hog.Value, bool, error) {
	properties, err := g.decode(g.event.Properties)
	if err != nil {
		return hog.Value{}, true, err
	}
	g.writeTimes()
	d := g.cloned(emptyEvent)
	for i := range eventFields {
		switch f := &eventFields[i]; f.name {
		case "properties":
			d.SetAt(i, properties)
		case "elements_chain":
			d.SetAt(i, hog.String(elementsChain(properties))) // which is decoded already
		default:
			d.SetAt(i, hog.String(f.text(g)))
		}
	}
	return d.Value(), true, nil
}

// emptyEvent is an event whose fields are null.
var emptyEvent = func() *hog.Dict {
	d := hog.NewDict(len(eventFields))
	for _, f := range eventFields {
		d.SetString(f.name, hog.Null())
	}
	return d
}()

func elementsChain(properties hog.Value) string {
	d, ok := properties.AsDict()
	if !ok {
		return ""
	}
	text, _ := textOf(d, "$elements_chain")
	return text
}

func (g *globals) timestamp() string {
	if g.happened == "" {
		g.happened = timeText(g.event.Timestamp)
	}
	return g.happened
}

func (g *globals) receivedAt() string {
	if g.received == "" {
		g.received = timeText(g.event.ReceivedAt)
	}
	return g.received
}

// writeTimes makes the texts of both times in one piece of memory.
func (g *globals) writeTimes() {
	text := pipeline.AppendTime(make([]byte, 0, 2*len(pipeline.TimeFormat)), g.event.Timestamp)
	n := len(text)
	both := rawjson.Alias(pipeline.AppendTime(text, g.event.ReceivedAt))
	g.happened, g.received = both[:n], both[n:]
}

func timeText(t time.Time) string {
	return rawjson.Alias(pipeline.AppendTime(make([]byte, 0, len(pipeline.TimeFormat)), t))
}

// url is where PostHog shows the event, below the project's address.
func (g *globals) url() string {
	if g.project.URL == "" {
		return ""
	}
	return strings.TrimSuffix(g.project.URL, "/") + "/events/" + url.PathEscape(g.event.UUID) + "/" + url.QueryEscape(g.timestamp())
}

// property reads down through objects without decoding them, and leaves everything else to the language's own rules.
func (g *globals) property(raw []byte, path []string) (hog.Value, bool, error) {
	if raw == nil {
		return hog.Null(), true, nil
	}
	for i, name := range path {
		if rawjson.KindOf(raw) != rawjson.Object {
			v, err := g.decode(raw)
			if err != nil {
				return hog.Value{}, true, err
			}
			return descend(v, path[i:])
		}
		next, ok := rawjson.Get(raw, name)
		if !ok {
			return hog.Null(), true, nil
		}
		raw = next
	}
	v, err := g.decode(raw)
	return v, true, err
}

// decode reads properties, which nobody changes in place, without copying them.
func (g *globals) decode(raw []byte) (hog.Value, error) {
	if g.arena != nil {
		return g.arena.ParseJSON(rawjson.Alias(raw))
	}
	return hog.ParseJSON(rawjson.Alias(raw))
}

func (g *globals) cloned(d *hog.Dict) *hog.Dict {
	if g.arena != nil {
		return g.arena.Clone(d)
	}
	return d.Clone()
}

func descend(v hog.Value, path []string) (hog.Value, bool, error) {
	if len(path) == 0 {
		return v, true, nil
	}
	const root = "value"
	return hog.GlobalsOf(map[string]hog.Value{root: v})(append([]string{root}, path...))
}

// dict makes a dictionary out of names, which are strings, and values.
func dict(pairs ...any) hog.Value {
	d := hog.NewDict(len(pairs) / 2)
	for i := 0; i < len(pairs); i += 2 {
		d.SetString(pairs[i].(string), pairs[i+1].(hog.Value))
	}
	return d.Value()
}
