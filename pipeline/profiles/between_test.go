package profiles

import (
	"context"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// between lets something happen after a save, once.
type between struct {
	Store
	left int // saves until then
	then func()
}

func (s *between) Save(ctx context.Context, changes []bus.Profile) error {
	err := s.Store.Save(ctx, changes)
	if s.left--; s.left == 0 {
		then := s.then
		s.then = func() {}
		then()
	}
	return err
}

// A visitor is made one with a person while another lane takes in an event of either: whatever save of the one the other comes after, there is one person.
func TestEventDuringMerge(t *testing.T) {
	identify := event(2, "$identify", "u", `{"$anon_distinct_id":"a","$set":{"k":1}}`)
	for name, during := range map[string]pipeline.Event{
		"of the visitor": event(1, "x", "a", `{"$set":{"n":1}}`), "of the person": event(1, "x", "u", `{"$set":{"n":1}}`),
		"of the same visitor": event(1, "$identify", "u", `{"$anon_distinct_id":"a","$set":{"n":1}}`),
	} {
		for saves := 1; saves <= 5; saves++ {
			s := store(t)
			happened := false
			inner := &between{Store: s, left: saves, then: func() {
				happened = true
				come(t, s, "p", 1, 1, during)
			}}
			come(t, inner, "p", 0, 2, identify)
			if !happened {
				if saves == 1 {
					t.Fatal("nothing was saved")
				}
				break
			}
			a, u := who(t, s, "a"), who(t, s, "u")
			if want := `u[a] since 1 identified {"k":1,"n":1}`; a != u || len(a) != len(want) {
				t.Errorf("an event %s after save %d: persons\n got %s and %s\nwant one as %s", name, saves, a, u, want)
			}
		}
	}
}

// Of two persons who claim the same visitor at once one gets it, and the other has nothing of it, unless they come to be one person.
func TestTwoClaimAtOnce(t *testing.T) {
	for saves := 1; saves <= 3; saves++ {
		s := store(t)
		come(t, &between{Store: s, left: saves, then: func() {
			come(t, s, "p", 1, 1, event(1, "$identify", "u1", `{"$anon_distinct_id":"a"}`))
		}}, "p", 0, 2, event(2, "$identify", "u2", `{"$anon_distinct_id":"a"}`))
		a, u1, u2 := who(t, s, "a"), who(t, s, "u1"), who(t, s, "u2")
		switch {
		case a == u1 && u2 == "u2[] since 2 identified {}":
		case a == u2 && (u1 == "u1[] since 1 identified {}" || u1 == u2):
		default:
			t.Errorf("the other after save %d\n got %s, %s and %s\nwant one of the two to have the visitor", saves, a, u1, u2)
		}
	}
}
