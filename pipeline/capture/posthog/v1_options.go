package posthog

import (
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// v1Options says which property an option becomes (spec 3.2).
var v1Options = map[string]struct {
	property string
	text     bool // else it is a boolean
}{
	"process_person_profile":  {property: wire.PersonProfile},
	"cookieless_mode":         {property: "$cookieless_mode"},
	"disable_skew_correction": {property: "$ignore_sent_at"},
	"product_tour_id":         {property: "$product_tour_id", text: true},
}

// options gives the event its properties, with what stands beside them, and its time. It reports false when an option is of no use.
func (d *v1Decoder) options(f *v1Fields, event *pipeline.Event, at time.Time, result *Result) bool {
	if wire.Present(f.options) && rawjson.KindOf(f.options) != rawjson.Object {
		return false
	}
	inject := d.lib[:len(d.lib):len(d.lib)]
	for key, value := range rawjson.Members(f.options) {
		option, known := v1Options[string(wire.Name(key))]
		if !known || !wire.Present(value) {
			continue
		}
		plain := asBoolean(value)
		if option.text {
			plain = asText(value)
		}
		if plain == nil {
			return false
		}
		inject = put(inject, option.property, plain)
	}
	for _, id := range []injection{{"$session_id", f.session}, {"$window_id", f.window}} {
		if text := asText(id.value); text != nil && string(text) != `""` {
			inject = put(inject, id.name, text)
		}
	}
	switch {
	case event.DistinctID == cookielessID:
		inject = put(inject, wire.PersonProfile, []byte("false"))
	case isNobody(event.DistinctID):
		inject = put(inject, wire.PersonProfile, []byte("false"))
		result.Result, result.Details = ResultWarning, "person_processing_disabled"
	}
	d.finish(f, event, at, inject)
	return true
}

// finish writes the properties and corrects the time.
func (d *v1Decoder) finish(f *v1Fields, event *pipeline.Event, at time.Time, inject []injection) {
	own := fields{properties: f.ownProperties, injected: inject}
	if !wire.Present(own.properties) {
		own.properties = []byte("{}")
	}
	ignoreSent := false
	for _, more := range inject {
		switch more.name {
		case "$session_id":
			lowerUUID(more.value)
		case "$ignore_sent_at":
			ignoreSent = wire.IsTrue(more.value)
		}
	}
	p := d.properties(&own)
	event.Properties = p.text
	if !ignoreSent && !p.ignoreSent {
		at = d.clock.Correct(at)
	}
	event.Timestamp = d.clock.Bound(at)
}

// put adds a property, or replaces the one of its name.
func put(all []injection, name string, value []byte) []injection {
	for i := range all {
		if all[i].name == name {
			all[i].value = value
			return all
		}
	}
	return append(all, injection{name, value})
}

// asBoolean reads a boolean, also one that is written as a text or a number. nil is none.
func asBoolean(value []byte) []byte {
	switch strings.Trim(string(value), `"`) {
	case "true", "1":
		return []byte("true")
	case "false", "0":
		return []byte("false")
	}
	return nil
}

// asText reads a text, also one that is written as a number. nil is none.
func asText(value []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Text:
		return value
	case rawjson.Number:
		return rawjson.AppendString(nil, string(value))
	}
	return nil
}

// nobodies are distinct ids that stand for nobody in particular, in lower case (spec 3.4, 6.4).
var nobodies = map[string]bool{
	"anonymous": true, "guest": true, "distinctid": true, "distinct_id": true, "id": true, "not_authenticated": true, "email": true,
	"undefined": true, "true": true, "false": true, "[object object]": true, "nan": true, "none": true, "null": true, "0": true,
	"00000000-0000-0000-0000-000000000000": true, "system": true, "backend": true, "anonymous-user": true,
}

// isNobody reports whether id is one of nobodies, whatever its case, and with blanks or quotes around it.
func isNobody(id string) bool {
	id = strings.TrimSpace(id)
	for _, quote := range []string{`"`, "'"} {
		if inner, ok := strings.CutPrefix(id, quote); ok {
			if inner, ok = strings.CutSuffix(inner, quote); ok {
				id = strings.TrimSpace(inner)
			}
		}
	}
	return id == "" || nobodies[strings.ToLower(id)]
}
