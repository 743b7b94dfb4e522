package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
)

// subscribe opens lane 3 of a pipeline and closes it with the test.
func subscribe(t *testing.T, b *Bus, pipeline string) (<-chan *message.Message, *Subscriber) {
	t.Helper()
	return subscribeTo(t, b, pipeline, EventsTopic(3))
}

func subscribeTo(t *testing.T, b *Bus, pipeline, topic string) (<-chan *message.Message, *Subscriber) {
	t.Helper()
	s := b.Subscriber(pipeline)
	s.NackDelay, s.Grace = time.Millisecond, 100*time.Millisecond
	messages, err := s.Subscribe(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // always nil
	return messages, s
}

func receive(t *testing.T, messages <-chan *message.Message) *message.Message {
	t.Helper()
	late := time.NewTimer(20 * time.Second)
	defer late.Stop()
	select {
	case m, ok := <-messages:
		if !ok {
			t.Fatal("the subscription has ended")
		}
		return m
	case <-late.C:
		t.Fatal("no message after 20 s")
	}
	return nil
}

func capture(t *testing.T, b *Bus, id string, list []pipeline.Event) {
	t.Helper()
	if err := b.Publisher().Publish(EventsTopic(3), NewMessage(id, list)); err != nil {
		t.Fatal(err)
	}
}

func TestPublishingTwiceIsOnce(t *testing.T) {
	b := open(t, t.TempDir())
	p := b.Publisher()
	for range 3 {
		if err := p.Publish(DeliverTopic("web", "crm", 0), NewMessage("events-7/crm/0", events(1, 2)), NewMessage("events-7/crm/1", events(2, 2))); err != nil {
			t.Fatal(err)
		}
		if err := p.Publish(DeliverTopic("web", "slack", 0), NewMessage("events-7/crm/0", events(3, 1))); err != nil {
			t.Fatal(err)
		}
	}
	if list, frames := stored(t, b.deliver, "deliver.web.crm.0"); len(list) != 4 || frames != 2 {
		t.Errorf("crm\n got %d events in %d frames\nwant 4 in 2", len(list), frames)
	}
	if list, _ := stored(t, b.deliver, "deliver.web.slack.0"); len(list) != 1 {
		t.Errorf("the same id to another destination\n got %d events\nwant 1", len(list))
	}
}

// future is an acknowledgement that the test decides on.
type future struct {
	ok  chan *jetstream.PubAck
	err chan error
}

func (f future) Ok() <-chan *jetstream.PubAck { return f.ok }
func (f future) Err() <-chan error            { return f.err }
func (f future) Msg() *nats.Msg               { return nil }

func TestAwait(t *testing.T) {
	broken, gone := errors.New("broken"), errors.New("the caller is gone")
	for name, c := range map[string]struct {
		answers string // of each message: stored, refused, none
		ended   bool   // the caller's context
		want    error
	}{
		"all are stored":          {"ss", false, nil},
		"one is refused":          {"srs", false, broken},
		"the caller ends it":      {"sn", true, gone},
		"no answer ever, bounded": {"sn", false, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(context.Background())
				var futures []jetstream.PubAckFuture
				for _, answer := range c.answers {
					f := future{make(chan *jetstream.PubAck, 1), make(chan error, 1)}
					switch answer {
					case 's':
						f.ok <- &jetstream.PubAck{}
					case 'r':
						f.err <- broken
					}
					futures = append(futures, f)
				}
				per := func(i int) context.Context {
					if c.ended && i == len(futures)-1 {
						cancel(gone)
					}
					return ctx
				}
				if got := await("X", publishTimeout, futures, per); !errors.Is(got, c.want) {
					t.Errorf("await\n got %v\nwant %v", got, c.want)
				}
				cancel(nil)
			})
		})
	}
}

func TestReceivedFrame(t *testing.T) {
	b := open(t, t.TempDir())
	messages, _ := subscribe(t, b, "web")
	w := running(t, b.NewWriter())
	person := 0
	for LaneOf(event(person, 0).DistinctID, 8) != 3 {
		person++
	}
	if err := w.Append(t.Context(), events(person, 3)); err != nil {
		t.Fatal(err)
	}
	m := receive(t, messages)
	f := FramesOf(m)[0]
	if m.UUID != "events-1" || f.Lane != 3 || FramesOf(m)[0].Lane != 3 || uuids(f.Frame().Events) != uuids(events(person, 3)) {
		t.Errorf("received %q in lane %d\n%s", m.UUID, f.Lane, uuids(f.Frame().Events))
	}
	m.Nack()
	if again := receive(t, messages); again.UUID != "events-1" {
		t.Errorf("after Nack\n got %s\nwant events-1", again.UUID)
	} else {
		again.Ack()
	}
}

// A new pipeline starts with what comes after it, and keeps its place from then on.
func TestPlaceOfAPipeline(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	capture(t, b, "before", events(1, 1))
	messages, s := subscribe(t, b, "web")
	capture(t, b, "first", events(1, 1))
	capture(t, b, "second", events(1, 1))
	m := receive(t, messages)
	if m.UUID != "first" {
		t.Errorf("the first message\n got %s\nwant first", m.UUID)
	}
	m.Ack()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	capture(t, b, "third", events(1, 1))
	messages, _ = subscribe(t, b, "web")
	for _, want := range []string{"second", "third"} {
		m := receive(t, messages)
		if m.UUID != want {
			t.Errorf("after the restart\n got %s\nwant %s", m.UUID, want)
		}
		m.Ack()
	}
}

