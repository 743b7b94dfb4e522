package profiles

import (
	"bytes"
	"encoding/json"
	neturl "net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Person is someone whom one or several distinct ids belong to, or what a distinct id points from to someone.
type Person struct {
	ID         string          `json:"id"`          // pipeline.PersonID of DistinctID
	DistinctID string          `json:"distinct_id"` // the first
	Others     []string        `json:"others,omitempty"`
	Properties json.RawMessage `json:"properties"`           // an object
	CreatedAt  *time.Time      `json:"created_at,omitempty"` // of the earliest event; nil for one who was never a person of their own
	Identified bool            `json:"identified,omitempty"`
	// MergedInto is the id of the person that took over. Pending says that it has not yet taken over what is here.
	MergedInto string `json:"merged_into,omitempty"`
	Pending    bool   `json:"pending,omitempty"`
	// Absorbed are the ids of the persons that this one has taken over.
	Absorbed []string `json:"absorbed,omitempty"`
	Applied  marks    `json:"applied"`
}

// way is what events come by in order: a lane of a pipeline, as <pipeline>/<lane>. Each pipeline goes through the log at a pace of its own.
type way string

func wayOf(pipeline string, lane int) way { return way(pipeline + "/" + strconv.Itoa(lane)) }

// place is where an event stands in the log, as a number that grows within a way.
type place uint64

// A place has 40 bits for the sequence of a frame, 10 for a number in it, since frames hold 500 events, and 14 for one of the events made of that.
const indexBits, partBits = 10, 14

// placeOf is the place of an event by the sequence of its frame, the number there of the one that it was made of, and its own among those made of that.
func placeOf(sequence uint64, index, part int) place {
	return place(sequence<<(indexBits+partBits) | uint64(min(index, 1<<indexBits-1))<<partBits | uint64(min(part, 1<<partBits-1)))
}

// apply makes a change, and reports whether anything has changed.
func (p *Person) apply(c *change) bool {
	after := update(p.Properties, c)
	identified := p.Identified || c.kind != seen && legal(c.distinctID)
	if identified == p.Identified && string(after) == string(p.Properties) {
		return false
	}
	p.Properties, p.Identified = after, identified
	return true
}

// marks are the place of the last event of each way that changed something: what comes again after a crash is not applied again. The places are
// those of the log that began at Log, in nanoseconds since 1970; in another one they mean nothing.
type marks struct {
	Log    int64         `json:"log"`
	Places map[way]place `json:"places"`
}

// has reports whether a change was made before.
func (m *marks) has(c *change) bool { return c.log == m.Log && c.place <= m.Places[c.way] }

// add notes the place of an event in a log. A log that began later takes the place of the one before.
func (m *marks) add(log int64, by way, at place) {
	if log > m.Log || m.Places == nil {
		m.Log, m.Places = log, map[way]place{}
	}
	if log == m.Log {
		m.Places[by] = max(m.Places[by], at)
	}
}

// take makes everything of another person p's.
func (p *Person) take(from *Person) {
	p.Properties = update(p.Properties, &change{setOnce: from.Properties})
	if at := from.CreatedAt; at != nil && (p.CreatedAt == nil || at.Before(*p.CreatedAt)) {
		p.CreatedAt = at
	}
	p.Identified = true
	p.Absorbed = append(p.Absorbed, from.ID)
	for by, at := range from.Applied.Places {
		p.Applied.add(from.Applied.Log, by, at)
	}
}

// clear ends a merge: what the person had, another one has.
func (p *Person) clear() {
	*p = Person{ID: p.ID, DistinctID: p.DistinctID, Properties: json.RawMessage("{}"), CreatedAt: p.CreatedAt, MergedInto: p.MergedInto}
}

// Group is a company, a project, or whatever else events are grouped by.
type Group struct {
	Type       string          `json:"type"`
	Key        string          `json:"key"`
	Properties json.RawMessage `json:"properties"` // an object
	CreatedAt  time.Time       `json:"created_at"`
	Applied    marks           `json:"applied"`
}

// mostProperties is how many bytes a person's or group's properties may have. A change that would pass it is left out.
const mostProperties = 256 << 10

// update returns properties with a change made. $set wins over $set_once; $unset comes last.
func update(properties []byte, c *change) []byte {
	var d rawjson.Draft
	d.Parse(properties)
	for key, value := range rawjson.Members(c.set) {
		name, _ := rawjson.String(key)
		setNew(&d, name, value)
	}
	for key, value := range rawjson.Members(c.setOnce) {
		name, _ := rawjson.String(key)
		if _, ok := d.Get(name); !ok {
			d.Set(value, name)
		}
	}
	if c.lifted != nil {
		c.lift(&d)
	}
	for _, name := range unsetNames(c.unset) {
		d.Delete(name)
	}
	out := d.Text()
	if len(out) > mostProperties && len(out) > len(properties) {
		return properties
	}
	return out
}

// setNew sets a property that does not have the value yet.
func setNew(d *rawjson.Draft, name string, value []byte) {
	if have, ok := d.Get(name); !ok || !bytes.Equal(have, value) {
		d.Set(value, name)
	}
}

func unsetNames(raw []byte) (all []string) {
	if rawjson.KindOf(raw) == rawjson.Object {
		for key := range rawjson.Members(raw) {
			name, _ := rawjson.String(key)
			all = append(all, name)
		}
		return all
	}
	for value := range rawjson.Elements(raw) {
		if name, ok := rawjson.String(value); ok {
			all = append(all, name)
		}
	}
	return all
}

// displayed are the properties that a person is called by, the first that there is.
var displayed = []string{"email", "Email", "name", "Name", "username", "Username", "UserName"}

// Global is the person as the JSON object that Hog sees: id, name, url, properties, and the distinct id that was asked for. url is the project's.
func (p *Person) Global(distinctID, url string) ([]byte, error) {
	name := distinctID
	for _, property := range displayed {
		value, _ := rawjson.Get(p.Properties, property)
		if text, ok := rawjson.String(value); ok && text != "" {
			name = text
			break
		}
	}
	if url != "" {
		url = strings.TrimSuffix(url, "/") + "/person/" + neturl.PathEscape(distinctID)
	}
	return json.Marshal(struct {
		ID         string          `json:"id"`
		Name       string          `json:"name"`
		URL        string          `json:"url"`
		Properties json.RawMessage `json:"properties"`
		DistinctID string          `json:"distinct_id"`
	}{p.ID, name, url, p.Properties, distinctID})
}
