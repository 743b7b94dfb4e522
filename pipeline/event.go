package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Event is one captured event. It is a value: a stage that is given an Event may change its copy freely. The byte slices and strings in
// it are shared with the frame it came from and are never changed in place; Properties has methods that return changed copies.
//
// On the bus an event is one line of JSON:
//
//	{"uuid":"…","event":"purchase","distinct_id":"u1","timestamp":"2026-08-20T10:00:00.123Z","received_at":"…","source":"web","properties":{…}}
type Event struct {
	// UUID identifies the event everywhere and is the idempotency key of deliveries: lower case, 36 characters, set at capture
	// (time-ordered, version 7) when the SDK sent none.
	UUID string
	// Name is what happened, for example "purchase" or "$pageview". Never empty, at most 200 characters.
	Name string
	// DistinctID is who it happened to. It decides the lane. Never empty, at most 200 characters.
	DistinctID string
	// Source names the capture key (or the source) that the event came in by.
	Source string
	// Timestamp is when it happened, corrected for the client's clock, in UTC.
	Timestamp time.Time
	// ReceivedAt is when capture took it, in UTC.
	ReceivedAt time.Time
	// Properties is the raw JSON object of everything else.
	Properties Properties

	line         []byte   // the bytes that decoded is the envelope of, or nil
	original     envelope // the envelope as it was decoded
	propertiesAt int      // where in line the properties are; 0 for nowhere
}

type envelope struct {
	header
	properties    *byte
	propertiesLen int
}

// header is everything but the properties.
type header struct {
	uuid, name, distinctID, source string
	timestamp, receivedAt          time.Time
}

func (e *Event) envelope() envelope {
	env := envelope{header{e.UUID, e.Name, e.DistinctID, e.Source, e.Timestamp, e.ReceivedAt}, nil, len(e.Properties)}
	if len(e.Properties) > 0 {
		env.properties = &e.Properties[0]
	}
	return env
}

// noProperties is an empty object; like all properties it is never changed in place.
var noProperties = Properties("{}")

// ParseEvent decodes the envelope of one line that AppendJSON made; properties stay raw. The event aliases line, which must not be
// changed afterwards. Unknown keys are kept as long as nothing but properties is changed.
func ParseEvent(line []byte) (Event, error) {
	d := decoder{Event: Event{Properties: noProperties}, text: line}
	for key, value := range rawjson.Members(line) {
		d.member(key, value)
	}
	return d.event()
}

// ErrNotJSON is the error of LineReader for a line that is not JSON at all.
var ErrNotJSON = errors.New("not JSON")

// LineReader is ParseEvent for lines from outside, which it checks completely in the same pass. It belongs to one goroutine; the zero value is
// ready.
type LineReader struct{ members []rawjson.Member }

// Event decodes a line as ParseEvent does. The error is ErrNotJSON for one that is not JSON.
func (c *LineReader) Event(line []byte) (Event, error) {
	if c.members == nil {
		c.members = make([]rawjson.Member, 0, 8)
	}
	members, ok, at, _ := rawjson.ValidMembers(line, rawjson.MaxDepth, c.members[:0])
	if !ok {
		return Event{}, fmt.Errorf("%w (column %d)", ErrNotJSON, at+1)
	}
	c.members = members
	d := decoder{Event: Event{Properties: noProperties}, text: line}
	for _, m := range members {
		d.member(m.Key, m.Value)
	}
	return d.event()
}

// decoder makes an event of a line's members.
type decoder struct {
	Event
	text []byte // the line
	err  error
}

// member takes one in. What should be a text and is none becomes "", which event refuses as if there were none; a source may be "".
func (d *decoder) member(key, value []byte) {
	name, _ := rawjson.String(key) // keys are texts
	switch name {
	case "uuid":
		d.UUID, _ = rawjson.String(value)
	case "event":
		d.Name, _ = rawjson.String(value)
	case "distinct_id":
		d.DistinctID, _ = rawjson.String(value)
	case "source":
		d.Source, _ = rawjson.String(value)
	case "timestamp":
		d.Timestamp, d.err = parseTime("timestamp", value, d.err)
	case "received_at":
		d.ReceivedAt, d.err = parseTime("received_at", value, d.err)
	case "properties":
		if rawjson.KindOf(value) != rawjson.Object {
			d.err = errors.Join(d.err, errors.New("properties: want an object"))
			return
		}
		d.Properties = Properties(value)
		d.propertiesAt = cap(d.text) - cap(value)
	}
}

