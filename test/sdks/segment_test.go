package sdks

// segmentServer is what the sessions of SDKs of Segment's kind for servers mean.
func segmentServer(lib, version, uuid string) []want {
	of := func(kind string, more props) props {
		return merged(props{"$lib": lib, "$lib_version": version, "$ip": "127.0.0.1", "$segment_message_type": kind}, more)
	}
	wants := []want{
		{event: "purchase", id: "ada", uuid: uuid, at: then, props: of("track", purchase(props{"$ip": "192.0.2.7"}))},
		{event: "$identify", id: "ada", props: of("identify", props{"$anon_distinct_id": "anon-1", "$set": props{"email": "ada@example.org"}})},
		{event: "$pageview", id: "ada", props: of("page", props{
			"name": "Pricing", "category": "Docs", "$current_url": "https://shop.example.com/pricing", "$host": "shop.example.com",
		})},
		{event: "$screen", id: "anon-1", props: of("screen", props{"$screen_name": "Home", "tab": 2})},
		{event: "$groupidentify", id: "ada", props: of("group", props{
			"$group_type": "company", "$group_key": "acme", "$group_set": props{"size": 12}, "$groups": props{"company": "acme"},
		})},
		{event: "$create_alias", id: "ada", props: of("alias", props{"alias": "anon-1"})},
	}
	return append(wants, visits(0, 249, visitor, of("track", nil))...)
}

func analyticsNode(string) []want {
	wants := segmentServer("@segment/analytics-node", versionOf("@segment/analytics-node"), "0198c5a0-0000-7000-8000-0000000000a2")
	wants[0].props["$locale"] = "de-AT"
	return wants
}

func rudderNode(string) []want {
	wants := segmentServer("analytics-node", versionOf("@rudderstack/rudder-sdk-node"), "")
	wants[0].exact = true // a time that the caller sets is kept
	return wants
}

// segmentBrowser is what the sessions of SDKs of Segment's kind in the browser mean.
func segmentBrowser(lib, version string) []want {
	of := func(kind string, more props) props {
		return merged(props{
			"$lib": lib, "$lib_version": version, "$ip": "127.0.0.1", "$segment_message_type": kind, "$current_url": "?url", "$pathname": "/",
			"utm_source": "letter", "$raw_user_agent": "?agent", "$timezone": "?zone",
		}, more)
	}
	return []want{
		{event: "purchase", id: "anon-1", at: then, props: of("track", purchase(nil))},
		{event: "$identify", id: "ada", props: of("identify", props{"$anon_distinct_id": "anon-1", "$set": props{"email": "ada@example.org"}})},
		{event: "$pageview", id: "ada", props: of("page", props{"name": "Pricing", "category": "Docs", "tab": 1, "title": "Shop"})},
		{event: "$groupidentify", id: "ada", props: of("group", props{
			"$group_type": "company", "$group_key": "acme", "$group_set": props{"size": 12}, "$groups": props{"company": "acme"},
		})},
		{event: "$create_alias", id: "ada", props: of("alias", props{"alias": "anon-1"})},
	}
}

func analyticsNext(string) []want {
	wants := segmentBrowser("analytics.js", "npm:next-"+versionOf("@segment/analytics-next"))
	screen := merged(wants[0].props, props{"$segment_message_type": "screen", "$screen_name": "Home", "tab": 2})
	for _, name := range []string{"plan", "amount", "tags", "note"} {
		delete(screen, name)
	}
	return append(wants, want{event: "$screen", id: "ada", props: screen})
}

func analyticsJS(string) []want {
	return segmentBrowser("RudderLabs JavaScript SDK", versionOf("@rudderstack/analytics-js"))
}
