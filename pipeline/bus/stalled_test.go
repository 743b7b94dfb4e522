package bus

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// While as many messages are on their way as the client lets, one more waits for its turn, longer than the client would by itself. Nobody is told
// that the bus cannot be reached because somebody else has much to store.
func TestManyMessagesOnTheirWay(t *testing.T) {
	b := open(t, t.TempDir())
	busy, err := b.conn.SubscribeSync("busy")
	if err != nil {
		t.Fatal(err)
	}
	const most = 4000 // the client's own bound
	for range most {
		if _, err := b.js.PublishAsync("busy", nil); err != nil {
			t.Fatal(err)
		}
	}
	results := make(chan error, 3)
	go func() {
		results <- b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage("1", events(1, 1)))
	}()
	go func() {
		results <- b.Bury(t.Context(), []DeadLetter{{Pipeline: "web", Destination: "crm", Stage: StageDeliver, Event: []byte(`{}`)}})
	}()
	profiles := openProfiles(t, b)
	go func() { results <- profiles.Save(t.Context(), []Profile{{Key: "a", Value: []byte("1")}}) }()
	for range 3 { // the client's patience, again and again
		if _, err := b.js.PublishAsync("busy", nil); !errors.Is(err, jetstream.ErrTooManyStalledMsgs) {
			t.Fatalf("one more than the client lets\n got %v\nwant %v", err, jetstream.ErrTooManyStalledMsgs)
		}
	}
	for range most {
		m, err := busy.NextMsg(publishTimeout)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.RespondMsg(&nats.Msg{Data: []byte(`{"stream":"BUSY","seq":1}`)}); err != nil {
			t.Fatal(err)
		}
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Errorf("what had to wait\n got %v\nwant nil", err)
		}
	}
}
