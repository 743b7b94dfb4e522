package profiles

import (
	"strconv"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// come takes an event in by a lane of a pipeline, in a process that has nothing at hand.
func come(t *testing.T, s Store, pipeline string, lane int, sequence uint64, events ...pipeline.Event) {
	t.Helper()
	w := folder(s).Watch(pipeline)
	w.Reset()
	for i := range events {
		w.Event(&events[i], lane, sequence, 0)
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What comes again after a crash changes nothing, whatever has come since by its own lane, another, or after a merge.
func TestComesAgain(t *testing.T) {
	set := func(n string) pipeline.Event { return event(1, "x", "a", `{"$set":{"n":`+n+`}}`) }
	identify := event(3, "$identify", "u", `{"$anon_distinct_id":"a"}`)
	for name, since := range map[string]func(s Store){
		"its own lane": func(s Store) { come(t, s, "p", 0, 2, set("2")) },
		"another lane": func(s Store) { come(t, s, "p", 1, 2, set("2")) },
		"a merge": func(s Store) {
			come(t, s, "p", 1, 2, event(2, "x", "u", `{"$set":{"n":2}}`))
			come(t, s, "p", 1, 3, identify)
		},
	} {
		s := store(t)
		come(t, s, "p", 0, 1, set("1"))
		since(s)
		want := who(t, s, "a")
		come(t, s, "p", 0, 1, set("1"))
		if got := who(t, s, "a"); got != want {
			t.Errorf("%s: person after an event came again\n got %s\nwant %s", name, got, want)
		}
	}
}

// Each pipeline has a place of its own in a lane: one that is behind another loses nothing.
func TestPipelines(t *testing.T) {
	s := store(t)
	come(t, s, "fast", 0, 2, event(2, "x", "a", `{"$set":{"fast":1}}`))
	come(t, s, "slow", 0, 1, event(1, "x", "a", `{"$set":{"slow":1}}`))
	if got, want := who(t, s, "a"), `a[] since 2 {"fast":1,"slow":1}`; got != want {
		t.Errorf("person of two pipelines\n got %s\nwant %s", got, want)
	}
}

// All that a transform makes of one event counts, and once.
func TestSeveralOfOne(t *testing.T) {
	s := store(t)
	made := []pipeline.Event{
		event(1, "x", "a", `{"$set":{"first":1,"n":1}}`), event(1, "y", "a", `{"$unset":["n"]}`),
		event(1, "$identify", "u", `{"$anon_distinct_id":"a"}`), event(1, "z", "u", `{"$set":{"last":1}}`),
	}
	come(t, s, "p", 0, 1, made...)
	const want = `a[u] since 1 identified {"first":1,"last":1}`
	if got := who(t, s, "a"); got != want {
		t.Errorf("person\n got %s\nwant %s", got, want)
	}
	come(t, s, "p", 0, 2, event(2, "x", "a", `{"$set":{"n":2}}`))
	come(t, s, "p", 0, 1, made...)
	if got, want := who(t, s, "a"), `a[u] since 1 identified {"first":1,"last":1,"n":2}`; got != want {
		t.Errorf("person after they came again\n got %s\nwant %s", got, want)
	}
}

// A transform may make thousands of events of one, also of the last of a frame: each of them counts.
func TestThousandsOfOne(t *testing.T) {
	s := store(t)
	w := folder(s).Watch("p")
	const made, last = 10_000, 499
	for n := range made {
		e := event(1, "x", "a", `{"$set":{"n":`+strconv.Itoa(n)+`}}`)
		w.Event(&e, 0, 1, last)
		if n%1000 == 999 { // also when they are not committed together
			if err := w.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.changes = w.changes[:0]
		}
	}
	if got, want := who(t, s, "a"), `a[] since 1 {"n":`+strconv.Itoa(made-1)+`}`; got != want {
		t.Errorf("person\n got %s\nwant %s", got, want)
	}
	come(t, s, "p", 0, 2, event(2, "x", "a", `{"$set":{"n":"next"}}`))
	if got, want := who(t, s, "a"), `a[] since 1 {"n":"next"}`; got != want {
		t.Errorf("person after the next frame\n got %s\nwant %s", got, want)
	}
}

// A group, which events of many lanes change, remembers too which of them it has seen.
func TestGroupComesAgain(t *testing.T) {
	s := store(t)
	set := func(n string) pipeline.Event {
		return event(1, "$groupidentify", "a", `{"$group_type":"company","$group_key":"acme","$group_set":{"n":`+n+`}}`)
	}
	come(t, s, "p", 0, 1, set("1"))
	come(t, s, "p", 1, 2, set("2"))
	come(t, s, "p", 0, 1, set("1"))
	got, err := s.Get(t.Context(), groupKey{"company", "acme"}.String())
	if err != nil || !strings.Contains(string(got.Value), `"properties":{"n":2}`) {
		t.Errorf("group\n got %s, %v\nwant n to be 2", got.Value, err)
	}
}
