package bus

import (
	"context"
	"fmt"
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

// deafConsumer is a consumer whose client ends its fetches before it has read what the server has sent.
type deafConsumer struct{ jetstream.Consumer }

func (c deafConsumer) Fetch(n int, options ...jetstream.FetchOpt) (jetstream.MessageBatch, error) {
	batch, err := c.Consumer.Fetch(n, options...)
	if err != nil {
		return nil, err
	}
	for range batch.Messages() { //nolint:revive // what it brings is lost
	}
	return silence{}, nil
}

// Frames that were sent to a fetch which the client has ended by its own clock come again at once, and nothing passes them by: also when another reader
// takes the place of the one that has lost them.
func TestFramesThatCameTooLate(t *testing.T) {
	b := open(t, t.TempDir())
	topic := DeliverTopic("web", "crm", 3)
	for round, replaced := range []bool{false, true} {
		d := deliveries(t, b)
		real := d.consumer
		d.consumer = deafConsumer{real}
		put(t, b, topic, fmt.Sprint("lost", round), 3)
		known(t, &Queue{live: d}, 3)
		if replaced {
			if _, err := d.consumer.Fetch(3, jetstream.FetchMaxWait(fetchGrace)); err != nil {
				t.Fatal(err)
			}
			d = deliveries(t, b)
		} else if got, err := d.Fetch(t.Context(), nothing); len(got) > 0 || err == nil {
			t.Fatalf("a fetch that reads nothing\n got %d frames, %v\nwant an error", len(got), err)
		} else {
			d.consumer = real
		}
		put(t, b, topic, fmt.Sprint("next", round), 1)
		last := uint64(0)
		for range 4 {
			got, err := d.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: fetchGrace})
			if err != nil || len(got) != 1 {
				t.Fatalf("fetch: %d frames, %v", len(got), err)
			}
			if got[0].Sequence() <= last {
				t.Errorf("replaced %v: frame %d came after %d", replaced, got[0].Sequence(), last)
			}
			last = got[0].Sequence()
			ack(t, got...)
		}
	}
}

// What has arrived and is in hand does not come again with what has not.
func TestFramesInHandAreNotRecalled(t *testing.T) {
	b := open(t, t.TempDir())
	d := deliveries(t, b)
	topic := DeliverTopic("web", "crm", 3)
	put(t, b, topic, "held", 1)
	held, err := d.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: fetchGrace})
	if err != nil || len(held) != 1 {
		t.Fatalf("fetch: %d frames, %v", len(held), err)
	}
	real := d.consumer
	d.consumer = deafConsumer{real}
	put(t, b, topic, "lost", 2)
	known(t, &Queue{live: d}, 2)
	if got, err := d.Fetch(t.Context(), nothing); len(got) > 0 || err == nil {
		t.Fatalf("a fetch that reads nothing\n got %d frames, %v\nwant an error", len(got), err)
	}
	d.consumer = real
	for range 2 {
		got, err := d.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: fetchGrace})
		if err != nil || len(got) != 1 {
			t.Fatalf("fetch: %d frames, %v", len(got), err)
		}
		if got[0].Sequence() <= held[0].Sequence() {
			t.Errorf("frame %d came again while it was in hand", got[0].Sequence())
		}
		ack(t, got...)
	}
	ack(t, held...)
}
