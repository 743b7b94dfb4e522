package bus

import (
	"fmt"
	"testing"
	"time"
)

// lose removes a consumer as an operator does, or a server that dies before the others know of it.
func lose(t *testing.T, b *Bus, stream, name string) {
	t.Helper()
	if err := b.js.DeleteConsumer(t.Context(), b.config.streamName(stream), name); err != nil {
		t.Fatal(err)
	}
}

// A pipeline's place that is lost while it runs is made again behind what was processed, so that nothing that was captured meanwhile is lost.
func TestPlaceOfPipelineComesBack(t *testing.T) {
	s := outside(t, nil)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	messages, _ := subscribe(t, b, "web")
	n := 0
	more := func(frames int) {
		for range frames {
			n++
			capture(t, b, fmt.Sprint(n), events(1, 1))
		}
	}
	came := 0
	next := func() string { // what was in hand may come again
		m := receiveAck(t, messages)
		if m.UUID == fmt.Sprint(came) {
			m = receiveAck(t, messages)
		}
		came++
		return m.UUID
	}
	more(3)
	for range 2 {
		if got, want := next(), fmt.Sprint(came); got != want {
			t.Fatalf("before\n got frame %s\nwant %s", got, want)
		}
	}
	inHand := receive(t, messages) // 3
	more(3)
	lose(t, b, streamEvents, "web+3")
	more(3)
	inHand.Ack()
	came++
	for came < n {
		if got, want := next(), fmt.Sprint(came); got != want {
			t.Fatalf("after the place was lost\n got frame %s\nwant %s", got, want)
		}
	}
	lose(t, b, streamEvents, "web+3") // while it waits
	more(2)
	for came < n {
		if got, want := next(), fmt.Sprint(came); got != want {
			t.Fatalf("after it was lost again\n got frame %s\nwant %s", got, want)
		}
	}
}

// A place that is lost while no process runs is made again as well.
func TestPlaceOfPipelineSurvivesItsProcesses(t *testing.T) {
	s := outside(t, nil)
	connect := func() *Bus { return open(t, "", func(c *Config) { c.URL = s.ClientURL() }) }
	first := connect()
	messages, subscriber := subscribe(t, first, "web")
	capture(t, first, "1", events(1, 1))
	receiveAck(t, messages)
	if err := subscriber.Close(); err != nil {
		t.Fatal(err)
	}
	capture(t, first, "2", events(1, 1))
	lose(t, first, streamEvents, "web+3")
	capture(t, first, "3", events(1, 1))
	messages, _ = subscribe(t, connect(), "web")
	for _, want := range []string{"2", "3"} {
		if m := receiveAck(t, messages); m.UUID != want {
			t.Errorf("after a restart\n got frame %s\nwant %s", m.UUID, want)
		}
	}
	fresh, _ := subscribe(t, connect(), "new")
	capture(t, first, "4", events(1, 1))
	if m := receiveAck(t, fresh); m.UUID != "4" {
		t.Errorf("a new pipeline\n got frame %s\nwant 4, which was captured after it began", m.UUID)
	}
}

// The place of a destination's lane comes back with all that was not settled, in order; that of its replayed frames as well.
func TestPlaceOfDestinationComesBack(t *testing.T) {
	s := outside(t, nil)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	p := b.Publisher()
	q, err := b.Queue(t.Context(), "web", "crm", 3, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	topics := []string{DeliverTopic("web", "crm", 3), ReplayTopic("web", "crm", 3)}
	for round := range 6 {
		topic := topics[round/3]
		for range 2 {
			n++
			if err := p.Publish(topic, NewMessage(fmt.Sprint(n), events(n, 1))); err != nil {
				t.Fatal(err)
			}
		}
		if round%3 == 1 {
			if err := q.live.hold.flush(); err != nil { // an acknowledgement that is lost with the place means that the frame comes once more
				t.Fatal(err)
			}
			lose(t, b, streamDeliver, "web+crm+3"+map[bool]string{true: "+replay"}[round > 3])
		}
		for want := n - 1; want <= n; {
			list, err := q.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: 10 * time.Second})
			if err != nil {
				q.Settled() // the first fetch meets the loss
				continue
			}
			if len(list) == 0 {
				t.Fatalf("frame %d does not come", want)
			}
			if got, want := uuids(list[0].Frame().Events), uuids(events(want, 1)); got != want {
				t.Fatalf("in round %d\n got %s\nwant %s", round, got, want)
			}
			ack(t, list...)
			q.Settled()
			want++
		}
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
}

// A process that has given a lane up takes nothing back of what the next one has written.
func TestStandingOnlyRises(t *testing.T) {
	s := outside(t, nil)
	connect := func() *standing { return open(t, "", func(c *Config) { c.URL = s.ClientURL() }).standing("web", "3") }
	before, after := connect(), connect()
	for _, step := range []struct {
		by   *standing
		done uint64
		want string
	}{{before, 3, "3"}, {after, 5, "5"}, {before, 4, "5"}, {after, 6, "6"}} {
		if err := step.by.put(t.Context(), step.done); err != nil {
			t.Fatal(err)
		}
		if got := keptOf(t, step.by.bus); got != step.want {
			t.Errorf("after %d\n got %s\nwant %s", step.done, got, step.want)
		}
	}
}
