package segment

import (
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// derived is a property that follows from the rest of the message. Its value is raw JSON.
type derived struct {
	name  string
	value []byte
}

// additions collects derived properties. The first of a name counts.
type additions []derived

func (a *additions) add(name string, value []byte) {
	if !wire.Present(value) || string(value) == `""` || a.find(name) >= 0 {
		return
	}
	*a = append(*a, derived{name, value})
}

func (a *additions) addString(name, value string) {
	if value != "" {
		a.add(name, rawjson.AppendString(nil, value))
	}
}

func (a additions) find(name string) int {
	for i := range a {
		if a[i].name == name {
			return i
		}
	}
	return -1
}

// properties maps a message to the properties of its event (spec 9).
func (d *decoder) properties(m *message) pipeline.Properties {
	a := make(additions, 0, 48)
	own := []byte("{}")
	switch m.kind {
	case "identify":
		d.identify(m, &a)
	case "group":
		d.group(m, &a)
	case "alias":
		a.addString("alias", m.previous())
	case "merge":
		_, other := m.merged()
		a.addString("alias", other)
	default:
		if wire.Present(m.properties) {
			own = m.properties
		}
		m.view(&a)
	}
	if d.IdentifiedOnly && scalar(m.userID) == "" && !wire.NeedsPerson(m.eventName()) {
		a.add(wire.PersonProfile, []byte("false"))
	}
	addContext(&a, m.context, d.GroupType)
	if d.KeepContext {
		a.add("$context", remaining(m.context, m.usesTraits()))
	}
	if m.kind == "page" {
		addPage(&a, own)
	}
	a.addString("$ip", d.ClientIP)
	a.addString("$segment_message_type", m.kind)
	a.add("$original_timestamp", m.stated())
	if restricts(m.integrations) {
		a.add("$integrations", m.integrations)
	}
	if d.Historical {
		a.add("$historical_migration", []byte("true"))
	}
	return d.write(own, a)
}

// write puts the message's own properties and, where they have no value of the same name, the derived ones into one object.
func (d *decoder) write(own []byte, a additions) pipeline.Properties {
	w := wire.NewRewriter(d.s.Arena(), own)
	var set []byte // the last one counts
	personless := false
	for key, value := range rawjson.Members(own) {
		name := string(wire.Name(key))
		if name == wire.PersonProfile {
			personless = string(value) == "false"
		}
		i := a.find(name)
		if i >= 0 && a[i].name == "$set" && rawjson.KindOf(value) == rawjson.Object {
			set = value
			w.Drop()
			continue
		}
		if i >= 0 {
			a[i].value = nil
		}
		w.Keep(key, value)
	}
	if i := a.find(wire.PersonProfile); i >= 0 && a[i].value != nil {
		personless = true
	}
	if i := a.find("$set"); set != nil && a[i].value != nil {
		a[i].value = wire.AppendMerged(nil, a[i].value, set)
	}
	for _, p := range a {
		if p.value != nil {
			w.Add(p.name, p.value)
		}
	}
	text := pipeline.Properties(d.s.Keep(w.Close()))
	if personless {
		return wire.Personless(text)
	}
	return text
}

// view is what track, page and screen have besides their properties.
func (m *message) view(a *additions) {
	switch m.kind {
	case "page":
		a.add("name", m.name)
		a.add("category", m.category)
	case "screen":
		a.add("$screen_name", m.name)
		a.add("category", m.category)
	}
	traits, _ := rawjson.Get(m.context, "traits")
	addObject(a, "$set", traits)
}

// usesTraits reports whether traits of the context become properties of the event.
func (m *message) usesTraits() bool {
	switch m.kind {
	case "group", "alias", "merge":
		return false
	}
	return true
}

func (d *decoder) identify(m *message, a *additions) {
	traits, _ := rawjson.Get(m.context, "traits")
	if rawjson.KindOf(traits) != rawjson.Object {
		traits = nil
	}
	if wire.Present(m.traits) {
		traits = wire.AppendMerged(nil, traits, m.traits)
	}
	addObject(a, "$set", traits)
	if user, anonymous := scalar(m.userID), scalar(m.anonymousID); user != "" && anonymous != user {
		a.addString("$anon_distinct_id", anonymous)
	}
}

func (d *decoder) group(m *message, a *additions) {
	kind := d.GroupType
	for _, name := range []string{"groupType", "type"} {
		value, _ := rawjson.Get(m.traits, name)
		if text := scalar(value); text != "" {
			kind = text
			break
		}
	}
	key := scalar(m.groupID)
	a.addString("$group_type", kind)
	a.addString("$group_key", key)
	a.add("$group_set", m.traits)
	a.add("$groups", groups(kind, key))
}

func groups(kind, key string) []byte {
	out := rawjson.AppendString([]byte{'{'}, kind)
	out = rawjson.AppendString(append(out, ':'), key)
	return append(out, '}')
}

func addObject(a *additions, name string, value []byte) {
	if rawjson.KindOf(value) != rawjson.Object {
		return
	}
	for range rawjson.Members(value) {
		a.add(name, value)
		return
	}
}

// restricts reports whether integrations say anything but the default, which is all of them.
func restricts(integrations []byte) bool {
	for key, value := range rawjson.Members(integrations) {
		if string(wire.Name(key)) != "All" || !wire.IsTrue(value) {
			return true
		}
	}
	return false
}