func TestReplaysReachTheirPipelineOnly(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 4 })
	person := 0
	for LaneOf(event(person, 0).DistinctID, 4) != 3 {
		person++
	}
	web, _ := subscribeTo(t, b, "web", EventsOnlyTopic)
	app, _ := subscribeTo(t, b, "app", EventsOnlyTopic)
	live, _ := subscribe(t, b, "web")
	bury(t, b, letter(person, 1, StageProcess, ""), letter(person, 2, StageProcess, ""))
	if err := b.Replay(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	capture(t, b, "next", events(1, 1))
	m := receive(t, web)
	if f := FramesOf(m)[0]; m.UUID != "replay/1" || f.Lane != 3 || uuids(f.Frame().Events) != uuids(events(person, 2)[1:]) || FramesOf(m)[0].Only != "" {
		t.Errorf("replayed\n got %s in lane %d: %s", m.UUID, f.Lane, uuids(f.Frame().Events))
	}
	if m := receive(t, live); m.UUID != "next" { // while the replayed one is in hand
		t.Errorf("a captured frame beside a replayed one\n got %s\nwant next", m.UUID)
	}
	m.Ack()
	if err := b.ReplayTo(t.Context(), 2, "crm"); err != nil {
		t.Fatal(err)
	}
	m = receive(t, web)
	if FramesOf(m)[0].Only != "crm" || FramesOf(m)[0].Destination != "" {
		t.Errorf("a captured event replayed to one destination\n got only %q, transformed for %q\nwant only crm", FramesOf(m)[0].Only, FramesOf(m)[0].Destination)
	}
	m.Ack()
	if st, err := b.Status(t.Context()); err != nil || slices.ContainsFunc(st.Consumers, func(c ConsumerStatus) bool { return c.Pipeline == "app" && c.Pending > 0 }) {
		t.Errorf("another pipeline was given something: %+v, %v", st.Consumers, err)
	}
	select {
	case m := <-app:
		t.Errorf("another pipeline got %s", m.UUID)
	default:
	}
}

// A handler that works longer than ackWait keeps its message.
func TestLongWorkIsKeptAlive(t *testing.T) {
	b := open(t, t.TempDir())
	b.ackWait = 300 * time.Millisecond
	messages, _ := subscribe(t, b, "web")
	capture(t, b, "slow", events(1, 1))
	capture(t, b, "next", events(1, 1))
	m := receive(t, messages)
	working := time.NewTimer(4 * b.ackWait)
	defer working.Stop()
	select {
	case again := <-messages:
		t.Fatalf("%s was handed out while %s is worked on", again.UUID, m.UUID)
	case <-working.C:
	}
	m.Ack()
	if got := receive(t, messages); got.UUID != "next" {
		t.Errorf("after it\n got %s\nwant next", got.UUID)
	}
}

// Close lets the handler finish; one that does not is cancelled, and its message comes again at once.
func TestCloseWaitsForTheHandler(t *testing.T) {
	b := open(t, t.TempDir())
	messages, s := subscribe(t, b, "web")
	s.Grace = 10 * time.Second
	capture(t, b, "first", events(1, 1))
	capture(t, b, "second", events(1, 1))
	m := receive(t, messages)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.stopping.Done()
	if err := m.Context().Err(); err != nil {
		t.Errorf("the handler's context ended at once: %v", err)
	}
	m.Ack()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	messages, s = subscribe(t, b, "web")
	s.Grace = time.Millisecond
	m = receive(t, messages)
	if m.UUID != "second" {
		t.Errorf("after Close\n got %s\nwant second", m.UUID)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if m.Context().Err() == nil {
		t.Error("Close left the handler's context alone")
	}
	started := time.Now()
	messages, _ = subscribe(t, b, "web")
	if m := receive(t, messages); m.UUID != "second" {
		t.Errorf("what was not acknowledged\n got %s\nwant second", m.UUID)
	}
	if took := time.Since(started); took > b.ackWait/2 {
		t.Errorf("it took %s to come again", took)
	}
}

func TestTail(t *testing.T) {
	b := open(t, t.TempDir())
	capture(t, b, "before", events(9, 1))
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan pipeline.Event)
	done := make(chan error, 1)
	go func() {
		done <- b.Tail(ctx, func(e pipeline.Event) error {
			got <- e
			return nil
		})
	}()
	eventually(t, func() string {
		if info, err := b.events.Info(t.Context()); err != nil || info.State.Consumers == 0 {
			return fmt.Sprint("nobody reads: ", err)
		}
		return ""
	})
	capture(t, b, "now", events(1, 3))
	for i := range 3 {
		if e := <-got; e.UUID != event(1, i).UUID {
			t.Errorf("event %d\n got %s\nwant %s", i, e.UUID, event(1, i).UUID)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("a tail that is told to stop: %v", err)
	}
}

func TestTailStopsWithYield(t *testing.T) {
	b := open(t, t.TempDir())
	enough := fmt.Errorf("enough")
	done := make(chan error, 1)
	go func() { done <- b.Tail(t.Context(), func(pipeline.Event) error { return enough }) }()
	n := 0
	eventually(t, func() string { // until the tail has started
		n++
		capture(t, b, fmt.Sprint(n), events(1, 1))
		select {
		case err := <-done:
			if !errors.Is(err, enough) {
				t.Errorf("error\n got %v\nwant %v", err, enough)
			}
			return ""
		default:
			return "the tail goes on"
		}
	})
}

func receiveAck(t *testing.T, messages <-chan *message.Message) *message.Message {
	t.Helper()
	m := receive(t, messages)
	m.Ack()
	return m
}