func (d *decoder) event() (Event, error) {
	err := d.err
	if err == nil && (d.UUID == "" || d.Name == "" || d.DistinctID == "") {
		err = errors.New("want an object with uuid, event and distinct_id")
	}
	if err != nil {
		return Event{}, fmt.Errorf("event line: %w", err)
	}
	e := d.Event
	e.line, e.original = d.text, e.envelope()
	return e, nil
}

// AppendJSON appends the event's line, without a newline. An event that has not been changed since ParseEvent is copied byte for byte, and
// so is everything but the properties when only they have been.
func (e *Event) AppendJSON(dst []byte) []byte {
	if e.line != nil {
		now := e.envelope()
		switch {
		case now == e.original:
			return append(dst, e.line...)
		case now.header == e.original.header && e.propertiesAt > 0:
			dst = slices.Grow(dst, len(e.line)+len(e.Properties))
			dst = appendProperties(append(dst, e.line[:e.propertiesAt]...), e.Properties)
			return append(dst, e.line[e.propertiesAt+e.original.propertiesLen:]...)
		}
	}
	dst = slices.Grow(dst, len(e.Properties)+len(e.Name)+len(e.DistinctID)+len(e.Source)+192)
	dst = append(dst, `{"uuid":`...)
	dst = rawjson.AppendString(dst, e.UUID)
	dst = append(dst, `,"event":`...)
	dst = rawjson.AppendString(dst, e.Name)
	dst = append(dst, `,"distinct_id":`...)
	dst = rawjson.AppendString(dst, e.DistinctID)
	dst = append(dst, `,"timestamp":"`...)
	dst = AppendTime(dst, e.Timestamp)
	dst = append(dst, `","received_at":"`...)
	dst = AppendTime(dst, e.ReceivedAt)
	dst = append(dst, `","source":`...)
	dst = rawjson.AppendString(dst, e.Source)
	dst = append(dst, `,"properties":`...)
	return append(appendProperties(dst, e.Properties), '}')
}

// appendProperties appends an object, {} for none, with line breaks turned to spaces. Outside of strings they mean nothing, and inside
// they cannot be.
func appendProperties(dst, text []byte) []byte {
	if len(text) == 0 {
		return append(dst, '{', '}')
	}
	start := len(dst)
	dst = append(dst, text...)
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		for i := start; i < len(dst); i++ {
			if dst[i] == '\n' || dst[i] == '\r' {
				dst[i] = ' '
			}
		}
	}
	return dst
}

// Size is the length of the event's line in bytes, or close to it when the event was changed.
func (e *Event) Size() int {
	if e.line != nil && e.original == e.envelope() {
		return len(e.line)
	}
	return len(e.Properties) + len(e.Name) + len(e.DistinctID) + len(e.Source) + 160
}

// Properties is the raw JSON object of an event's properties. Its methods never change it in place.
type Properties []byte

// Get returns the raw JSON text of the value at path, through nested objects.
func (p Properties) Get(path ...string) (value []byte, ok bool) { return rawjson.Get(p, path...) }

// String returns the text at path, or "" when there is none or it is not a string.
func (p Properties) String(path ...string) string {
	v, _ := rawjson.Get(p, path...)
	s, _ := rawjson.String(v)
	return s
}

// Set returns p with the value at path set to raw JSON text; objects on the way are made as needed.
func (p Properties) Set(value []byte, path ...string) Properties {
	return rawjson.SetPath(p, path, value)
}

// Delete returns p without the value at path.
func (p Properties) Delete(path ...string) Properties { return rawjson.Delete(p, path...) }
