package sdks

import (
	"fmt"
	"slices"
	"time"
)

// then is when the sessions say that the purchase was.
var then = time.Date(2025, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

// purchase is what every session buys.
func purchase(more props) props {
	return merged(props{"plan": "pro", "amount": 129.5, "tags": []string{"a", "b"}, "note": "Grüße 👋"}, more)
}

func merged(all ...props) props {
	out := props{}
	for _, p := range all {
		for name, value := range p {
			out[name] = value
		}
	}
	return out
}

// visits are numbered from first to last, by so many visitors in turn.
func visits(first, last int, id func(n int) string, with props) []want {
	var wants []want
	for n := first; n <= last; n++ {
		wants = append(wants, want{event: "visit", id: id(n), props: merged(with, props{"n": n})})
	}
	return wants
}

func visitor(n int) string { return fmt.Sprintf("visitor-%d", n%5) }

func ada(int) string { return "ada" }

// posthogServer is what the sessions of PostHog's SDKs for servers mean.
func posthogServer(lib, version, uuid string) []want {
	server := props{"$lib": lib, "$lib_version": version, "$ip": "127.0.0.1", "$is_server": true, "$geoip_disable": true}
	wants := []want{
		{event: "purchase", id: "ada", uuid: uuid, at: then, props: merged(server, purchase(props{"$groups": props{"company": "acme"}}))},
		{event: "$identify", id: "ada", props: merged(server, props{"$set": props{"email": "ada@example.org"}})},
		{event: "$create_alias", id: "ada", props: merged(server, props{"alias": "anon-1"})},
		{event: "$groupidentify", id: "$company_acme", props: merged(server, props{
			"$group_type": "company", "$group_key": "acme", "$group_set": props{"size": 12},
		})},
	}
	return append(wants, visits(0, 249, visitor, server)...)
}

func posthogNode(string) []want {
	wants := posthogServer("posthog-node", versionOf("posthog-node"), "0198c5a0-0000-7000-8000-0000000000a1")
	wants[1].props["$set_once"] = props{"first_seen": "monday"}
	return wants
}

func posthogGo(string) []want {
	wants := posthogServer("posthog-go", goVersion(), "0198c5a0-0000-7000-8000-0000000000a4")
	wants[0].exact = true // it does not say when it sends
	return wants
}

// posthogJS is what the session in the browser means: first somebody unknown, then Ada.
func posthogJS(part string) []want {
	page := props{
		"$lib": "web", "$lib_version": versionOf("posthog-js"), "$ip": "127.0.0.1", "$session_id": "?", "$window_id": "?",
		"$device_id": "?anon", "$current_url": "?url", "$pathname": "/", "$browser": "Chrome", "$process_person_profile": true,
	}
	spring := merged(page, props{"campaign": "spring"})
	inCompany := merged(spring, props{"$groups": props{"company": "acme"}})
	click := merged(page, props{"$event_type": "click", "$el_text": "Buy now", "$elements_chain": "?"})
	uuid := map[string]string{
		"session": "0198c5a0-0000-7000-8000-0000000000a3", "uncompressed": "0198c5a0-0000-7000-8000-0000000000b3",
		"no-config": "0198c5a0-0000-7000-8000-0000000000c3",
	}[part]
	wants := []want{
		{event: "$pageview", id: "?anon", props: merged(page, props{"utm_source": "letter", "title": "Shop"})},
		{event: "$autocapture", id: "?anon", props: click},
		{event: "purchase", id: "?anon", uuid: uuid, at: then, props: merged(spring, purchase(nil))},
		{event: "$identify", id: "ada", props: merged(spring, props{
			"$anon_distinct_id": "?anon", "$set": some{"email": "ada@example.org"}, "$set_once": some{"first_seen": "monday", "$initial_utm_source": "letter"},
		})},
		{event: "$set", id: "ada", props: merged(spring, props{"$set": some{"plan": "pro"}, "$set_once": some{"first_plan": "free"}})},
		{event: "$create_alias", id: "ada", props: merged(spring, props{"alias": "ada-2"})},
		{event: "$groupidentify", id: "ada", props: merged(spring, props{
			"$group_type": "company", "$group_key": "acme", "$group_set": props{"size": 12},
		})},
		{event: "$pageview", id: "ada", props: merged(inCompany, props{"page": 2})},
		{event: "last words", id: "ada", props: inCompany},
		{event: "$pageleave", id: "ada", props: merged(inCompany, props{"$prev_pageview_pathname": "/"})},
	}
	if part == "no-config" { // without settings it does not look at clicks
		wants = slices.Delete(wants, 1, 2)
	}
	return wants
}
