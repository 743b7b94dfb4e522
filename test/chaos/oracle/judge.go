package oracle

import (
	"bytes"
	"fmt"
	"time"
)

// Place is a destination and what should become of events there.
type Place struct {
	Name      string // pipeline/destination
	Warehouse bool   // an event must not be there twice
	// Wants tells which events are for it; nil means all.
	Wants func(*Event) bool
	// Dies tells which events must end as dead letters and not arrive; nil means none.
	Dies func(*Event) bool
	// MayDie allows dead letters of other events.
	MayDie bool
	// Same compares properties as they were sent and as they arrived; nil means byte for byte.
	Same func(sent, got []byte) bool
	// Loose counts events that came too late and does not hold them against the place: what no receiver can see made them late.
	Loose bool
}

// Observed is what was found at a place.
type Observed struct {
	Place
	Arrivals  []Arrival       // in the order in which they came
	Dead      []Arrival       // dead letters of the place, and of its pipeline as a whole
	Disturbed map[string]bool // ids that had to be tried again, for which the order is off
	Nonsense  []string        // what came and was no event
}

// Judge holds each place against the ledger. Nothing may be on its way any more.
func Judge(l *Ledger, places []Observed) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := Verdict{Handed: len(l.events), Acknowledged: l.acked}
	for i := range places {
		j := judge{ledger: l, place: &places[i], finding: Finding{Place: places[i].Name, Warehouse: places[i].Warehouse}}
		v.Findings = append(v.Findings, j.run())
	}
	return v
}

// clock is how examples show times.
const clock = "15:04:05.000"

// judge is the work on one place.
type judge struct {
	ledger  *Ledger
	place   *Observed
	finding Finding
	count   map[string]int
	dead    map[string]bool
}

func (j *judge) run() Finding {
	j.count, j.dead = map[string]int{}, map[string]bool{}
	for _, text := range j.place.Nonsense {
		j.report(&j.finding.Strange, "%s", text)
	}
	j.arrivals()
	j.letters()
	j.missing()
	return j.finding
}

func (j *judge) report(counter *int, format string, args ...any) {
	*counter++
	if len(j.finding.Examples) < maxExamples {
		j.finding.Examples = append(j.finding.Examples, fmt.Sprintf(format, args...))
	}
}

func (j *judge) arrivals() {
	f := &j.finding
	latest := map[string]*Event{} // of each person
	came := map[string]time.Time{}
	for _, a := range j.place.Arrivals {
		e := j.ledger.events[a.ID]
		if e == nil || j.place.Wants != nil && !j.place.Wants(e) {
			j.report(&f.Strange, "event %s arrived and was not sent there", a.ID)
			continue
		}
		if !j.same(e, a) {
			j.report(&f.Altered, "event %s:\n   sent %s\n    got %s", e.ID, e.Properties, a.Properties)
		}
		if j.place.Dies != nil && j.place.Dies(e) {
			j.report(&f.Escaped, "event %s (%s) arrived", e.ID, e.Mark)
		}
		j.count[e.ID]++
		if n := j.count[e.ID]; n > 1 {
			if j.place.Warehouse {
				j.report(&f.Doubled, "event %s is there %d times", e.ID, n)
			} else {
				f.Repeated++
			}
			continue
		}
		f.Delivered++
		before := latest[e.Person]
		late := before != nil && before.Seq > e.Seq
		if j.place.Disturbed[e.ID] || late && j.place.Loose {
			if late {
				f.Overtaken++
			}
			continue
		}
		if late {
			j.report(&f.Reordered, "event %d of %s, handed out at %s, arrived at %s, after %d, which arrived at %s (%s after %s)",
				e.Seq, e.Person, e.Handed.Format(clock), a.At.Format(clock), before.Seq, came[e.Person].Format(clock), e.ID, before.ID)
		} else {
			latest[e.Person], came[e.Person] = e, a.At
		}
	}
}

func (j *judge) letters() {
	f := &j.finding
	for _, a := range j.place.Dead {
		e := j.ledger.events[a.ID]
		if e == nil {
			j.report(&f.Strange, "event %s is a dead letter and was not sent", a.ID)
			continue
		}
		if !SameText(e.Properties, a.Properties) { // the list shows letters inside JSON of its own
			j.report(&f.Altered, "event %s as a dead letter:\n   sent %s\n    got %s", e.ID, e.Properties, a.Properties)
		}
		if !j.dead[e.ID] {
			f.Dead++
		}
		j.dead[e.ID] = true
		if !j.place.MayDie && (j.place.Dies == nil || !j.place.Dies(e)) {
			j.report(&f.Buried, "event %s is a dead letter: %s", e.ID, e.Mark)
		}
	}
}

func (j *judge) same(e *Event, a Arrival) bool {
	if j.place.Same != nil {
		return j.place.Same(e.Properties, a.Properties)
	}
	return bytes.Equal(e.Properties, a.Properties)
}

// missing looks for what was acknowledged and is nowhere.
func (j *judge) missing() {
	for id, e := range j.ledger.events {
		if !e.acknowledged || j.place.Wants != nil && !j.place.Wants(e) {
			continue
		}
		j.finding.Expected++
		if j.count[id] == 0 && !j.dead[id] {
			j.report(&j.finding.Lost, "event %s (%d of %s, mark %q) was acknowledged and is nowhere", id, e.Seq, e.Person, e.Mark)
		}
	}
}
