package bus

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestDeadFilters(t *testing.T) {
	b := open(t, t.TempDir())
	at := time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC)
	for i, change := range []func(*DeadLetter){
		func(l *DeadLetter) { l.Class, l.Reason = ClassPermanent, "POST crm.example.com: answered 422" },
		func(l *DeadLetter) { l.Class, l.Reason = ClassGaveUp, "gave up after 24h: Connection refused" },
		func(l *DeadLetter) { l.Destination, l.Class, l.Stage = "", "mask.limit", StageProcess },
		func(l *DeadLetter) { l.Event = []byte(`{"event":"signup","distinct_id":"ada"}`) },
	} {
		l := letter(1, i, StageDeliver, "crm")
		l.LastAt = at.Add(time.Duration(i) * time.Hour)
		change(&l)
		bury(t, b, l)
	}
	for name, c := range map[string]struct {
		filter DeadFilter
		want   string
	}{
		"all":             {DeadFilter{}, "[1 2 3 4]"},
		"class":           {DeadFilter{Class: ClassPermanent}, "[1]"},
		"transform":       {DeadFilter{Class: "mask.limit"}, "[3]"},
		"reason":          {DeadFilter{Reason: "connection REFUSED"}, "[2]"},
		"event":           {DeadFilter{Event: "signup"}, "[4]"},
		"person":          {DeadFilter{Person: "person-1"}, "[1 2 3]"},
		"since":           {DeadFilter{Since: at.Add(2 * time.Hour)}, "[3 4]"},
		"until":           {DeadFilter{Until: at.Add(time.Hour)}, "[1]"},
		"several":         {DeadFilter{Destination: "crm", Person: "person-1", Since: at.Add(time.Minute)}, "[2]"},
		"part of a class": {DeadFilter{Class: "perm"}, "[]"},
	} {
		ids := []uint64{}
		err := b.EachDead(t.Context(), c.filter, 0, func(l DeadLetter) error {
			ids = append(ids, l.ID)
			return nil
		})
		if got := fmt.Sprint(ids); err != nil || got != c.want {
			t.Errorf("%s\n got %s, %v\nwant %s", name, got, err, c.want)
		}
	}
	counts, err := b.CountDead(t.Context(), DeadFilter{Pipeline: "web"})
	want := []DeadCount{{"web", "", "mask.limit", 1}, {"web", "crm", "", 1}, {"web", "crm", ClassGaveUp, 1}, {"web", "crm", ClassPermanent, 1}}
	if diff := cmp.Diff(want, counts); diff != "" || err != nil {
		t.Errorf("counts: %v\n%s", err, diff)
	}
	if counts, err := b.CountDead(t.Context(), DeadFilter{Event: "signup"}); err != nil || len(counts) != 1 || counts[0].Letters != 1 {
		t.Errorf("counts of one event's name\n got %v, %v", counts, err)
	}
}

// A letter that is replayed while the list is read, and comes back at once, is not read again; one that is removed is no obstacle.
func TestEachDeadWhileTheListChanges(t *testing.T) {
	b := open(t, t.TempDir())
	for i := range 3 * scanAhead {
		bury(t, b, letter(1, i, StageDeliver, "crm"))
	}
	n := 0
	err := b.EachDead(t.Context(), DeadFilter{}, 0, func(l DeadLetter) error {
		n++
		if n == 1 {
			if err := b.Drop(t.Context(), 3*scanAhead); err != nil { // the last one, which is not on its way yet
				t.Fatal(err)
			}
		}
		again := letter(2, n, StageDeliver, "crm")
		return errors.Join(b.Drop(t.Context(), l.ID), b.Bury(t.Context(), []DeadLetter{again}))
	})
	if err != nil || n != 3*scanAhead-1 {
		t.Errorf("letters\n got %d, %v\nwant %d", n, err, 3*scanAhead-1)
	}
}

func TestResponseIsKeptWithinTheHeader(t *testing.T) {
	b := open(t, t.TempDir())
	l := letter(1, 1, StageDeliver, "crm")
	l.Response = &pipeline.Response{Status: "422 Unprocessable Entity", Body: "no such field:\n\"colour\""}
	huge := letter(1, 2, StageDeliver, "crm")
	huge.Reason, huge.Response = strings.Repeat("\x01", maxReason), &pipeline.Response{Status: "400", Body: strings.Repeat("\x01", pipeline.MaxResponse)}
	bury(t, b, l, huge)
	got := deadLetters(t, b, DeadFilter{})
	if diff := cmp.Diff(l.Response, got[0].Response); diff != "" {
		t.Errorf("response\n%s", diff)
	}
	if got[1].Reason == "" || got[1].Response.Status != "400" {
		t.Errorf("of a letter with too much text\n got reason of %d bytes, status %q", len(got[1].Reason), got[1].Response.Status)
	}
	if len(huge.Response.Body) != pipeline.MaxResponse {
		t.Error("the caller's response was changed")
	}
}

func TestDeadRetainIsASetting(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.DeadRetain = 48 * time.Hour })
	if info, err := b.dead.Info(t.Context()); err != nil || info.Config.MaxAge != 48*time.Hour {
		t.Errorf("dead letters are kept for %v, %v\nwant 48h", info.Config.MaxAge, err)
	}
	c := DefaultConfig()
	if c.DeadRetain != 30*24*time.Hour {
		t.Errorf("default\n got %s\nwant 720h", c.DeadRetain)
	}
	c.DeadRetain = time.Minute
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "dead_retain: want at least 1h") {
		t.Errorf("a minute\n got %v", err)
	}
}
