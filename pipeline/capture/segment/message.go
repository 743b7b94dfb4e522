package segment

import (
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// message holds the raw values of a message, or of the root of a batch; nil is absent.
type message struct {
	kind string // what it is taken as

	typeField, event, name, category, messageID    []byte
	userID, anonymousID, previousID, groupID       []byte
	properties, traits, context, integrations      []byte
	timestamp, originalTimestamp, sentAt, writeKey []byte
	batch, mergeProperties                         []byte
}

func readMessage(text []byte) (m message) {
	for key, value := range rawjson.Members(text) {
		if field := m.field(string(wire.Name(key))); field != nil {
			*field = value
		}
	}
	return m
}

func (m *message) field(name string) *[]byte {
	switch name {
	case "type":
		return &m.typeField
	case "event":
		return &m.event
	case "name":
		return &m.name
	case "category":
		return &m.category
	case "messageId":
		return &m.messageID
	case "userId":
		return &m.userID
	case "anonymousId":
		return &m.anonymousID
	case "previousId":
		return &m.previousID
	case "groupId":
		return &m.groupID
	case "properties":
		return &m.properties
	case "traits":
		return &m.traits
	case "context":
		return &m.context
	case "integrations":
		return &m.integrations
	case "timestamp":
		return &m.timestamp
	case "originalTimestamp":
		return &m.originalTimestamp
	case "sentAt":
		return &m.sentAt
	case "writeKey":
		return &m.writeKey
	case "batch":
		return &m.batch
	case "mergeProperties":
		return &m.mergeProperties
	}
	return nil
}

// scalar reads an id or name: a string, trimmed, or the text of a number. Anything else is "".
func scalar(value []byte) string {
	switch rawjson.KindOf(value) {
	case rawjson.Text:
		return strings.TrimSpace(wire.Text(value))
	case rawjson.Number:
		return string(value)
	}
	return ""
}

func (m *message) distinctID() string {
	if m.kind == "merge" {
		into, _ := m.merged()
		return into
	}
	id := scalar(m.userID)
	if id == "" {
		id = scalar(m.anonymousID)
	}
	return wire.Cut(id, wire.MaxNameLength)
}

// previous is the id that an alias merges: previousId, which old clients leave out when it is the anonymous id.
func (m *message) previous() string {
	if id := scalar(m.previousID); id != "" {
		return id
	}
	if id := scalar(m.anonymousID); id != m.distinctID() {
		return id
	}
	return ""
}

// problem says what is wrong with the message (spec 8.3), or "".
func (m *message) problem(distinctID string) (code, detail string) {
	if m.kind == "merge" {
		if _, other := m.merged(); other == "" || distinctID == "" {
			return "missing_merge_properties", "mergeProperties has to name two profiles by their values"
		}
	}
	if distinctID == "" {
		return "missing_user_id", "userId or anonymousId is required"
	}
	switch m.kind {
	case "track":
		if strings.TrimSpace(wire.Text(m.event)) == "" {
			return "missing_event_name", "event is missing or empty"
		}
	case "group":
		if scalar(m.groupID) == "" {
			return "missing_group_id", "groupId is missing or empty"
		}
	case "alias":
		if m.previous() == "" {
			return "missing_previous_id", "previousId is missing or empty"
		}
	case "identify", "page", "screen", "merge":
	case "":
		return "missing_type", "type is missing or not a string"
	default:
		return "unknown_type", "type is not one of track, identify, page, screen, group, alias and merge"
	}
	for _, object := range []struct {
		name  string
		value []byte
	}{{"properties", m.properties}, {"traits", m.traits}, {"context", m.context}} {
		if wire.Present(object.value) && rawjson.KindOf(object.value) != rawjson.Object {
			return "invalid_" + object.name, object.name + " is not an object"
		}
	}
	return "", ""
}

// eventName is the name of the event that the message becomes (spec 9.1).
func (m *message) eventName() string {
	switch m.kind {
	case "identify":
		return "$identify"
	case "page":
		return "$pageview"
	case "screen":
		return "$screen"
	case "group":
		return "$groupidentify"
	case "alias":
		return "$create_alias"
	case "merge":
		return "$merge_dangerously"
	}
	return wire.Cut(wire.Text(m.event), wire.MaxNameLength)
}

// stated is the raw time that the message gives, or nil.
func (m *message) stated() []byte {
	if wire.Present(m.originalTimestamp) {
		return m.originalTimestamp
	}
	if wire.Present(m.timestamp) {
		return m.timestamp
	}
	return nil
}

// timestamp works out when it happened by the server's clock (spec 8.4). A message with both times was given one by who called the SDK
// (RudderStack's for Node), or was corrected by Segment before it came here: that one stays as it is.
func (d *decoder) timestamp(m *message) time.Time {
	clock := d.clock
	if wire.Present(m.originalTimestamp) {
		if t, ok := wire.ParseTime(m.timestamp); ok {
			return clock.Bound(t)
		}
	}
	if sent, ok := wire.ParseTime(m.sentAt); ok {
		clock.Sent = sent
	}
	if d.Stored {
		clock.Sent = time.Time{}
	}
	t, ok := wire.ParseTime(m.stated())
	if !ok {
		return d.Now
	}
	return clock.Bound(clock.Correct(t))
}
