package posthog

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// fields are the raw values of an event's own keys; nil is absent.
type fields struct {
	name, uuid, timestamp, offset, properties []byte
	distinctID, altDistinctID                 []byte
	token, altToken, apiKey                   []byte
	set, setOnce, unset                       []byte

	injected []injection
}

func readFields(text []byte) (f fields) {
	for key, value := range rawjson.Members(text) {
		switch string(wire.Name(key)) {
		case "event":
			f.name = value
		case "uuid":
			f.uuid = value
		case "timestamp":
			f.timestamp = value
		case "offset":
			f.offset = value
		case "properties":
			f.properties = value
		case "distinct_id":
			f.distinctID = value
		case "$distinct_id":
			f.altDistinctID = value
		case "token":
			f.token = value
		case "$token":
			f.altToken = value
		case "api_key":
			f.apiKey = value
		case "$set":
			f.set = value
		case "$set_once":
			f.setOnce = value
		case "$unset":
			f.unset = value
		}
	}
	return f
}

// event decodes one event and adds it to the scratch's events or problems.
func (d *decoder) event(index int, text []byte) {
	if rawjson.KindOf(text) != rawjson.Object {
		d.s.Reject(index, "invalid_event", "want an object")
		return
	}
	if d.Recording != NoRecordings {
		d.recording(index, text)
		return
	}
	f := readFields(text)
	token := f.rootToken()
	d.offer(token)
	if !wire.Present(f.properties) {
		f.properties = []byte("{}")
	}
	if problem, detail := f.wrongTypes(); problem != "" {
		d.s.Reject(index, problem, "%s", detail)
		return
	}
	props := d.properties(&f)
	if token == "" {
		d.offer(wire.Text(props.token))
	}
	// Not before the token was seen: a stranger is told nothing else.
	if d.MaxEventBytes > 0 && len(text) > d.MaxEventBytes {
		id, _ := wire.UUID(wire.Text(f.uuid))
		d.s.RejectTooLarge(index, id, len(text), d.MaxEventBytes)
		return
	}
	event := pipeline.Event{Source: d.source, ReceivedAt: d.Now, Properties: props.text}
	if problem, detail := d.envelope(&f, &props, &event); problem != "" {
		d.s.Reject(index, problem, "%s", detail)
		return
	}
	if event.Name == "$performance_event" {
		d.s.Filter(index)
		return
	}
	if wire.NeedsPerson(event.Name) && wire.IsPersonless(event.Properties) {
		d.s.FilterPersonless(index)
		return
	}
	d.s.Events = append(d.s.Events, event)
}

// rootToken returns the token that stands beside the event's own keys, or "".
func (f *fields) rootToken() string {
	for _, value := range [][]byte{f.token, f.altToken, f.apiKey} {
		if token := wire.Text(value); token != "" {
			return token
		}
	}
	return ""
}

func (f *fields) wrongTypes() (problem, detail string) {
	if rawjson.KindOf(f.properties) != rawjson.Object {
		return "invalid_properties", "properties is not an object"
	}
	if wire.Present(f.set) && rawjson.KindOf(f.set) != rawjson.Object {
		return "invalid_set", "$set is not an object"
	}
	if wire.Present(f.setOnce) && rawjson.KindOf(f.setOnce) != rawjson.Object {
		return "invalid_set_once", "$set_once is not an object"
	}
	if kind := rawjson.KindOf(f.unset); wire.Present(f.unset) && kind != rawjson.Object && kind != rawjson.Array {
		return "invalid_unset", "$unset is neither an array nor an object"
	}
	return "", ""
}

// envelope fills in everything but the properties (spec 2.5, 2.6).
func (d *decoder) envelope(f *fields, props *properties, event *pipeline.Event) (problem, detail string) {
	event.Name = wire.Cut(wire.Text(f.name), wire.MaxNameLength)
	switch {
	case event.Name != "":
	case d.Engage && !wire.Present(f.name):
		event.Name = "$identify"
	case wire.Present(f.name) && rawjson.KindOf(f.name) != rawjson.Text:
		return "invalid_event_name", "event is not a string"
	default:
		return "missing_event_name", "event is missing or empty"
	}
	for _, id := range [][]byte{f.distinctID, f.altDistinctID, props.distinctID} {
		if wire.Present(id) {
			event.DistinctID = wire.DistinctID(id)
			break
		}
	}
	if event.DistinctID == "" {
		return "missing_distinct_id", "distinct_id is missing or blank"
	}
	if wire.Present(props.cookieless) && rawjson.KindOf(props.cookieless) != rawjson.Bool {
		return "invalid_cookieless_mode", "$cookieless_mode is not a boolean"
	}
	if event.DistinctID == cookielessID {
		event.Properties = wire.Personless(event.Properties.Set([]byte("false"), wire.PersonProfile))
	}
	var ok bool
	if event.UUID, ok = d.uuid(f.uuid); !ok {
		return "invalid_uuid", "uuid is not a UUID"
	}
	return d.timestamp(f, props, event)
}

func (d *decoder) uuid(value []byte) (id string, ok bool) {
	if !wire.Present(value) || string(value) == `""` {
		return d.s.NewUUID(), true
	}
	return wire.UUID(wire.Text(value))
}

// timestamp works out when the event happened by the server's clock (spec 2.8).
func (d *decoder) timestamp(f *fields, props *properties, event *pipeline.Event) (problem, detail string) {
	if wire.Present(f.offset) {
		t, ok := before(d.Now, f.offset)
		if !ok {
			return "invalid_offset", "offset is not an integer number of milliseconds"
		}
		event.Timestamp = d.clock.Bound(t)
		return "", ""
	}
	t, ok := wire.ParseTime(f.timestamp)
	switch {
	case !ok:
		t = d.Now
	case !props.ignoreSent:
		t = d.clock.Correct(t)
	}
	event.Timestamp = d.clock.Bound(t)
	return "", ""
}

// before is the time that lies an offset in milliseconds before t. A time.Duration would not hold all of them.
func before(t time.Time, offset []byte) (time.Time, bool) {
	if rawjson.KindOf(offset) != rawjson.Number {
		return time.Time{}, false
	}
	v, err := rawjson.Decode(offset)
	n, ok := v.(int64)
	if err != nil || !ok {
		return time.Time{}, false
	}
	return time.Unix(t.Unix()-n/1000, int64(t.Nanosecond())-n%1000*int64(time.Millisecond)), true
}
