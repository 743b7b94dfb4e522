package profiles

import (
	"bytes"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// change is what one event means for a person or a group.
type change struct {
	distinctID string
	at         time.Time
	way        way
	place      place
	log        int64 // when the log began that the place is in
	kind       kind
	other      string // the distinct id that is merged into the person of distinctID; "" for none
	group      groupKey

	// Raw JSON: objects, and for unset an object or a list of names. nil for none. Of a group, set is its properties.
	set, setOnce, unset []byte
	lifted              []byte // an object, by the names of the event
	lifting             lifted
	always              bool // client properties alone are worth a write
	idle                bool // it says nothing new, unless another one before it has changed the person
}

type kind int

const (
	seen      kind = iota // the event only shows that there is a person
	identify              // $identify
	alias                 // $create_alias
	dangerous             // $merge_dangerously: an identified person may be merged away
	group                 // $groupidentify
)

type groupKey struct{ typ, key string }

// fits reports whether there can be a group of that type and key. Both are in the key of what is stored, which has a bound; a name that was cut could
// be that of another group.
func (k groupKey) fits() bool {
	return k.typ != "" && k.key != "" && cut(k.typ) == k.typ && cut(k.key) == k.key
}

var kinds = map[string]kind{"$identify": identify, "$create_alias": alias, "$merge_dangerously": dangerous, "$groupidentify": group}

// read finds out what an event means. It reports false for one that concerns no person: $process_person_profile is false, or its name is one
// of those that never do. What it returns holds nothing of the event's memory but distinctID.
func read(e *pipeline.Event) (c change, ok bool) {
	if e.Name == "$exception" || e.Name == "$$heatmap" {
		return c, false
	}
	c = change{distinctID: e.DistinctID, at: e.Timestamp, kind: kinds[e.Name]}
	c.always = c.kind != seen || e.Name == "$set"
	for key, value := range rawjson.Members(e.Properties) {
		name, _ := rawjson.String(key)
		switch name {
		case "$process_person_profile":
			if rawjson.KindOf(value) == rawjson.Bool && value[0] == 'f' {
				return change{}, false
			}
		case "$set":
			c.set = object(value, c.set)
		case "$set_once":
			c.setOnce = object(value, c.setOnce)
		case "$unset":
			c.unset = names(value, c.unset)
		case "$anon_distinct_id":
			c.other = text(value, c.kind == identify, c.other)
		case "alias":
			c.other = text(value, c.kind == alias || c.kind == dangerous, c.other)
		case "$group_type":
			c.group.typ = text(value, c.kind == group, c.group.typ)
		case "$group_key":
			c.group.key = text(value, c.kind == group, c.group.key)
		case "$group_set":
			if c.kind == group {
				c.set = object(value, c.set)
			}
		default:
			if l, ok := lifts[name]; ok && rawjson.KindOf(value) != rawjson.Null {
				c.lifting.add(l, value)
			}
		}
	}
	if c.kind == group {
		return c, c.group.fits()
	}
	c.other = cut(c.other)
	if !legal(c.other) || !legal(c.distinctID) || c.other == c.distinctID {
		c.other = ""
	}
	return c, true
}

// object is a copy of value when it is an object with something in it, else before.
func object(value, before []byte) []byte {
	if rawjson.KindOf(value) != rawjson.Object {
		return before
	}
	for range rawjson.Members(value) {
		return bytes.Clone(value)
	}
	return before
}

func names(value, before []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Object, rawjson.Array:
		return bytes.Clone(value)
	}
	return before
}

func text(value []byte, wanted bool, before string) string {
	if !wanted {
		return before
	}
	switch rawjson.KindOf(value) {
	case rawjson.Text:
		s, _ := rawjson.String(value)
		return strings.Clone(s) // away from the event's memory
	case rawjson.Number:
		return string(value)
	}
	return before
}

// empty reports whether the event says no more than that there is a person.
func (c *change) empty() bool {
	return c.kind == seen && c.set == nil && c.setOnce == nil && c.unset == nil
}
