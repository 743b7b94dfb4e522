package profiles

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// TestLift is about what becomes a person's of the properties of events.
func TestLift(t *testing.T) {
	for name, test := range map[string]struct {
		events []pipeline.Event
		want   string
	}{
		"the first and the last": {[]pipeline.Event{
			event(0, "x", "a", `{"$browser":"Chrome","utm_source":"news","$app_version":"1","plan":"pro"}`),
			event(1, "x", "a", `{"$browser":"Safari","utm_source":"mail","$app_version":"2"}`),
		}, `{"$app_version":"2","$browser":"Safari","$initial_app_version":"1","$initial_browser":"Chrome","$initial_utm_source":"news","utm_source":"mail"}`},
		"the client alone is no reason to write": {[]pipeline.Event{
			event(0, "x", "a", `{"$pathname":"/","gclid":"g"}`), event(1, "x", "a", `{"$pathname":"/b","gclid":"g"}`),
		}, `{"$initial_gclid":"g","$initial_pathname":"/","$pathname":"/","gclid":"g"}`},
		"what is new of the client is": {[]pipeline.Event{
			event(0, "x", "a", `{"$pathname":"/"}`), event(1, "x", "a", `{"$pathname":"/b","$os":"iOS"}`),
		}, `{"$initial_os":"iOS","$initial_pathname":"/","$os":"iOS","$pathname":"/b"}`},
		"beside other changes": {[]pipeline.Event{
			event(0, "x", "a", `{"$pathname":"/"}`), event(1, "x", "a", `{"$pathname":"/b","$set":{"k":1}}`),
		}, `{"$initial_pathname":"/","$pathname":"/b","k":1}`},
		"always by $set and $identify": {[]pipeline.Event{
			event(0, "x", "a", `{"$pathname":"/"}`), event(1, "$set", "a", `{"$pathname":"/b","$set":{"k":1}}`), event(2, "$set", "a", `{"$pathname":"/c","$set":{"k":1}}`),
			event(3, "$identify", "a", `{"$pathname":"/d"}`),
		}, `{"$initial_pathname":"/","$pathname":"/d","k":1}`},
		"back to what it was": {[]pipeline.Event{
			event(0, "x", "a", `{"utm_source":"a"}`), event(1, "x", "a", `{"utm_source":"b"}`), event(2, "x", "a", `{}`), event(3, "x", "a", `{"utm_source":"a"}`),
		}, `{"$initial_utm_source":"a","utm_source":"a"}`},
		"the event's own $set and $set_once go before": {[]pipeline.Event{
			event(0, "x", "a", `{"utm_source":"a","$os":"iOS","$set":{"utm_source":"mine","$os":"my own"},"$set_once":{"$initial_utm_source":"first"}}`),
		}, `{"$initial_os":"iOS","$initial_utm_source":"first","$os":"my own","utm_source":"mine"}`},
		"$unset comes last": {[]pipeline.Event{event(0, "x", "a", `{"utm_source":"a","$unset":["utm_source"]}`)}, `{"$initial_utm_source":"a"}`},
		"null is nothing":   {[]pipeline.Event{event(0, "x", "a", `{"utm_source":null,"$os":null}`)}, `{}`},
		"$os_name is $os":   {[]pipeline.Event{event(0, "x", "a", `{"$os_name":"iOS"}`)}, `{"$initial_os":"iOS","$os":"iOS"}`},
		"a server's system": {[]pipeline.Event{event(0, "x", "a", `{"$os":"Linux","$os_version":"6","$is_server":true,"$app_name":"shop"}`)},
			`{"$app_name":"shop","$initial_app_name":"shop"}`},
		"recordings and groups": {[]pipeline.Event{
			event(0, "x", "a", `{}`), event(1, "$snapshot", "a", `{"$os":"iOS"}`), event(2, "$performance_event", "a", `{"$os":"iOS"}`),
			event(3, "$groupidentify", "a", `{"$group_type":"t","$group_key":"k","$os":"iOS"}`),
		}, `{}`},
		"both of who becomes one": {[]pipeline.Event{
			event(0, "x", "a", `{"utm_source":"ad","$browser":"Chrome"}`), event(1, "x", "u", `{"$browser":"Safari"}`),
			event(2, "$identify", "u", `{"$anon_distinct_id":"a","$browser":"Firefox"}`),
		}, `{"$browser":"Firefox","$initial_browser":"Safari","$initial_utm_source":"ad","utm_source":"ad"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			fold(t, folder(s), test.events...)
			_, got, _ := strings.Cut(who(t, s, test.events[0].DistinctID), "{")
			if got = "{" + got; got != test.want {
				t.Errorf("properties\n got %s\nwant %s", got, test.want)
			}
			again := folder(s) // which knows nothing of what was
			fold(t, again, test.events...)
			if _, got, _ = strings.Cut(who(t, s, test.events[0].DistinctID), "{"); "{"+got != test.want {
				t.Errorf("properties after the events came again\n got {%s\nwant %s", got, test.want)
			}
		})
	}
}

// Events that say nothing new of the person cost no look at it, and with Lift off nothing is lifted.
func TestLiftIsCheap(t *testing.T) {
	s := store(t)
	f := folder(s)
	fold(t, f, event(0, "x", "a", `{"$os":"iOS","utm_source":"ad"}`), event(1, "x", "a", `{"$browser":"Chrome"}`))
	f.store = nil // any use panics
	f.cache.Purge()
	fold(t, f, event(2, "x", "a", `{"$os":"Linux","$browser":"Safari","utm_source":"ad"}`), event(3, "y", "a", `{"$browser":"Edge"}`), event(4, "z", "a", `{}`))

	off := NewFolder(Deps{Store: s, Project: 1, Began: began, Log: f.log})
	fold(t, off, event(5, "x", "b", `{"$os":"iOS"}`))
	if got := who(t, s, "b"); got != "b[] since 5 {}" {
		t.Errorf("person without lift\n got %s\nwant no properties", got)
	}
}

// An event that is about a group alone makes no person; the next one does.
func TestGroupsMakeNoPerson(t *testing.T) {
	s := store(t)
	f := folder(s)
	fold(t, f, event(0, "$groupidentify", "a", `{"$group_type":"company","$group_key":"acme","$group_set":{"n":1}}`))
	if got := who(t, s, "a"); got != "nobody" {
		t.Errorf("after an event about a group\n got %s\nwant nobody", got)
	}
	fold(t, f, event(1, "x", "a", `{}`))
	if got := who(t, s, "a"); got != "a[] since 1 {}" {
		t.Errorf("after another event\n got %s\nwant a person", got)
	}
}
