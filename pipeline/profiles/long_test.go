package profiles

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// groups are the types and keys of all groups.
func groups(t *testing.T, s *bus.Profiles) (all []string) {
	t.Helper()
	err := s.Each(t.Context(), groupPrefix, func(p bus.Profile) error {
		var g Group
		err := json.Unmarshal(p.Value, &g)
		all = append(all, g.Type+"/"+g.Key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Whatever somebody sends, it can be stored: an event that cannot would be in the way of all others.
func TestLongNames(t *testing.T) {
	s := store(t)
	long := strings.Repeat("k", 100_000)
	letters := strings.Repeat("ü", longestID)
	fold(t, folder(s),
		event(0, "$groupidentify", "a", `{"$group_type":"company","$group_key":"`+long+`","$group_set":{"a":1}}`),
		event(1, "$groupidentify", "a", `{"$group_type":"`+long+`","$group_key":"x","$group_set":{"a":1}}`),
		event(2, "$groupidentify", "a", `{"$group_type":"`+letters+`","$group_key":"`+letters+`","$group_set":{"a":1}}`),
		event(3, "$create_alias", "u", `{"alias":"`+long+`"}`), event(4, "x", strings.Repeat("k", longestID), `{"$set":{"n":1}}`),
	)
	if got, want := groups(t, s), []string{letters + "/" + letters}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("groups\n got %.200q\nwant %q", got, want)
	}
	named, err := folder(s).Groups(t.Context(), []byte(`{"company":"`+long+`"}`), "")
	if err != nil || !strings.HasSuffix(string(named), `"properties":{}}}`) {
		t.Errorf("a group that an event names\n got %.200s, %v\nwant one that nothing is known of", named, err)
	}
	if got := who(t, s, "u"); !strings.HasSuffix(got, `identified {"n":1}`) {
		t.Errorf("an alias that is too long\n got %.300s\nwant the person of what capture makes of it", got)
	}
}

// A person with many long ids gets no more of them before it is too large for a message.
func TestManyLongIDs(t *testing.T) {
	s := store(t)
	f := folder(s)
	w := f.Watch("p")
	for i := range mostIDs {
		e := event(3, "$merge_dangerously", "a", fmt.Sprintf(`{"alias":"%d%s"}`, i, strings.Repeat("\U0001F600", longestID-10)))
		w.Event(&e, 0, uint64(i+1), 0)
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := f.Of("a")
	keys := a.Keys()
	stored, err := s.Get(t.Context(), keys[0])
	if err != nil || len(stored.Value) > 1<<20-4096 || len(stored.Value) < mostIDBytes/2 {
		t.Errorf("bytes of the person\n got %d, %v\nwant less than a message takes", len(stored.Value), err)
	}
}

// What is at hand has a bound in bytes, not in values alone, and large values are read where they are.
func TestCacheIsBounded(t *testing.T) {
	s := store(t)
	f := folder(s)
	for i := range 50 {
		who := fmt.Sprint("u", i)
		fold(t, f, event(2*i, "x", who, `{"$set":{"n":1}}`), event(2*i+1, "x", who, `{"$set":{"big":"`+strings.Repeat("x", 100_000)+`"}}`))
	}
	size := 0
	for _, p := range f.cache.Values() {
		size += len(p.Value)
	}
	if size > 50*mostCached {
		t.Errorf("bytes at hand\n got %d\nwant at most %d", size, 50*mostCached)
	}
	p, err := f.Person(t.Context(), "u7")
	if err != nil || p == nil || len(p.Properties) < 100_000 {
		t.Errorf("a large person\n got %.100v, %v\nwant all of it", p, err)
	}
}
