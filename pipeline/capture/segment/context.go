package segment

import (
	"net/url"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// contextNames says which property a member of the context becomes (spec 9.2).
var contextNames = map[string]string{
	"ip":        "$ip",
	"userAgent": "$raw_user_agent",
	"locale":    "$locale",
	"timezone":  "$timezone",
}

// contextObjects is contextNames for the members of the context's objects.
var contextObjects = map[string]map[string]string{
	"page": pageNames,
	"os":   {"name": "$os", "version": "$os_version"},
	"screen": {
		"width": "$screen_width", "height": "$screen_height", "density": "$screen_density",
	},
	"app": {
		"name": "$app_name", "version": "$app_version", "build": "$app_build", "namespace": "$app_namespace",
	},
	"device": {
		"id": "$device_id", "manufacturer": "$device_manufacturer", "model": "$device_model", "name": "$device_name", "type": "$device_type",
	},
	"network": {"carrier": "$network_carrier", "wifi": "$network_wifi"},
	"campaign": {
		"source": "utm_source", "medium": "utm_medium", "name": "utm_campaign", "term": "utm_term", "content": "utm_content",
	},
	"library": {"name": "$lib", "version": "$lib_version"},
}

var pageNames = map[string]string{
	"url": "$current_url", "path": "$pathname", "referrer": "$referrer", "referring_domain": "$referring_domain", "title": "title",
	"search": "$search",
}

// addContext adds what the context says. groupType is that of the group that it names.
func addContext(a *additions, context []byte, groupType string) {
	for key, value := range rawjson.Members(context) {
		name := string(wire.Name(key))
		switch name {
		case "sessionId":
			a.addString("$session_id", scalar(value))
			continue
		case "groupId":
			if id := scalar(value); id != "" {
				a.add("$groups", groups(groupType, id))
			}
			continue
		}
		if property, ok := contextNames[name]; ok {
			a.add(property, value)
		}
		addNamed(a, value, contextObjects[name])
		if name == "page" {
			addReferrer(a, value)
		}
	}
	addHosts(a)
}

// remaining is the part of the context that becomes no property, or nil when there is none. Its traits are left out when they do.
func remaining(context []byte, traits bool) []byte {
	w := wire.NewRewriter(nil, context)
	for key, value := range rawjson.Members(context) {
		name := string(wire.Name(key))
		_, taken := contextNames[name]
		names, object := contextObjects[name]
		switch {
		case taken, name == "sessionId", name == "groupId", name == "traits" && traits:
			w.Drop()
		case object && rawjson.KindOf(value) == rawjson.Object:
			w.Drop()
			if rest := without(value, names); rest != nil {
				w.Add(name, rest)
			}
		default:
			w.Keep(key, value)
		}
	}
	return filled(w.Close())
}

// without is an object without the members of the names, or nil when there are no others.
func without(object []byte, names map[string]string) []byte {
	w := wire.NewRewriter(nil, object)
	for key, value := range rawjson.Members(object) {
		if _, ok := names[string(wire.Name(key))]; ok {
			w.Drop()
		} else {
			w.Keep(key, value)
		}
	}
	return filled(w.Close())
}

func filled(object []byte) []byte {
	if string(object) == "{}" {
		return nil
	}
	return object
}

// addPage takes what the context does not say about the page from the properties of a page message.
func addPage(a *additions, properties []byte) {
	addNamed(a, properties, pageNames)
	addReferrer(a, properties)
	addHosts(a)
}

func addNamed(a *additions, object []byte, names map[string]string) {
	if names == nil {
		return
	}
	for key, value := range rawjson.Members(object) {
		if property, ok := names[string(wire.Name(key))]; ok {
			a.add(property, value)
		}
	}
}

// addReferrer notes that a page has been come to directly.
func addReferrer(a *additions, page []byte) {
	if referrer, ok := rawjson.Get(page, "referrer"); ok && string(referrer) == `""` {
		a.addString("$referrer", "$direct")
		a.addString("$referring_domain", "$direct")
	}
}

// addHosts adds the host names of the addresses that are there.
func addHosts(a *additions) {
	for _, pair := range [][2]string{{"$current_url", "$host"}, {"$referrer", "$referring_domain"}} {
		i := a.find(pair[0])
		if i < 0 {
			continue
		}
		if u, err := url.Parse(wire.Text((*a)[i].value)); err == nil {
			a.addString(pair[1], u.Host)
		}
	}
}
