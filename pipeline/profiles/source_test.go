package profiles

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

// tables merges what a Source emits, as a warehouse does.
type tables map[string]pipeline.Record

func (a tables) emit(_ context.Context, b pipeline.SourceBatch) error {
	for _, r := range b.Records {
		if r.Version < a[r.Stream+" "+r.Key].Version {
			return fmt.Errorf("%s of %s: version %d after %d", r.Key, r.Stream, r.Version, a[r.Stream+" "+r.Key].Version)
		}
		a[r.Stream+" "+r.Key] = r
	}
	a["cursor"] = pipeline.Record{Data: b.Cursor}
	return nil
}

func (a tables) rows() (rows []string) {
	for _, r := range a {
		if r.Stream != "" && !r.Deleted {
			rows = append(rows, r.Stream+" "+string(r.Data))
		}
	}
	slices.Sort(rows)
	return rows
}

// Where the bus has lost what it knew, or another one is taken, the tables follow the new one.
func TestSourceOfAnotherBus(t *testing.T) {
	at := tables{}
	for round, more := range []int{3, 1, 9} { // the second has less than the first, the third more than both
		s := store(t)
		f := folder(s)
		first := fmt.Sprint("first of ", round) // which does not change again
		fold(t, f, event(0, "x", first, `{"$set":{"k":1}}`))
		for i := range more {
			fold(t, f, event(i, "x", "a", fmt.Sprintf(`{"$set":{"round":%d,"i":%d}}`, round, i)))
		}
		if err := NewSource(s).Run(t.Context(), at["cursor"].Data, at.emit); err != nil {
			t.Fatal(err)
		}
		rows := strings.Join(at.rows(), "\n")
		for _, want := range []string{fmt.Sprintf(`"round":%d`, round), first} {
			if !strings.Contains(rows, want) {
				t.Errorf("after round %d\n got %s\nwant %s", round, rows, want)
			}
		}
	}
}

// Groups have rows of their own, whatever characters are in their types and keys.
func TestKeysOfGroups(t *testing.T) {
	s := store(t)
	f := folder(s)
	for i, g := range [][2]string{{"a", "b/c"}, {"a/b", "c"}, {"a%2Fb", "c"}, {"a b", "c"}} {
		fold(t, f, event(i, "$groupidentify", "a", fmt.Sprintf(`{"$group_type":%q,"$group_key":%q,"$group_set":{"g":1}}`, g[0], g[1])))
	}
	at := tables{}
	if err := NewSource(s).Run(t.Context(), nil, at.emit); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range at {
		if r.Stream == groupsStream {
			keys = append(keys, r.Key)
		}
	}
	slices.Sort(keys)
	if want := []string{"a b/c", "a%252Fb/c", "a%2Fb/c", "a/b/c"}; !slices.Equal(keys, want) {
		t.Errorf("keys\n got %q\nwant %q", keys, want)
	}
}

// TestSource copies after every event, and wants the tables to hold what there is, whoever was merged into whom.
func TestSource(t *testing.T) {
	s := store(t)
	f := folder(s)
	source := NewSource(s)
	at := tables{}
	pass := func() {
		t.Helper()
		if err := source.Run(t.Context(), at["cursor"].Data, at.emit); err != nil {
			t.Fatal(err)
		}
	}
	pass()
	for _, e := range []pipeline.Event{
		event(0, "x", "a", `{"$set":{"k":1}}`), event(1, "x", "b", `{"$set":{"l":2}}`), event(2, "$identify", "b", `{"$anon_distinct_id":"new"}`),
		event(3, "$merge_dangerously", "a", `{"alias":"b"}`), event(4, "$groupidentify", "a", `{"$group_type":"t","$group_key":"k","$group_set":{"g":1}}`),
	} {
		fold(t, f, e)
		pass()
	}
	id := func(distinctID string) string {
		p, err := f.Person(t.Context(), distinctID)
		if err != nil {
			t.Fatal(err)
		}
		return p.ID
	}
	want := []string{
		`groups {"type":"t","key":"k","properties":{"g":1},"created_at":"2026-08-20T10:00:04Z"}`,
		`person_distinct_ids {"distinct_id":"a","person_id":"` + id("a") + `"}`,
		`person_distinct_ids {"distinct_id":"b","person_id":"` + id("a") + `"}`,
		`person_distinct_ids {"distinct_id":"new","person_id":"` + id("a") + `"}`,
		`persons {"id":"` + id("a") + `","properties":{"k":1,"l":2},"created_at":"2026-08-20T10:00:00Z","is_identified":true}`,
	}
	if diff := cmp.Diff(want, at.rows()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	// From the beginning it is the same.
	anew := tables{}
	if err := source.Run(t.Context(), nil, anew.emit); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, anew.rows()); diff != "" {
		t.Errorf("rows of a copy from the beginning (-want +got):\n%s", diff)
	}
	var p position
	if err := json.Unmarshal(at["cursor"].Data, &p); err != nil {
		t.Fatal(err)
	}
	if last, err := s.Last(t.Context()); err != nil || p.Sequence != last {
		t.Errorf("cursor\n got %d\nwant %d", p.Sequence, last)
	}
}
