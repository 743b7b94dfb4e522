package deliver

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// stand is a queue under test: the model that TestSimulation plays with, or the real one.
type stand struct {
	t       *testing.T
	publish func(id string, events []pipeline.Event)
	open    func(inFlight int) queue
	queue   queue
}

// TestQueueContract holds simStream and the embedded bus to the same behaviour: what the simulation proves, it proves of the bus.
func TestQueueContract(t *testing.T) {
	for name, part := range map[string]func(*stand){
		"in order": func(s *stand) {
			s.frames(3)
			s.want("a#1 b#1 c#1")
		},
		"a released frame comes again first": func(s *stand) {
			s.frames(3)
			a := s.fetch(1)[0]
			s.do(a.Release())
			s.want("a#2")
			s.want("b#1 c#1")
		},
		"released frames keep their order": func(s *stand) {
			s.frames(4)
			for _, d := range s.all(3) {
				s.do(d.Release())
			}
			s.want("a#2")
			s.want("b#2")
			s.want("c#2")
			s.want("d#1")
		},
		"a delayed frame comes after its time": func(s *stand) {
			s.frames(2)
			a := s.fetch(1)[0]
			began := time.Now()
			s.do(a.Delay(300 * time.Millisecond))
			s.want("b#1")
			s.want("a#2")
			s.after(began, 300*time.Millisecond)
		},
		"a retried frame keeps its attempts and first time": func(s *stand) {
			s.frames(2)
			a := s.fetch(1)[0]
			s.do(a.Release())
			a2 := s.fetch(1)[0]
			s.do(a2.Retry(context.Background(), 0))
			s.want("b#1")
			again := s.fetch(1)[0]
			if got := described([]delivery{again}); got != "a#3" || !again.FirstAt().Equal(a.FirstAt()) || again.Sequence() == a.Sequence() {
				s.t.Errorf("got %s first at %s, want a#3 and %s", got, again.FirstAt(), a.FirstAt())
			}
		},
		"a scheduled frame comes after its time": func(s *stand) {
			s.frames(1)
			began := time.Now()
			s.do(s.fetch(1)[0].Retry(context.Background(), 300*time.Millisecond))
			s.want("a#2")
			s.after(began, 300*time.Millisecond)
		},
		"a successor is stored once": func(s *stand) {
			s.frames(1)
			a := s.fetch(1)[0]
			s.do(a.Retry(context.Background(), 0))
			s.queue = s.open(bus.InFlight)
			_ = a.Retry(context.Background(), 0)
			s.want("a#2")
			s.nothing()
		},
		"a remainder holds its events": func(s *stand) {
			s.frames(1)
			a := s.fetch(1)[0]
			s.do(a.Remainder(context.Background(), a.Frame().Events, 0))
			s.want("a#2")
			s.nothing()
		},
		"acknowledged frames are gone": func(s *stand) {
			s.frames(2)
			for _, d := range s.all(2) {
				s.do(d.Ack(context.Background()))
			}
			s.nothing()
		},
		"one in flight holds up those behind it": func(s *stand) {
			s.queue = s.open(1)
			s.frames(2)
			a := s.fetch(9)
			if described(a) != "a#1" {
				s.t.Fatalf("got %s, want a#1", described(a))
			}
			s.nothing()
			s.do(a[0].Delay(200 * time.Millisecond))
			s.nothing()
			a = s.fetch(9)
			if described(a) != "a#2" {
				s.t.Fatalf("got %s, want a#2", described(a))
			}
			s.do(a[0].Ack(context.Background()))
			s.want("b#1")
		},
	} {
		t.Run("model/"+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { part(modelStand(t)) })
		})
		t.Run("bus/"+name, func(t *testing.T) { part(busStand(t)) })
	}
}

func modelStand(t *testing.T) *stand {
	j := newSimJudge(&simPlan{})
	st := newSimStream(1, 1, j)
	st.breaker = func() BreakerStatus { return BreakerStatus{} }
	s := &stand{t: t}
	s.publish = func(_ string, events []pipeline.Event) {
		for _, e := range events {
			j.events[e.UUID] = &simEvent{uuid: e.UUID, overtaken: true, touched: true}
		}
		st.publish(0, events)
	}
	s.open = func(inFlight int) queue { return &simQueue{stream: st, process: st.process, inFlight: inFlight} }
	s.queue = s.open(bus.InFlight)
	return s
}

func busStand(t *testing.T) *stand {
	b := pipelinetest.Bus(t, func(c *bus.Config) { c.Lanes = 1 })
	s := &stand{t: t}
	s.publish = func(id string, events []pipeline.Event) {
		if err := b.Publisher().Publish(bus.DeliverTopic("p", "d", 0), bus.NewMessage(id, events)); err != nil {
			t.Fatal(err)
		}
	}
	s.open = func(inFlight int) queue {
		from, err := b.Queue(t.Context(), "p", "d", 0, inFlight)
		if err != nil {
			t.Fatal(err)
		}
		return busQueue{from}
	}
	s.queue = s.open(bus.InFlight)
	return s
}

// frames publishes frames of one event each: a, b, c and so on.
func (s *stand) frames(n int) {
	for i := range n {
		now := time.Now().UTC().Truncate(time.Millisecond)
		name := string(rune('a' + i))
		s.publish(name, []pipeline.Event{{UUID: name, Name: name, DistinctID: "u", Timestamp: now, ReceivedAt: now}})
	}
}

func (s *stand) fetch(frames int) []delivery {
	s.t.Helper()
	got, err := s.queue.Fetch(context.Background(), bus.FetchLimit{Frames: frames, Wait: 20 * time.Second})
	if err != nil || len(got) == 0 {
		s.t.Fatalf("fetch: %d frames, %v", len(got), err)
	}
	return got
}

// all fetches until so many frames have come: how many come at once is the server's business.
func (s *stand) all(frames int) (out []delivery) {
	s.t.Helper()
	for len(out) < frames {
		out = append(out, s.fetch(frames-len(out))...)
	}
	return out
}

func (s *stand) want(want string) {
	s.t.Helper()
	if got := described(s.all(len(strings.Fields(want)))); got != want {
		s.t.Errorf("fetch\n got %s\nwant %s", got, want)
	}
}

func (s *stand) nothing() {
	s.t.Helper()
	got, err := s.queue.Fetch(context.Background(), bus.FetchLimit{Frames: 9, Wait: 50 * time.Millisecond})
	if err != nil || len(got) > 0 {
		s.t.Errorf("fetch\n got %s, %v\nwant nothing", described(got), err)
	}
}

func (s *stand) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) after(began time.Time, want time.Duration) {
	s.t.Helper()
	if got := time.Since(began); got < want {
		s.t.Errorf("it came after %s, want at least %s", got, want)
	}
}

// described names frames and their attempts.
func described(list []delivery) string {
	var out []string
	for _, d := range list {
		for _, e := range d.Frame().Events {
			out = append(out, fmt.Sprintf("%s#%d", e.Name, d.Attempts()))
		}
	}
	return strings.Join(out, " ")
}
