package profiles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

// event makes an event at a second.
func event(second int, name, distinctID, properties string) pipeline.Event {
	return pipeline.Event{Name: name, DistinctID: distinctID, Properties: pipeline.Properties(properties), Timestamp: began.Add(time.Duration(second) * time.Second)}
}

// sequence is that of an event's frame in these tests: it grows with time.
func sequence(e *pipeline.Event) uint64 { return uint64(e.Timestamp.Sub(began)/time.Second) + 1 }

func store(t *testing.T) *bus.Profiles {
	t.Helper()
	p, err := pipelinetest.Bus(t).Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func folder(s Store) *Folder { return folderOf(s, began) }

// folderOf is a folder for the events of a log that began at a time.
func folderOf(s Store, log time.Time) *Folder {
	return NewFolder(Deps{Store: s, Project: 1, Began: log, Lift: true, Log: slog.New(slog.DiscardHandler)})
}

// fold commits events one after the other.
func fold(t *testing.T, f *Folder, events ...pipeline.Event) {
	t.Helper()
	w := f.Watch("p")
	for i := range events {
		w.Reset()
		w.Event(&events[i], 0, sequence(&events[i]), 7)
		if err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// who describes the person of a distinct id, read anew.
func who(t *testing.T, s Store, distinctID string) string {
	t.Helper()
	p, err := folder(s).Person(t.Context(), distinctID)
	if err != nil {
		t.Fatal(err)
	}
	if p == nil {
		return "nobody"
	}
	identified := ""
	if p.Identified {
		identified = " identified"
	}
	slices.Sort(p.Others)
	var members []string
	for k, v := range rawjson.Members(p.Properties) {
		members = append(members, string(k)+":"+string(v))
	}
	slices.Sort(members)
	return fmt.Sprintf("%s%v since %d%s %s", p.DistinctID, p.Others, int(p.CreatedAt.Sub(began).Seconds()), identified, "{"+strings.Join(members, ",")+"}")
}

func TestPersons(t *testing.T) {
	for name, test := range map[string]struct {
		events []pipeline.Event
		want   map[string]string
	}{
		"an event makes a person": {[]pipeline.Event{event(3, "x", "a", `{}`), event(4, "y", "a", `{}`)}, map[string]string{"a": "a[] since 3 {}", "b": "nobody"}},
		"set, set once, unset": {[]pipeline.Event{
			event(0, "x", "a", `{"$set":{"plan":"free","n":1},"$set_once":{"plan":"none","first":"x"}}`),
			event(1, "x", "a", `{"$set":{"plan":"pro","deep":{"a":1}},"$set_once":{"first":"y","n":2}}`),
			event(2, "x", "a", `{"$unset":["n"]}`), event(3, "x", "a", `{"$set":{"deep":{"b":2}},"$unset":{"none":1}}`),
		}, map[string]string{"a": `a[] since 0 {"deep":{"b":2},"first":"x","plan":"pro"}`}},
		"without a person": {[]pipeline.Event{
			event(0, "x", "a", `{"$process_person_profile":false,"$set":{"a":1}}`), event(1, "$exception", "a", `{"$set":{"a":1}}`), event(2, "$$heatmap", "a", `{}`),
		}, map[string]string{"a": "nobody"}},
		"identify of an unknown visitor": {[]pipeline.Event{event(0, "$identify", "u", `{"$anon_distinct_id":"a","$set":{"email":"e"}}`)},
			map[string]string{"u": `u[a] since 0 identified {"email":"e"}`, "a": `u[a] since 0 identified {"email":"e"}`}},
		"identify of a visitor": {[]pipeline.Event{
			event(0, "x", "a", `{"$set":{"a":1}}`), event(1, "$identify", "u", `{"$anon_distinct_id":"a"}`), event(2, "x", "u", `{"$set":{"b":2}}`),
		}, map[string]string{"a": `a[u] since 0 identified {"a":1,"b":2}`, "u": `a[u] since 0 identified {"a":1,"b":2}`}},
		"identify of two persons": {[]pipeline.Event{
			event(1, "x", "a", `{"$set":{"k":"a","only":1}}`), event(2, "x", "u", `{"$set":{"k":"u"}}`), event(3, "$identify", "u", `{"$anon_distinct_id":"a"}`),
			event(4, "x", "a", `{"$set":{"late":1}}`),
		}, map[string]string{"a": `u[a] since 1 identified {"k":"u","late":1,"only":1}`, "u": `u[a] since 1 identified {"k":"u","late":1,"only":1}`}},
		"an identified person stays": {[]pipeline.Event{
			event(0, "$identify", "u1", `{"$anon_distinct_id":"a"}`), event(1, "x", "u2", `{}`),
			event(2, "$identify", "u2", `{"$anon_distinct_id":"a","$set":{"x":1}}`),
		}, map[string]string{"a": `u1[a] since 0 identified {}`, "u2": `u2[] since 1 identified {"x":1}`}},
		"an unknown id joins an identified person": {[]pipeline.Event{
			event(0, "$identify", "u1", `{"$anon_distinct_id":"a"}`), event(1, "$identify", "u2", `{"$anon_distinct_id":"a"}`),
		}, map[string]string{"a": `u1[a u2] since 0 identified {}`, "u2": `u1[a u2] since 0 identified {}`}},
		"unless dangerously": {[]pipeline.Event{
			event(0, "$identify", "u1", `{"$anon_distinct_id":"a"}`), event(1, "x", "u2", `{}`), event(1, "$merge_dangerously", "u2", `{"alias":"u1","$set":{"x":1}}`),
		}, map[string]string{"a": `u2[a u1] since 0 identified {"x":1}`, "u1": `u2[a u1] since 0 identified {"x":1}`, "u2": `u2[a u1] since 0 identified {"x":1}`}},
		"alias": {[]pipeline.Event{event(0, "x", "b", `{}`), event(1, "$create_alias", "a", `{"alias":"b"}`)},
			map[string]string{"a": `b[a] since 0 identified {}`, "b": `b[a] since 0 identified {}`}},
		"illegal ids": {[]pipeline.Event{
			event(0, "$identify", "u", `{"$anon_distinct_id":"Anonymous"}`), event(1, "$create_alias", "u", `{"alias":"\"null\""}`), event(2, "$identify", "undefined", `{"$anon_distinct_id":"u"}`),
			event(3, "$create_alias", "u", `{"alias":"  "}`), event(4, "$create_alias", "u", `{"alias":"u"}`), event(5, "$identify", "u", `{"alias":"not of identify"}`),
			event(6, "$identify", "u", `{"$anon_distinct_id":"$posthog_cookieless"}`),
		}, map[string]string{"u": "u[] since 0 identified {}", "Anonymous": "nobody", "null": "nobody", "undefined": "undefined[] since 2 {}", "not of identify": "nobody", "$posthog_cookieless": "nobody"}},
		"without a person, of somebody who is one": {[]pipeline.Event{
			event(0, "$identify", "u", `{"$anon_distinct_id":"a","$set":{"plan":"pro"}}`), event(1, "x", "a", `{"$process_person_profile":false,"$set":{"plan":"free"},"$unset":["plan"]}`),
		}, map[string]string{"a": `u[a] since 0 identified {"plan":"pro"}`, "u": `u[a] since 0 identified {"plan":"pro"}`}},
		"chain of merges": {[]pipeline.Event{
			event(0, "x", "a", `{"$set":{"k":"a"}}`), event(1, "x", "b", `{"$set":{"k":"b"}}`), event(2, "x", "c", `{"$set":{"k":"c"}}`),
			event(3, "$merge_dangerously", "b", `{"alias":"a"}`), event(4, "$merge_dangerously", "c", `{"alias":"b"}`), event(5, "$merge_dangerously", "a", `{"alias":"c"}`),
		}, map[string]string{"a": `c[a b] since 0 identified {"k":"c"}`, "b": `c[a b] since 0 identified {"k":"c"}`, "c": `c[a b] since 0 identified {"k":"c"}`}},
		"a group is no person": {[]pipeline.Event{event(0, "$groupidentify", "a", `{"$group_type":"company","$group_key":"acme","$group_set":{"n":1},"$set":{"x":1}}`)},
			map[string]string{"a": "nobody"}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, run := range map[string]func(s Store){
				"one by one": func(s Store) { fold(t, folder(s), test.events...) },
				"together": func(s Store) {
					w := folder(s).Watch("p")
					for i := range test.events {
						w.Event(&test.events[i], 0, sequence(&test.events[i]), 7)
					}
					if err := w.Commit(t.Context()); err != nil {
						t.Fatal(err)
					}
				},
				"twice": func(s Store) {
					fold(t, folder(s), test.events...)
					fold(t, folder(s), test.events[len(test.events)-1])
				},
			} {
				s := store(t)
				run(s)
				got := map[string]string{}
				for id := range test.want {
					got[id] = who(t, s, id)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestGroups(t *testing.T) {
	s := store(t)
	fold(t, folder(s),
		event(0, "$groupidentify", "x", `{"$group_type":"company","$group_key":"ac.me *>","$group_set":{"plan":"free","n":{"a":1}}}`),
		event(1, "$groupidentify", "y", `{"$group_type":"company","$group_key":"ac.me *>","$group_set":{"plan":"pro"},"$set_once":{"no":1}}`),
		event(2, "$groupidentify", "y", `{"$group_type":"company"}`),
		event(3, "$groupidentify", "y", `{"$group_type":"","$group_key":"k","$group_set":{"a":1}}`),
	)
	got, err := s.Get(t.Context(), groupKey{"company", "ac.me *>"}.String())
	const want = `{"type":"company","key":"ac.me *>","properties":{"plan":"pro","n":{"a":1}},"created_at":"2026-08-20T10:00:00Z","applied":{"log":1787220000000000000,"places":{"p/0":33669120}}}`
	if err != nil || string(got.Value) != want {
		t.Errorf("group\n got %s, %v\nwant %s", got.Value, err, want)
	}
	named := `{"company":"ac.me *>","team":7,"none":"","list":[]}`
	const seen = `{"company":{"id":"ac.me *>","type":"company","url":"https://x/groups/company/ac.me%20%2A%3E","properties":{"plan":"pro","n":{"a":1}}},` +
		`"team":{"id":"7","type":"team","url":"https://x/groups/team/7","properties":{}}}`
	if got, err := folder(s).Groups(t.Context(), []byte(named), "https://x/"); err != nil || string(got) != seen {
		t.Errorf("groups of %s\n got %s, %v\nwant %s", named, got, err, seen)
	}
	if got, err := folder(s).Groups(t.Context(), []byte(`"acme"`), ""); got != nil || err != nil {
		t.Errorf("groups of what is no object\n got %s, %v\nwant none", got, err)
	}
	if last, err := s.Last(t.Context()); err != nil || last != 2 {
		t.Errorf("changes\n got %d, %v\nwant the two that mean something", last, err)
	}
}

// failing is a store whose saves fail now and then, after some of the changes were stored.
type failing struct {
	Store
	rand *rand.Rand
}

var errLost = errors.New("no answer")

func (f *failing) Save(ctx context.Context, changes []bus.Profile) error {
	if f.rand.IntN(3) > 0 {
		return f.Store.Save(ctx, changes)
	}
	if err := f.Store.Save(ctx, changes[:f.rand.IntN(len(changes)+1)]); err != nil {
		return err
	}
	return errLost
}

// TestCrashes breaks commits off in the middle and lets a new process make them again. What comes of it is what comes of an undisturbed run.
func TestCrashes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	broken := 0
	for round := range 20 {
		r := rand.New(rand.NewPCG(seed, uint64(round)))
		events := history(r, 60)
		calm, rough := store(t), store(t)
		undisturbed := folder(calm) // which knows what was
		for from := 0; from < len(events); {
			to := min(from+1+r.IntN(8), len(events))
			commit := func(f *Folder) error {
				w := f.Watch("p")
				for i := from; i < to; i++ {
					w.Event(&events[i], 0, sequence(&events[i]), 7)
				}
				return w.Commit(t.Context())
			}
			if err := commit(undisturbed); err != nil {
				t.Fatal(err)
			}
			for err := commit(folder(&failing{rough, r})); err != nil; err = commit(folder(&failing{rough, r})) {
				if broken++; !errors.Is(err, errLost) {
					t.Fatal(err)
				}
			}
			from = to
		}
		for _, id := range ids {
			if got, want := who(t, rough, id), who(t, calm, id); got != want {
				t.Fatalf("round %d: person of %q after crashes\n got %s\nwant %s", round, id, got, want)
			}
		}
		if diff := cmp.Diff(copied(t, calm), copied(t, rough)); diff != "" {
			t.Fatalf("round %d: tables after crashes (-want +got)\n%s", round, diff)
		}
	}
	if broken == 0 {
		t.Error("no commit was broken off")
	}
}

// breaking is a store that is lost after some more calls of Save.
type breaking struct {
	Store
	left int
}

func (b *breaking) Save(ctx context.Context, changes []bus.Profile) error {
	if b.left == 0 {
		return errLost
	}
	b.left--
	return b.Store.Save(ctx, changes)
}

// A merge that is broken off behind any of its steps is finished by the event that comes again, whether or not another one of the persons comes.
func TestMergeIsFinished(t *testing.T) {
	before := []pipeline.Event{
		event(0, "x", "a", `{"$set":{"k":1}}`), event(1, "$identify", "a", `{"$anon_distinct_id":"b"}`), event(2, "x", "u", `{"$set":{"l":2}}`),
	}
	merge := event(3, "$merge_dangerously", "u", `{"alias":"a"}`)
	calm := store(t)
	fold(t, folder(calm), append(before, merge)...)
	want := copied(t, calm)
	for saves := range 6 {
		s := store(t)
		fold(t, folder(s), before...)
		w := folder(&breaking{s, saves}).Watch("p")
		w.Event(&merge, 0, sequence(&merge), 7)
		if err := w.Commit(t.Context()); err != nil && !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		fold(t, folder(s), merge)
		if diff := cmp.Diff(want, copied(t, s)); diff != "" {
			t.Errorf("broken off after %d (-want +got)\n%s", saves, diff)
		}
	}
}

// copied are the rows of the tables of persons: who is behind an id, in the store itself and not only for whoever follows it.
func copied(t *testing.T, s *bus.Profiles) []string {
	t.Helper()
	at := tables{}
	if err := NewSource(s).Run(t.Context(), nil, at.emit); err != nil {
		t.Fatal(err)
	}
	return at.rows()
}

// What another process has changed is seen by a change that says what the value at hand says already.
func TestChangeBackInAnotherProcess(t *testing.T) {
	s := store(t)
	process := func() *Folder {
		return NewFolder(Deps{Store: s, Project: 1, Began: began, Shared: true, Log: slog.New(slog.DiscardHandler)})
	}
	one, two := process(), process()
	for i, step := range []struct {
		by   *Folder
		plan string
	}{{one, "free"}, {two, "pro"}, {one, "free"}, {two, "free"}, {two, "pro"}, {one, "pro"}, {one, "free"}} {
		fold(t, step.by, event(2*i, "$groupidentify", "a", fmt.Sprintf(`{"$group_type":"company","$group_key":"acme","$group_set":{"plan":%q}}`, step.plan)),
			event(2*i+1, "x", "a", fmt.Sprintf(`{"$set":{"plan":%q}}`, step.plan)))
		plans := 0
		for _, row := range copied(t, s) {
			if strings.Contains(row, fmt.Sprintf(`"properties":{"plan":%q}`, step.plan)) {
				plans++
			}
		}
		if plans != 2 {
			t.Errorf("after step %d, %s:\n%s", i, step.plan, strings.Join(copied(t, s), "\n"))
		}
	}
}

var ids = []string{"a", "b", "c", "d", "e", "f"}

// history makes events that set and merge at random.
func history(r *rand.Rand, n int) []pipeline.Event {
	var events []pipeline.Event
	pick := func() string { return ids[r.IntN(len(ids))] }
	for second := range n {
		var e pipeline.Event
		switch r.IntN(9) {
		case 0:
			e = event(second, "$identify", pick(), fmt.Sprintf(`{"$anon_distinct_id":%q,"$set":{"k%d":%d}}`, pick(), r.IntN(4), second))
		case 1:
			e = event(second, "$merge_dangerously", pick(), fmt.Sprintf(`{"alias":%q}`, pick()))
		case 2:
			e = event(second, "x", pick(), fmt.Sprintf(`{"$unset":["k%d"]}`, r.IntN(4)))
		case 3:
			e = event(second, "x", pick(), fmt.Sprintf(`{"$set":{"utm_source":"s%d"}}`, r.IntN(3)))
		case 4, 5, 6:
			e = event(second, "x", pick(), fmt.Sprintf(`{"utm_source":"s%d","$pathname":"/%d"}`, r.IntN(3), second))
		default:
			e = event(second, "x", pick(), fmt.Sprintf(`{"$set":{"k%d":%d},"$set_once":{"k%d":"once"}}`, r.IntN(4), second, r.IntN(4)))
		}
		events = append(events, e)
	}
	return events
}

// TestLanesAtOnce has lanes of two processes change and merge the same persons at once. Nothing that was set is lost, and in the end there is one
// person.
func TestLanesAtOnce(t *testing.T) {
	s := store(t)
	processes := []*Folder{folder(s), folder(s)}
	const each = 20
	var lanes sync.WaitGroup
	for n, id := range ids {
		lanes.Go(func() {
			w := processes[n%2].Watch("p")
			for i := range each {
				events := []pipeline.Event{event(2*i, "x", id, fmt.Sprintf(`{"$set":{"%s%d":%d}}`, id, i, i))}
				if i == each/2 {
					events = append(events, event(2*i+1, "$merge_dangerously", id, fmt.Sprintf(`{"alias":%q}`, ids[(n+1)%len(ids)])))
				}
				w.Reset()
				for i := range events {
					w.Event(&events[i], n, sequence(&events[i]), 7)
				}
				if err := w.Commit(t.Context()); err != nil {
					t.Errorf("lane of %s: %v", id, err)
					return
				}
			}
		})
	}
	lanes.Wait()
	first, err := folder(s).Person(t.Context(), ids[0])
	if err != nil || first == nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if got, want := who(t, s, id), who(t, s, ids[0]); got != want {
			t.Errorf("person of %s\n got %s\nwant %s", id, got, want)
		}
		for i := range each {
			if _, ok := pipeline.Properties(first.Properties).Get(fmt.Sprint(id, i)); !ok {
				t.Errorf("what %s set in its turn %d is lost", id, i)
			}
		}
	}
	if len(first.Others) != len(ids)-1 {
		t.Errorf("other ids of the person\n got %v\nwant all but the first", first.Others)
	}
}

// TestAnotherLog has the log begun anew, whose places begin at 1 again. What is in it changes persons all the same, once.
func TestAnotherLog(t *testing.T) {
	s := store(t)
	fold(t, folder(s), event(50, "x", "a", `{"$set":{"k":1}}`), event(51, "x", "b", `{"$set":{"l":1}}`))
	later := folderOf(s, began.Add(time.Hour))
	fold(t, later, event(1, "x", "a", `{"$set":{"k":2}}`), event(2, "$merge_dangerously", "a", `{"alias":"b"}`), event(3, "x", "b", `{"$set":{"l":2}}`))
	fold(t, later, event(1, "x", "a", `{"$set":{"k":9}}`))
	if got, want := who(t, s, "a"), `a[b] since 50 identified {"k":2,"l":2}`; got != want {
		t.Errorf("person\n got %s\nwant %s", got, want)
	}
}

// TestBounds refuses what would make a person grow without end.
func TestBounds(t *testing.T) {
	s := store(t)
	f := folder(s)
	big := make([]byte, mostProperties)
	for i := range big {
		big[i] = 'x'
	}
	fold(t, f, event(0, "x", "a", `{"$set":{"k":1}}`), event(1, "x", "a", `{"$set":{"big":"`+string(big)+`"}}`), event(2, "x", "a", `{"$set":{"l":2}}`))
	if got, want := who(t, s, "a"), `a[] since 0 {"k":1,"l":2}`; got != want {
		t.Errorf("person\n got %.200s\nwant %s", got, want)
	}
	w := f.Watch("p")
	for i := range mostIDs + 5 {
		e := event(3, "$merge_dangerously", "a", fmt.Sprintf(`{"alias":"id-%d"}`, i))
		w.Event(&e, 0, uint64(i+10), 0)
	}
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := f.Person(t.Context(), "a")
	if err != nil || len(p.Others) != mostIDs {
		t.Errorf("ids of a person\n got %d, %v\nwant %d", len(p.Others), err, mostIDs)
	}
}

// TestKnownPersons reads and writes nothing for an event that says nothing new.
func TestKnownPersons(t *testing.T) {
	s := store(t)
	f := folder(s)
	fold(t, f, event(0, "x", "a", `{"$set":{"k":1,"url":"https://example.com/?a=<b>&c"}}`))
	f.store = nil // any use panics
	fold(t, f, event(1, "y", "a", `{"n":2}`), event(2, "y", "a", `{"$set":{"k":1,"url":"https://example.com/?a=<b>&c"}}`))
}

func BenchmarkWatch(b *testing.B) {
	f := folder(nil)
	f.known.Add("a", lifted{})
	e := event(0, "$pageview", "a", `{"$current_url":"https://example.com/products/17?ref=ab","$browser":"Chrome","$browser_version":120,"$os":"Mac OS X","$session_id":"0198-76",`+
		`"$lib":"web","amount":17.50,"items":[{"sku":"A-1","quantity":2},{"sku":"B-2","quantity":1}],"referrer":"https://www.example.org/"}`)
	w := f.Watch("p")
	b.ReportAllocs()
	for b.Loop() {
		w.Event(&e, 0, 1, 1)
	}
}
