package oracle

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

const many = 100_000

// history makes changeable copies of one history, which is dear to make.
func history() (*Ledger, []Observed) {
	l, places := original()
	places = slices.Clone(places)
	for i := range places {
		places[i].Arrivals, places[i].Dead = slices.Clone(places[i].Arrivals), slices.Clone(places[i].Dead)
	}
	return l, places
}

var original = sync.OnceValues(invent)

// invent makes a faultless history of many events at three places: a warehouse, a webhook for all, and one for every tenth. Events marked Refused
// die at the second. One request was never acknowledged and has arrived at the first place only.
func invent() (*Ledger, []Observed) {
	l := NewLedger(7)
	dies := func(e *Event) bool { return e.Mark == Refused }
	places := []Observed{
		{Place: Place{Name: "warehouse", Warehouse: true}},
		{Place: Place{Name: "all", Dies: dies}},
		{Place: Place{Name: "tenth", Wants: func(e *Event) bool { return e.Name() == Tenth }}},
	}
	for n := range many {
		mark := Plain
		if n%1000 == 999 {
			mark = Refused
		}
		e := l.Hand(fmt.Sprintf("person-%d", n%97), mark)
		a := Arrival{ID: e.ID, Properties: e.Properties}
		places[0].Arrivals = append(places[0].Arrivals, a)
		if n == many-1 {
			break
		}
		l.Acknowledge([]*Event{e})
		if mark == Refused {
			places[1].Dead = append(places[1].Dead, a)
		} else {
			places[1].Arrivals = append(places[1].Arrivals, a)
		}
		if e.Name() == Tenth {
			places[2].Arrivals = append(places[2].Arrivals, a)
		}
	}
	return l, places
}

func TestFaultlessHistory(t *testing.T) {
	l, places := history()
	v := Judge(l, places)
	if err := v.Err(); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(v.Acknowledged, v.Findings[0].Delivered, v.Findings[1].Dead), fmt.Sprint(many-1, many, many/1000-1); got != want {
		t.Errorf("acknowledged, delivered, dead\n got %s\nwant %s", got, want)
	}
}

// One fault among 100,000 events turns the verdict red, and it is called by its name.
func TestOneFaultIsSeen(t *testing.T) {
	const at = 54_321
	tests := map[string]struct {
		fault func(l *Ledger, places []Observed)
		want  string
	}{
		"dropped from the warehouse": {func(_ *Ledger, p []Observed) { drop(&p[0].Arrivals, at) }, "1 lost"},
		"dropped from a webhook":     {func(_ *Ledger, p []Observed) { drop(&p[1].Arrivals, at) }, "1 lost"},
		"a dead letter dropped":      {func(_ *Ledger, p []Observed) { drop(&p[1].Dead, 50) }, "1 lost"},
		"doubled in the warehouse":   {func(_ *Ledger, p []Observed) { p[0].Arrivals = append(p[0].Arrivals, p[0].Arrivals[at]) }, "1 doubled"},
		"reordered":                  {func(_ *Ledger, p []Observed) { swap(p[0].Arrivals, at) }, "1 reordered"},
		"reordered at a webhook":     {func(_ *Ledger, p []Observed) { swap(p[1].Arrivals, at) }, "1 reordered"},
		"one byte altered":           {func(_ *Ledger, p []Observed) { flip(&p[0].Arrivals[at]) }, "1 altered"},
		"a space added": {func(_ *Ledger, p []Observed) {
			a := &p[1].Arrivals[at]
			a.Properties = append(slices.Clone(a.Properties), ' ')
		}, "1 altered"},
		"a dead letter altered": {func(_ *Ledger, p []Observed) { flip(&p[1].Dead[50]) }, "1 altered"},
		"never sent":            {func(_ *Ledger, p []Observed) { p[0].Arrivals[at].ID = "0" }, "1 strange"},
		"not wanted": {func(_ *Ledger, p []Observed) {
			i := slices.IndexFunc(p[1].Arrivals, func(a Arrival) bool { return strings.Contains(string(a.Properties), `"seq":11,`) })
			p[2].Arrivals = append(p[2].Arrivals, p[1].Arrivals[i])
		}, "1 strange"},
		"poison passed on": {func(_ *Ledger, p []Observed) { p[1].Arrivals = append(p[1].Arrivals, p[1].Dead[50]) }, "1 escaped"},
		"given up needlessly": {func(_ *Ledger, p []Observed) {
			p[0].Dead = append(p[0].Dead, p[0].Arrivals[at])
			drop(&p[0].Arrivals, at)
		}, "1 buried"},
		"nonsense": {func(_ *Ledger, p []Observed) { p[1].Nonsense = []string{"a body that is no event"} }, "1 strange"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			l, places := history()
			c.fault(l, places)
			err := Judge(l, places).Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("\n got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllowances(t *testing.T) {
	l, places := history()
	places[1].Arrivals = append(places[1].Arrivals, places[1].Arrivals[17])
	swap(places[1].Arrivals, 54_321)
	places[1].Disturbed = map[string]bool{places[1].Arrivals[54_321].ID: true}
	v := Judge(l, places)
	if err := v.Err(); err != nil || v.Findings[1].Repeated != 1 {
		t.Errorf("a repeat at a webhook and a retried event\n got %v and %d repeated\nwant no fault and 1", err, v.Findings[1].Repeated)
	}
}

func drop(list *[]Arrival, at int) { *list = slices.Delete(*list, at, at+1) }

func flip(a *Arrival) {
	a.Properties = slices.Clone(a.Properties)
	a.Properties[9] ^= 1
}

// swap exchanges an arrival with the next one of the same person.
func swap(list []Arrival, at int) { list[at], list[at+97] = list[at+97], list[at] }
