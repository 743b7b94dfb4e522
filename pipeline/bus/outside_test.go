package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestOutsideServer(t *testing.T) {
	s := outside(t, nil)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	messages, _ := subscribe(t, b, "web")
	capture(t, b, "1", events(1, 2))
	m := receive(t, messages)
	if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage(m.UUID, FramesOf(m)[0].Frame().Events)); err != nil {
		t.Fatal(err)
	}
	m.Ack()
	d := deliveries(t, b)
	list := fetch(t, d, everything)
	if got, want := sizes(list), "[2]"; got != want {
		t.Errorf("delivered\n got %s\nwant %s", got, want)
	}
	if err := list[0].Retry(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ack(t, fetch(t, d, everything)...)
	if b.maxEvent() != 1<<20-headerRoom {
		t.Errorf("largest event\n got %d\nwant the server's limit less the room for headers", b.maxEvent())
	}
}

// A server may take larger messages than its streams store. What they do not is too large, and no trouble of the server's that a client should wait for.
func TestOutsideServerThatTakesMoreThanItStores(t *testing.T) {
	s := outside(t, func(o *server.Options) { o.MaxPayload = 40 << 20 })
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	w := running(t, b.NewWriter())
	list := events(1, 1)
	list[0].Properties = pipeline.Properties(`{"x":"` + strings.Repeat("x", 33<<20) + `"}`)
	var large *EventTooLargeError
	if err := w.Append(t.Context(), list); !errors.As(err, &large) || large.Limit != b.MaxEvent() {
		t.Errorf("an event of 33 MB\n got %v\nwant that it is too large", err)
	}
	// The largest one that cannot be packed, with a header; a busy machine takes its time.
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m := &nats.Msg{Subject: b.subject(EventsTopic(0)), Header: nats.Header{"X": {strings.Repeat("x", headerRoom/2)}}, Data: make([]byte, b.MaxEvent())}
	if _, err := b.js.PublishMsg(patient, m); err != nil {
		t.Errorf("a message of the largest size: %v", err)
	}
}

// The same for the process stage, whose unsettled message comes to the other process first.
func TestPipelineLaneHasOneProcess(t *testing.T) {
	s := outside(t, nil)
	connect := func() *Bus { return open(t, "", func(c *Config) { c.URL = s.ClientURL() }) }
	one, two := connect(), connect()
	first, subscriber := subscribe(t, one, "web")
	capture(t, one, "1", events(1, 1))
	capture(t, one, "2", events(1, 1))
	capture(t, one, "3", events(1, 1))
	receiveAck(t, first)
	held := receive(t, first)
	second, _ := subscribe(t, two, "web")
	select {
	case m := <-second:
		t.Fatalf("the second process gets %s while the first one works on %s", m.UUID, held.UUID)
	case <-time.After(200 * time.Millisecond):
	}
	if err := subscriber.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2", "3"} {
		if m := receiveAck(t, second); m.UUID != want {
			t.Errorf("the second process\n got %s\nwant %s", m.UUID, want)
		}
	}
}

// The connection comes back by itself, and a write meanwhile fails soon.
func TestSurvivesServerRestart(t *testing.T) {
	s := newRestartable(t)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	messages, _ := subscribe(t, b, "web")
	w := running(t, b.NewWriter())
	person := 0
	for LaneOf(event(person, 0).DistinctID, 8) != 3 {
		person++
	}
	if err := w.Append(t.Context(), events(person, 1)); err != nil {
		t.Fatal(err)
	}
	receive(t, messages).Ack()
	s.stop()
	started := time.Now()
	if err := w.Append(t.Context(), events(person, 1)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("append without a server\n got %v\nwant %v", err, ErrUnavailable)
	}
	if took := time.Since(started); took > publishTimeout+2*time.Second {
		t.Errorf("append without a server took %s", took)
	}
	s.start(t)
	eventually(t, func() string {
		if err := w.Append(t.Context(), events(person, 2)); err != nil {
			return err.Error()
		}
		return ""
	})
	for len(FramesOf(receiveAck(t, messages))[0].Frame().Events) != 2 { // the refused one may have been stored
	}
}

// A stage that opens its consumer while the server is away waits for it.
func TestConsumersWaitForServer(t *testing.T) {
	s := newRestartable(t)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	s.stop()
	opened := make(chan error, 2)
	go func() {
		_, err := b.Deliveries(t.Context(), "web", "crm", 3, InFlight)
		opened <- err
	}()
	go func() {
		subscriber := b.Subscriber("web")
		_, err := subscriber.Subscribe(t.Context(), EventsTopic(3))
		opened <- errors.Join(err, subscriber.Close())
	}()
	select {
	case err := <-opened:
		t.Fatalf("without a server\n got %v\nwant to wait", err)
	case <-time.After(publishTimeout + time.Second): // which is when a request is given up
	}
	s.start(t)
	for range 2 {
		if err := <-opened; err != nil {
			t.Error(err)
		}
	}
}

// A restartable server keeps its port and its store. It ends after every bus that was opened later, however often it was started.
type restartable struct {
	*server.Server
	options server.Options
}

func newRestartable(t *testing.T) *restartable {
	t.Helper()
	r := &restartable{options: server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()}}
	r.start(t)
	t.Cleanup(r.stop)
	return r
}

func (r *restartable) start(t *testing.T) {
	t.Helper()
	options := r.options // the server fills in more
	r.Server = serve(t, &options)
	if _, err := fmt.Sscanf(r.Addr().String(), "127.0.0.1:%d", &r.options.Port); err != nil {
		t.Fatal(err)
	}
}

func (r *restartable) stop() {
	r.Shutdown()
	r.WaitForShutdown()
}
