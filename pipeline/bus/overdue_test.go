package bus

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// lateConsumer is a consumer whose server says nothing within the time of a fetch.
type lateConsumer struct{ jetstream.Consumer }

func (lateConsumer) Fetch(int, ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	return silence{}, nil
}

type silence struct{}

func (silence) Messages() <-chan jetstream.Msg {
	none := make(chan jetstream.Msg)
	close(none)
	return none
}

func (silence) Error() error { return jetstream.ErrNoHeartbeat }

// After a fetch that the client has ended by its own clock, the server's answer to a sign of life is waited for before anything else is asked of it.
// A fetch that the server has ended asks for nothing.
func TestOverdueFetchWaitsForTheServer(t *testing.T) {
	b := open(t, t.TempDir())
	d := deliveries(t, b)
	subject := ackSubject(d.consumer.CachedInfo(), math.MaxInt64)
	if _, err := b.conn.Request(subject, []byte(inProgress), publishTimeout); err != nil {
		t.Fatalf("the server does not answer a sign of life of a frame that there is not: %v", err)
	}
	asked, err := b.conn.SubscribeSync(subject)
	if err != nil {
		t.Fatal(err)
	}
	count := func() int {
		if err := b.conn.Flush(); err != nil {
			t.Fatal(err)
		}
		n, _, err := asked.Pending()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const wait = time.Minute
	d.overdue(t.Context(), time.Now(), wait, nil)
	if n := count(); n != 0 {
		t.Errorf("in time\n got %d questions\nwant none", n)
	}
	d.overdue(t.Context(), time.Now().Add(-wait-clientPatience), wait, nil)
	if n := count(); n != 1 {
		t.Errorf("too late\n got %d questions\nwant 1", n)
	}
	d.consumer = lateConsumer{d.consumer}
	if got, err := d.Fetch(t.Context(), nothing); len(got) > 0 || err == nil {
		t.Errorf("a silent server\n got %d frames, %v\nwant an error", len(got), err)
	}
	if n := count(); n != 2 {
		t.Errorf("after a fetch\n got %d questions\nwant 2", n)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	d.overdue(ended, time.Now().Add(-wait-clientPatience), wait, nil)
	if n := count(); n != 2 {
		t.Errorf("at the end\n got %d questions\nwant 2: nobody waits any more", n)
	}
}
