package posthog

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// V1Request is a request in capture mode v1 besides its text.
type V1Request struct {
	wire.Request
	Head Head
}

// What becomes of an event in capture mode v1 (spec 3.4).
const (
	ResultOK      = "ok"
	ResultWarning = "warning" // stored, with a change that Details names
	ResultDrop    = "drop"    // not stored, and it would not be if it were sent again
	ResultRetry   = "retry"   // not stored, and it should be sent again
)

// Result is what the client is told about one event.
type Result struct {
	UUID    string // as the client wrote it
	Result  string // ResultOK, …
	Details string // why, or ""
}

// DecodeV1 checks text and makes events of it into s.Events (spec 3.2). results has one entry for each event of the request, in its order:
// those with ResultDrop are not in s.Events but in s.Problems, or filtered. A request that is wrong as a whole is a *wire.Refusal. The events
// point into text and s; text is changed in place.
func DecodeV1(req V1Request, text []byte, s *wire.Scratch) (results []Result, err error) {
	if len(text) == 0 {
		return nil, wire.Invalid("empty_payload", "the request has no body")
	}
	if err := wire.CheckJSON(text); err != nil {
		return nil, err
	}
	d := v1Decoder{decoder: decoder{
		Request: Request{Request: req.Request}, s: s, source: req.Head.Source,
		clock: wire.Clock{Now: req.Now, Sent: req.Head.Sent},
	}}
	d.lib = []injection{
		{"$lib", rawjson.AppendString(nil, req.Head.SDK)}, {"$lib_version", rawjson.AppendString(nil, req.Head.Version)},
	}
	batch, err := d.root(text)
	if err != nil {
		return nil, err
	}
	if err := d.index(batch); err != nil {
		return nil, err
	}
	d.prepare(len(batch))
	i := 0
	for element := range rawjson.Elements(batch) {
		d.event(i, element)
		if i++; i%eventsAtOnce == 0 {
			if err := d.s.Account(); err != nil {
				return nil, err
			}
		}
	}
	return d.results, d.hideVisitors()
}

type v1Decoder struct {
	decoder
	lib     []injection // of the SDK, the same for all events
	results []Result
}

// root reads what is said about all events, and returns the batch.
func (d *v1Decoder) root(text []byte) (batch []byte, err error) {
	if rawjson.KindOf(text) != rawjson.Object {
		return nil, wire.Invalid("invalid_payload", "want an object with created_at and batch")
	}
	var created []byte
	for key, value := range rawjson.Members(text) {
		switch string(wire.Name(key)) {
		case "created_at":
			created = value
		case "batch":
			batch = value
		case "historical_migration":
			d.historical = wire.IsTrue(value)
		case "capture_internal":
			if wire.IsTrue(value) {
				d.ClientIP = "127.0.0.1"
			}
		}
	}
	switch _, problem := time.Parse(time.RFC3339, wire.Text(created)); {
	case problem != nil:
		return nil, wire.Invalid("invalid_created_at", "created_at is missing or no time such as 2026-03-01T12:00:00Z")
	case rawjson.KindOf(batch) != rawjson.Array:
		return nil, wire.Invalid("invalid_batch", "batch is missing or no array")
	}
	return batch, nil
}

// index finds the uuids of all events, by which they are answered: without them nothing of the request can be.
func (d *v1Decoder) index(batch []byte) error {
	seen := map[string]bool{}
	for element := range rawjson.Elements(batch) {
		n := len(d.results)
		if d.MaxEvents > 0 && n >= d.MaxEvents {
			return wire.TooLarge("too_many_events", "more than %d events in one request", d.MaxEvents)
		}
		f := readV1Fields(element)
		if missing := f.missing(); missing != "" {
			return wire.Invalid("missing_"+missing, "event %d has no %s", n, missing)
		}
		id, ok := wire.UUID(wire.Text(f.uuid))
		switch {
		case !ok:
			return wire.Invalid("invalid_uuid", "event %d: uuid is not a UUID", n)
		case seen[id]:
			return wire.Invalid("duplicate_uuid", "event %d: an earlier event has the same uuid", n)
		}
		seen[id] = true
		d.results = append(d.results, Result{UUID: wire.Text(f.uuid), Result: ResultOK})
	}
	if len(d.results) == 0 {
		return wire.Invalid("empty_batch", "the request has no events")
	}
	return nil
}

// v1Fields are the raw values of an event's own keys; nil is absent.
type v1Fields struct {
	event, uuid, distinctID, timestamp      []byte
	session, window, options, ownProperties []byte
}

func readV1Fields(text []byte) (f v1Fields) {
	for key, value := range rawjson.Members(text) {
		switch string(wire.Name(key)) {
		case "event":
			f.event = value
		case "uuid":
			f.uuid = value
		case "distinct_id":
			f.distinctID = value
		case "timestamp":
			f.timestamp = value
		case "session_id":
			f.session = value
		case "window_id":
			f.window = value
		case "options":
			f.options = value
		case "properties":
			f.ownProperties = value
		}
	}
	return f
}

// missing names a required key that is absent, or "".
func (f *v1Fields) missing() string {
	for _, key := range []struct {
		name  string
		value []byte
	}{{"uuid", f.uuid}, {"event", f.event}, {"distinct_id", f.distinctID}, {"timestamp", f.timestamp}} {
		if key.value == nil {
			return key.name
		}
	}
	return ""
}

// event decodes one event and adds it to the scratch's events, or says in its result why not.
func (d *v1Decoder) event(index int, text []byte) {
	f := readV1Fields(text)
	result := &d.results[index]
	drop := func(tag, format string, args ...any) {
		result.Result, result.Details = ResultDrop, tag
		d.s.Reject(index, tag, format, args...)
	}
	event := pipeline.Event{Source: d.source, ReceivedAt: d.Now, Name: wire.Text(f.event), DistinctID: wire.FullID(f.distinctID)}
	event.UUID, _ = wire.UUID(result.UUID)
	if event.Name == "$performance_event" {
		result.Result, result.Details = ResultDrop, event.Name
		d.s.Filter(index)
		return
	}
	if d.MaxEventBytes > 0 && len(text) > d.MaxEventBytes {
		result.Result, result.Details = ResultDrop, "event_too_large"
		d.s.RejectTooLarge(index, event.UUID, len(text), d.MaxEventBytes)
		return
	}
	at, ok := wire.ParseTime(f.timestamp)
	switch {
	case event.Name == "":
		drop("missing_event_name", "event is empty or not a string")
	case wire.Cut(event.Name, wire.MaxNameLength) != event.Name:
		drop("event_name_too_long", "event has more than %d characters", wire.MaxNameLength)
	case event.DistinctID == "":
		drop("missing_distinct_id", "distinct_id is blank")
	case wire.Cut(event.DistinctID, wire.MaxNameLength) != event.DistinctID:
		drop("distinct_id_too_large", "distinct_id has more than %d characters", wire.MaxNameLength)
	case !ok:
		drop("invalid_event_timestamp", "timestamp is in no known form")
	case wire.Present(f.ownProperties) && rawjson.KindOf(f.ownProperties) != rawjson.Object:
		drop("malformed_event_properties", "properties is not an object")
	default:
		if !d.options(&f, &event, at, result) {
			drop("invalid_options", "options is not an object, or an option has a value of no use")
			return
		}
		if result.Result == ResultOK && wire.NeedsPerson(event.Name) && wire.IsPersonless(event.Properties) {
			result.Result, result.Details = ResultDrop, wire.InvalidPersonless
			d.s.FilterPersonless(index)
			return
		}
		d.s.Events = append(d.s.Events, event)
	}
}
