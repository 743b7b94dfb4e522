package posthog

import (
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// properties is an event's stored properties, with what was seen in passing.
type properties struct {
	text       []byte
	distinctID []byte
	token      []byte
	cookieless []byte
	ignoreSent bool
	personless bool

	ip, internal        []byte
	elements            []byte
	set, setOnce, unset []byte
}

// injection is a property that stands beside the event's own and takes the place of one of the same name. Its value is raw JSON.
type injection struct {
	name  string
	value []byte
}

// properties normalises the properties of an event (spec 6.1): the token goes, $set, $set_once and $unset of the event are merged in, $ip
// and $sent_at are added, a list of elements becomes a chain (spec 6.7). An event without a person keeps nothing that would change one (spec 6.3).
func (d *decoder) properties(f *fields) (p properties) {
	for i := range f.injected {
		p.personless = p.personless || f.injected[i].name == wire.PersonProfile && string(f.injected[i].value) == "false"
	}
	w := wire.NewRewriter(d.s.Arena(), f.properties)
	for key, value := range rawjson.Members(f.properties) {
		if d.keeps(f, &p, wire.Name(key), value) {
			w.Keep(key, value)
		} else {
			w.Drop()
		}
	}
	if wire.Present(f.set) {
		w.Add("$set", merged(p.set, f.set))
	}
	if wire.Present(f.setOnce) {
		w.Add("$set_once", merged(p.setOnce, f.setOnce))
	}
	if wire.Present(f.unset) {
		w.Add("$unset", wire.AppendKeyUnion(nil, p.unset, f.unset))
	}
	for _, more := range f.injected {
		w.Add(more.name, more.value)
	}
	if ip := d.clientIP(&p); p.ip == nil && ip != "" {
		w.AddString("$ip", ip)
	}
	if d.sentAt != nil {
		w.Add("$sent_at", d.sentAt)
	}
	if d.historical {
		w.Add("$historical_migration", []byte("true"))
	}
	p.text = d.s.Keep(w.Close())
	if rawjson.KindOf(p.elements) == rawjson.Array {
		p.text = d.s.Keep(chained(d.s.Arena(), p.text, p.elements))
	}
	if p.personless {
		p.text = wire.Personless(p.text)
	}
	return p
}

// keeps looks at one property in passing and reports whether it stays where it is.
func (d *decoder) keeps(f *fields, p *properties, name, value []byte) bool {
	if len(name) == 0 || name[0] != '$' && name[0] != 't' && name[0] != 'd' && name[0] != 'c' {
		return true
	}
	for i := range f.injected {
		if f.injected[i].name == string(name) {
			return false
		}
	}
	switch string(name) {
	case "token":
		p.token = value
		return false
	case "distinct_id":
		p.distinctID = value
	case "capture_internal":
		p.internal = value
	case "$cookieless_mode":
		p.cookieless = value
	case wire.PersonProfile:
		p.personless = string(value) == "false"
	case "$ignore_sent_at":
		p.ignoreSent = wire.IsTrue(value)
	case "$ip":
		p.ip = value
	case "$elements":
		p.elements = value
	case "$session_id":
		lowerUUID(value)
	case "$set":
		p.set = value
		return !wire.Present(f.set)
	case "$set_once":
		p.setOnce = value
		return !wire.Present(f.setOnce)
	case "$unset":
		p.unset = value
		return !wire.Present(f.unset)
	case "$sent_at":
		return d.sentAt == nil
	case "$historical_migration":
		return !d.historical
	}
	return true
}

// clientIP is the address to note for an event without one of its own.
func (d *decoder) clientIP(p *properties) string {
	if wire.IsTrue(p.internal) {
		return "127.0.0.1"
	}
	return d.ClientIP
}

func merged(base, over []byte) []byte {
	if !wire.Present(base) {
		return over
	}
	return wire.AppendMerged(nil, base, over)
}

// lowerUUID turns the letters of a UUID token to lower case where they stand.
func lowerUUID(value []byte) {
	const quoted = 38
	if len(value) != quoted {
		return
	}
	if _, ok := wire.UUID(wire.Text(value)); !ok {
		return
	}
	for i, ch := range value {
		if ch >= 'A' && ch <= 'F' {
			value[i] = ch | 0x20
		}
	}
}
