package process

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// named holds for events of its names whose person is not "no", and fails for those whose person is "bad".
type named struct {
	names []string
	asked *int
}

func (n named) Names() []string { return n.names }

func (n named) Match(e *pipeline.Event) (bool, error) {
	if *n.asked++; !slices.Contains(n.names, e.Name) {
		return false, nil
	}
	if e.DistinctID == "bad" {
		return false, errors.New("bad")
	}
	return e.DistinctID != "no", nil
}

// unnamed hides what names a condition asks for.
type unnamed struct{ Condition }

// routes are three destinations, of which two ask for one name.
func routes(asked *int, wrap func(named) Condition) []Route {
	limit := bus.FrameLimit{Events: 500, Bytes: 1 << 20}
	return []Route{
		{Destination: "a", When: wrap(named{[]string{"paid"}, asked}), Frame: limit},
		{Destination: "b", When: wrap(named{[]string{"paid", "joined"}, asked}), Frame: limit},
		{Destination: "c", When: wrap(named{[]string{"never"}, asked}), Frame: limit},
	}
}

// made is all that a worker has made of a frame.
type made struct {
	Record  *bus.Record
	Letters []bus.DeadLetter
	Frames  map[string]string // by topic
}

// narrow is a bus that takes small events.
type narrow struct{ *bus.Bus }

func (narrow) MaxEvent() int { return 1000 }

func work(t *testing.T, b *bus.Bus, rs []Route, frame bus.Frame, repeated []bool) made {
	t.Helper()
	l := New(Pipeline{Name: "p", Routes: rs}, narrow{b}, slog.New(slog.DiscardHandler)).worker(nil, false)
	l.stage.now = func() time.Time { return time.Unix(1_800_000_000, 0) }
	l.begin("events-1")
	if err := l.collect(t.Context(), &bus.Received{ID: "events-1", Sequence: 1}, frame, repeated); err != nil {
		t.Fatal(err)
	}
	m := made{Record: l.record(), Letters: l.letters, Frames: map[string]string{}}
	for topic, messages := range l.out.messages() {
		for _, message := range messages {
			m.Frames[topic] += message.UUID + "\n" + string(message.Payload)
		}
	}
	return m
}

func people(n int) bus.Frame {
	at := time.Unix(1_800_000_000, 0).UTC()
	var f bus.Frame
	for i := range n {
		f.Events = append(f.Events, pipeline.Event{
			UUID: fmt.Sprintf("0190a2b4-0000-7000-8000-%012d", i), Name: []string{"seen", "paid", "left", "joined", "seen"}[i%5],
			DistinctID: []string{"ann", "no", "bad"}[i%3], Timestamp: at, ReceivedAt: at, Properties: pipeline.Properties(`{}`),
		})
	}
	return f
}

// A pipeline whose destinations ask for names makes the same of a frame as one that looks at every event, and looks at few.
func TestByName(t *testing.T) {
	large := people(20)
	large.Events[4].Properties = pipeline.Properties(`{"x":"` + strings.Repeat("x", 2000) + `"}`)
	untouched := pipelinetest.Bus(t)
	for name, c := range map[string]struct {
		frame    bus.Frame
		repeated []bool
		erased   string
		asked    int // of the conditions
	}{
		"plain":         {people(20), nil, "", 3 * 8},
		"nothing":       {bus.Frame{}, nil, "", 0},
		"repeated":      {people(5), []bool{false, true, false, false, true}, "", 3 * 3},
		"erased":        {people(20), nil, "ann", 3 * 13},
		"too large":     {large, nil, "", 3 * 19},
		"broken line":   {bus.Frame{Events: people(5).Events, Bad: []bus.BadLine{{Line: []byte("x"), Err: errors.New("no")}}}, nil, "", 3 * 2},
		"nobody's name": {bus.Frame{Events: people(1).Events}, nil, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := untouched
			if c.erased != "" {
				b = pipelinetest.Bus(t)
				hash, err := b.Erasures().Hash(t.Context(), c.erased)
				if err == nil {
					err = b.Erasures().Put(t.Context(), bus.Erasure{ID: hash, At: time.Unix(1_900_000_000, 0), Hashes: []string{hash}})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			asked, all := 0, 0
			got := work(t, b, routes(&asked, func(n named) Condition { return n }), c.frame, c.repeated)
			want := work(t, b, routes(&all, func(n named) Condition { return unnamed{n} }), c.frame, c.repeated)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("by name (-each event +by name)\n%s", diff)
			}
			if asked != c.asked {
				t.Errorf("conditions were asked %d times, want %d", asked, c.asked)
			}
		})
	}
}

// A transform, a watch and a destination that does not ask for names see every event.
func TestByNameOnlyWhereAllAskForNames(t *testing.T) {
	asked := 0
	rs := routes(&asked, func(n named) Condition { return n })
	if got, want := namesOf(&Pipeline{Routes: rs}), []string{"joined", "never", "paid"}; !slices.Equal(got, want) {
		t.Errorf("names\n got %q\nwant %q", got, want)
	}
	for what, p := range map[string]Pipeline{
		"transform":          {Routes: rs, Chain: make(Chain, 1)},
		"watch":              {Routes: rs, Watch: func() Watch { return nil }},
		"all events":         {Routes: append(slices.Clip(rs), Route{Destination: "d"})},
		"no names":           {Routes: append(slices.Clip(rs), Route{Destination: "d", When: named{nil, &asked}})},
		"any other kind":     {Routes: append(slices.Clip(rs), Route{Destination: "d", When: unnamed{rs[0].When}})},
		"nothing to hand on": {},
	} {
		if got := namesOf(&p); got != nil {
			t.Errorf("%s: names %q, want none", what, got)
		}
	}
}

// BenchmarkByName takes a frame of 150 events with 100 names through ten pipelines with three destinations each, every one of which wants one name.
func BenchmarkByName(b *testing.B) {
	var frame bus.Frame
	for i := range people(150).Events {
		e := people(150).Events[i]
		e.Name, e.DistinctID = fmt.Sprintf("kind %02d", i%100), "ann"
		frame.Events = append(frame.Events, e)
	}
	payload := bus.AppendFrame(nil, frame.Events)
	open := pipelinetest.Bus(b)
	for name, wrap := range map[string]func(named) Condition{
		"by name":    func(n named) Condition { return n },
		"each event": func(n named) Condition { return unnamed{n} },
	} {
		b.Run(name, func(b *testing.B) {
			asked := 0
			var workers []*laneWorker
			for p := range 10 {
				var rs []Route
				for d := range 3 {
					when := named{[]string{fmt.Sprintf("kind %02d", 3*p+d)}, &asked}
					rs = append(rs, Route{Destination: fmt.Sprint("d", d), When: wrap(when), Frame: bus.FrameLimit{Events: 500, Bytes: 1 << 20}})
				}
				workers = append(workers, New(Pipeline{Name: "p", Routes: rs}, open, slog.New(slog.DiscardHandler)).worker(nil, false))
			}
			b.ReportAllocs()
			for b.Loop() {
				frame := bus.ParseFrame(payload, 150)
				for _, l := range workers {
					l.begin("events-1")
					if err := l.collect(b.Context(), &bus.Received{ID: "events-1"}, frame, nil); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/150, "ns/event")
		})
	}
}
