package bulk

import (
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// draft is a record on its way to become an event: raw JSON, nil for what there is not. A message is its whole text and an id.
type draft struct {
	event, distinctID, timestamp, id []byte
	properties, set, setOnce         []byte
	added                            []rawjson.Named // properties that are not to replace others
	message                          []byte
}

// append appends the event as an SDK would send it.
func (d *draft) append(dst []byte) []byte {
	if d.message != nil {
		return append(dst, rawjson.Set(d.message, "messageId", d.id)...) // which may be there and be null
	}
	properties := d.properties
	if properties == nil {
		properties = []byte("{}")
	}
	out := rawjson.AddAbsent([]byte("{}"), []rawjson.Named{
		{Name: "event", Value: d.event}, {Name: "distinct_id", Value: d.distinctID}, {Name: "timestamp", Value: d.timestamp}, {Name: "uuid", Value: d.id},
		{Name: "$set", Value: d.set}, {Name: "$set_once", Value: d.setOnce},
		{Name: "properties", Value: rawjson.AddAbsent(properties, d.added)},
	})
	return append(dst, out...)
}

// add adds a property unless the value is nil.
func (d *draft) add(name string, value []byte) {
	if value != nil {
		d.added = append(d.added, rawjson.Named{Name: name, Value: value})
	}
}

// event reads an event of PostHog's batch exports, of an SDK, or of Prickle.
func event(r record, d *draft) (err error) {
	d.event, d.distinctID, d.id = r.of["event"], r.first("distinct_id", "$distinct_id"), r.first("uuid")
	d.timestamp = r.first("timestamp")
	if d.properties, err = r.object("properties"); err != nil {
		return err
	}
	for _, name := range []string{"set", "$set"} {
		if err := r.into(&d.set, name); err != nil {
			return err
		}
	}
	for _, name := range []string{"set_once", "$set_once"} {
		if err := r.into(&d.setOnce, name); err != nil {
			return err
		}
	}
	d.add("$elements_chain", r.first("elements_chain"))
	return nil
}

// into takes an object, if it is there.
func (r record) into(to *[]byte, name string) error {
	value, err := r.object(name)
	if value != nil {
		*to = value
	}
	return err
}

// message reads a message of Segment or RudderStack.
func message(r record, d *draft) error {
	d.message = r.text
	if id := r.first("messageId"); id != nil {
		d.id = id
	}
	if d.timestamp = r.first("originalTimestamp"); d.timestamp == nil || !readable(d.timestamp) { // the other one is as good
		d.timestamp = r.first("timestamp", "originalTimestamp")
	}
	return nil
}

// readable reports whether a time is in a known form.
func readable(timestamp []byte) bool {
	_, ok := wire.ParseTime(timestamp)
	return ok
}

// maxShown is how many bytes of a value a rejection shows.
const maxShown = 50

// problem says what is wrong with the draft that an SDK's event may have, or "". A time that cannot be read stands for none there, which for an old event
// would be a false one.
func (d *draft) problem() (code, detail string) {
	if d.timestamp == nil || readable(d.timestamp) {
		return "", ""
	}
	shown := wire.Cut(string(d.timestamp), maxShown)
	return "invalid_timestamp", "timestamp " + shown + " is in no known form: want ISO 8601, or seconds or milliseconds since 1970"
}

// uuidOf is a value that is the text of a UUID, nil for any other.
func uuidOf(value []byte) []byte {
	if _, ok := wire.UUID(wire.Text(value)); ok {
		return value
	}
	return nil
}
