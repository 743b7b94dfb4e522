package profiles

import (
	"hash/maphash"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// lift is a property of events that becomes one of their person: under its own name, and once, as it was the first time, under another one
// (capture.md 6.2).
type lift struct {
	bit     uint64 // of those of an event
	name    string // of the person's property
	initial string // of the one that stays
	// client properties change with every device and page. What changes nothing else of a person is not worth a write.
	client bool
}

// lifts are by the names of the events' properties.
var lifts = func() map[string]lift {
	all := map[string]lift{}
	add := func(client bool, names string) {
		for name := range strings.FieldsSeq(names) {
			l := lift{bit: 1 << len(all), name: name, client: client}
			if name == "$os_name" {
				l.name = "$os"
			}
			l.initial = "$initial_" + strings.TrimPrefix(l.name, "$")
			all[name] = l
		}
	}
	add(true, `$browser $browser_version $device_type $current_url $pathname $os $os_name $os_version $referrer $referring_domain $screen_height
		$screen_width $viewport_height $viewport_width $raw_user_agent`)
	add(false, `$app_build $app_name $app_namespace $app_version`)
	add(false, `utm_source utm_medium utm_campaign utm_content utm_name utm_term gclid gad_source gclsrc dclid gbraid wbraid fbclid msclkid twclid
		li_fat_id mc_cid igshid ttclid rdt_cid irclid _kx epik qclid sccid`)
	return all
}()

// unlifted are events whose properties stay theirs.
var unlifted = map[string]bool{"$snapshot": true, "$performance_event": true, "$groupidentify": true}

var seed = maphash.MakeSeed()

// lifted is what is to be lifted of an event, or was of those of a distinct id, in short.
type lifted struct {
	bits    uint64 // of the properties
	lasting uint64 // a sum of those that are not of the client, and their values; 0 for none
}

// add takes a property in.
func (l *lifted) add(found lift, value []byte) {
	l.bits |= found.bit
	if !found.client {
		l.lasting += maphash.Bytes(seed, value) * (2*found.bit + 1)
	}
}

// news reports whether an event has something to say that those before it have not, but for the values of client properties.
func (l lifted) news(event lifted) bool {
	return event.bits&^l.bits != 0 || event.lasting != 0 && event.lasting != l.lasting
}

// and is l after an event.
func (l lifted) and(event lifted) lifted {
	l.bits |= event.bits
	if event.lasting != 0 {
		l.lasting = event.lasting
	}
	return l
}

// liftOf is a copy of the properties to be lifted, as an object with the names that they have in events; nil for none.
func liftOf(properties []byte) []byte {
	out := []byte{'{'}
	server := false
	for key, value := range rawjson.Members(properties) {
		name, _ := rawjson.String(key)
		switch {
		case rawjson.KindOf(value) == rawjson.Null:
		case name == "$is_server":
			server = value[0] == 't'
		case lifts[name].name != "":
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(out, key...), ':'), value...)
		}
	}
	if out = append(out, '}'); server { // whose system is nobody's
		out = rawjson.Delete(rawjson.Delete(rawjson.Delete(out, "$os"), "$os_name"), "$os_version")
	}
	if len(out) == 2 {
		return nil
	}
	return out
}

// lift makes what was lifted of an event the person's. What the event sets itself, by $set, goes before. d has what else the event changes.
func (c *change) lift(d *rawjson.Draft) {
	named := func(name string) bool { _, ok := rawjson.Get(c.set, name); return ok }
	for key, value := range rawjson.Members(c.lifted) {
		name, _ := rawjson.String(key)
		l := lifts[name]
		if _, ok := d.Get(l.initial); !ok {
			d.Set(value, l.initial)
		}
		if !l.client && !named(l.name) {
			setNew(d, l.name, value)
		}
	}
	if !c.always && !d.Edited() {
		return
	}
	for key, value := range rawjson.Members(c.lifted) {
		name, _ := rawjson.String(key)
		if l := lifts[name]; l.client && !named(l.name) {
			setNew(d, l.name, value)
		}
	}
}
