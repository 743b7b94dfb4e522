package warehouses

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// fault is what happens to a step while it runs. A step that a fault struck is done again until it succeeds.
type fault int

const (
	none      fault = iota
	cancelled       // its context ends in the middle
	crashed         // the store dies in the middle
	reopened        // the store is closed and opened before it
)

// step is one call: Send or, when events is nil, Merge.
type step struct {
	events []pipeline.Event
	load   pipeline.Load
	fault  fault
}

func (s *step) String() string {
	if s.events != nil {
		return fmt.Sprintf("Send of %d events", len(s.events))
	}
	return fmt.Sprintf("Merge of %d records", len(s.load.Records))
}

const poisonUUID = "order-17"

// author makes a history up. The same seed gives the same one.
type author struct {
	*rand.Rand
	next     int // the next new event
	sent     []pipeline.Event
	versions map[string]int64
	types    map[string]int // of the fields' values
}

// history is that many steps, of which some are struck by each kind of fault.
func history(seed uint64, steps int) []step {
	a := &author{Rand: rand.New(rand.NewPCG(seed, 1)), versions: map[string]int64{}, types: map[string]int{}}
	all := make([]step, steps)
	for n := range all {
		if a.IntN(3) == 0 {
			all[n].events = a.batch()
		} else {
			all[n].load = a.load(n)
		}
		switch a.IntN(12) {
		case 0, 1:
			all[n].fault = cancelled
		case 2:
			all[n].fault = crashed
		case 3:
			all[n].fault = reopened
		}
	}
	return all
}

// batch is new events among copies of old ones, exact or under another time of the same day, and events that no store takes. A copy was received
// after what it is a copy of.
func (a *author) batch() []pipeline.Event {
	var events []pipeline.Event
	for range 1 + a.IntN(30) {
		switch {
		case a.IntN(4) == 0 && len(a.sent) > 0:
			e := a.sent[a.IntN(len(a.sent))]
			if a.IntN(2) == 0 {
				e.Timestamp = e.Timestamp.Add(time.Duration(1+a.IntN(3600)) * time.Second)
				e.ReceivedAt = pipelinetest.Event(a.next).ReceivedAt.Add(time.Hour)
				e.Properties = a.properties()
			}
			events = append(events, e)
		case a.IntN(15) == 0:
			e := pipelinetest.Event(a.next)
			e.UUID = poisonUUID
			events = append(events, e)
		default:
			e := pipelinetest.Event(a.next)
			a.next++
			e.Name, e.Properties = a.pick("purchase", "it's", "名前 😀", ""), a.properties()
			a.sent = append(a.sent, e)
			events = append(events, e)
		}
	}
	return events
}

func (a *author) pick(from ...string) string { return from[a.IntN(len(from))] }

func (a *author) properties() pipeline.Properties {
	return pipeline.Properties(fmt.Sprintf(`{"plan":%s,"%s":%s,"$groups":{"company":%s},"$browser":%s}`,
		a.value(), a.pick("a b", "ü", "$host", "utm_source", "x.y"), a.value(), a.value(), a.value()))
}

// values are by type; within a type they fit the same column.
var values = [][]string{
	{`true`, `false`},
	{`1`, `-5`, `0`, `9223372036854775807`},
	{`12345678901234567890123456`, `1.5`, `-0.25`},
	{`1e300`, `-2.5e-7`},
	{`"text"`, `""`, `"it's \"x\" \\ 名前 😀"`},
	{`"42"`, `"true"`, `"2026-08-20T10:00:00Z"`, `"1.50"`, `"null"`, `"[1"`},
	{`{"a":{"b":null}}`, `{}`},
	{`[1,"a",null]`, `[]`},
	{`null`},
}

func (a *author) value() string {
	of := values[a.IntN(len(values))]
	return of[a.IntN(len(of))]
}

const keys, fields = 12, 6

// load is records of some streams: new states of keys, equal and older ones, tombstones, and the same key several times.
func (a *author) load(n int) pipeline.Load {
	load := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(fmt.Sprintf(`{"n":%d}`, n)), Streams: declared}
	for range a.IntN(12) {
		stream := fmt.Sprint("s", a.IntN(len(declared)))
		key := fmt.Sprint("key-", a.IntN(keys))
		version := max(1, a.versions[stream+key]+int64(a.IntN(5))-1)
		a.versions[stream+key] = max(version, a.versions[stream+key])
		r := pipeline.Record{Stream: stream, Key: key, Version: version, At: pipelinetest.Event(n).Timestamp.Add(time.Duration(version) * time.Second)}
		if r.Deleted = a.IntN(5) == 0; !r.Deleted {
			r.Data = a.data(stream)
		}
		load.Records = append(load.Records, r)
	}
	return load
}

// declared are the types that the streams name for some fields, in every load as sources do. The last stream names none.
var declared = []pipeline.Stream{
	{Name: "s0", Columns: []pipeline.Column{{Name: "d0", Type: pipeline.Integer}, {Name: "d1", Type: pipeline.String}}},
	{Name: "s1", Columns: []pipeline.Column{{Name: "d0", Type: pipeline.Instant}, {Name: "d1", Type: pipeline.Decimal}, {Name: "d2", Type: pipeline.JSON}}},
	{Name: "s2"},
}

// data is a record's fields. Each has values of one type, until that changes.
func (a *author) data(stream string) []byte {
	var b strings.Builder
	for f := range fields {
		name := fmt.Sprint("f", f)
		if a.IntN(3) == 0 {
			name = fmt.Sprint("d", f%3) // which a declared column may be for
		}
		if a.IntN(3) == 0 || strings.Contains(b.String(), name) {
			continue
		}
		if a.IntN(40) == 0 {
			a.types[stream+name] = 1 + a.IntN(len(values))
		}
		if a.types[stream+name] == 0 {
			a.types[stream+name] = 1 + (f+len(stream))%5
		}
		of := values[a.types[stream+name]-1]
		if name[0] == 'd' {
			of = values[a.IntN(len(values))]
		}
		fmt.Fprintf(&b, `,%q:%s`, name, of[a.IntN(len(of))])
	}
	if b.Len() == 0 {
		return []byte(`{}`)
	}
	return []byte("{" + b.String()[1:] + "}")
}
