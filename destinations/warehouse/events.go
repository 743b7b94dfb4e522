package warehouse

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Extracted are the columns of the events table that are filled from a property of the event: text, ” when the event has no such property.
// Their order is that of the table, and of EventRow.Extracted.
var Extracted = []struct{ Column, Property string }{
	{"session_id", "$session_id"},
	{"lib", "$lib"},
	{"lib_version", "$lib_version"},
	{"country", "$geoip_country_code"},
	{"browser", "$browser"},
	{"os", "$os"},
	{"device", "$device_type"},
	{"host", "$host"},
	{"path", "$pathname"},
	{"utm_source", "utm_source"},
	{"utm_medium", "utm_medium"},
	{"utm_campaign", "utm_campaign"},
	{"utm_content", "utm_content"},
	{"utm_term", "utm_term"},
}

const numExtracted = 14

// extractedAt finds the index of Extracted by the property's name.
var extractedAt = func() map[string]int {
	at := map[string]int{}
	for i, e := range Extracted {
		at[e.Property] = i
	}
	return at
}()

// longestExtracted is where the text of an extracted column is cut; the property itself is kept whole.
const longestExtracted = 1024

// groupsProperty is the object of group types and keys, which becomes the column groups.
const groupsProperty = "$groups"

// The tables that say who events belong to, which a source of Prickle's own fills: EventsByPerson is a view that shows events with the person of
// PersonIDs in place of the one that they had when they were stored. It is made together with that table.
const (
	PersonIDs      = "person_distinct_ids" // distinct_id, person_id
	EventsByPerson = "events_by_person"
)

// EventRow is a row of the events table, but for project_id, inserted_at and what a store adds. Texts are valid UTF-8.
type EventRow struct {
	Event      *pipeline.Event // for its times
	UUID       uuid.UUID
	PersonID   uuid.UUID // pipeline.PersonID of the distinct id
	Name       string
	DistinctID string
	Source     string
	Properties []byte               // a JSON object as Storable makes it
	Groups     []byte               // a JSON object; aliases Properties
	Extracted  [numExtracted]string // by the index of the package's Extracted; aliases Properties

	from origin   // who waits for it
	also []origin // who else does
}

var emptyObject = []byte("{}")

// Set makes r the row of an event, which must not be changed afterwards. It fails for what no store takes: a UUID that is none, a year
// beyond 1 to 9999.
func (r *EventRow) Set(e *pipeline.Event, projectID int) error {
	*r = EventRow{
		Event: e, Groups: emptyObject, Properties: Storable(e.Properties),
		Name: ValidUTF8(e.Name), DistinctID: ValidUTF8(e.DistinctID), Source: ValidUTF8(e.Source),
	}
	if len(r.Properties) == 0 {
		r.Properties = emptyObject
	}
	if len(e.UUID) != 36 {
		return fmt.Errorf("uuid %q: want a UUID of 36 characters", e.UUID)
	}
	var err error
	if r.UUID, err = uuid.Parse(e.UUID); err != nil {
		return fmt.Errorf("uuid %q: want a UUID of 36 characters", e.UUID)
	}
	for _, t := range []time.Time{e.Timestamp, e.ReceivedAt} {
		if t.Year() < 1 || t.Year() > 9999 {
			return fmt.Errorf("time %v: want a year from 1 to 9999", t)
		}
	}
	r.PersonID = pipeline.PersonID(projectID, r.DistinctID)
	r.extract()
	return nil
}

func (r *EventRow) extract() {
	for k, v := range rawjson.Members(r.Properties) {
		if len(k) < 4 {
			continue
		}
		name, _ := rawjson.String(k)
		if i, ok := extractedAt[name]; ok {
			r.Extracted[i] = plainText(v)
		} else if name == groupsProperty && rawjson.KindOf(v) == rawjson.Object {
			r.Groups = v
		}
	}
}

// plainText is a scalar as text, cut at longestExtracted; "" for null, objects and lists.
func plainText(v []byte) string {
	var s string
	switch rawjson.KindOf(v) {
	case rawjson.Text:
		s, _ = rawjson.String(v)
		s = ValidUTF8(s)
	case rawjson.Number, rawjson.Bool:
		s = rawjson.Alias(v)
	}
	if len(s) <= longestExtracted {
		return s
	}
	end := longestExtracted
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// fault gives the reason why a store refused a row when it can be told without quoting the event, else nil.
func (r *EventRow) fault() error {
	ok, offset, tooDeep := rawjson.Valid(r.Properties, rawjson.MaxDepth)
	switch {
	case ok:
		return nil
	case tooDeep:
		return fmt.Errorf("properties: nested deeper than %d", rawjson.MaxDepth)
	}
	return fmt.Errorf("properties: not JSON at byte %d", offset)
}
