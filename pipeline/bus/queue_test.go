package bus

import (
	"fmt"
	"testing"
	"time"
)

// put publishes frames of one event each.
func put(t *testing.T, b *Bus, topic, id string, count int) {
	t.Helper()
	for i := range count {
		if err := b.Publisher().Publish(topic, NewMessage(fmt.Sprint(id, i), events(1, 1))); err != nil {
			t.Fatal(err)
		}
	}
}

func queue(t *testing.T, b *Bus) *Queue {
	t.Helper()
	q, err := b.Queue(t.Context(), "web", "crm", 3, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// fetchOne fetches one frame.
func fetchOne(t *testing.T, q *Queue) *Delivery {
	t.Helper()
	got, err := q.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: 20 * time.Second})
	if err != nil || len(got) != 1 {
		t.Fatalf("fetch: %d frames, %v", len(got), err)
	}
	return got[0]
}

// known waits until the server's readers of the live frames know of so many.
func known(t *testing.T, q *Queue, frames uint64) {
	t.Helper()
	eventually(t, func() string {
		if info, err := q.live.consumer.Info(t.Context()); err != nil || info.NumPending != frames {
			return fmt.Sprintf("%+v, %v", info, err)
		}
		return ""
	})
}

// However many replayed frames wait, a live one is the next to be handed out.
func TestLiveFramesGoFirst(t *testing.T) {
	b := open(t, t.TempDir())
	q := queue(t, b)
	put(t, b, ReplayTopic("web", "crm", 3), "r", 50)
	for round := range 5 {
		put(t, b, DeliverTopic("web", "crm", 3), fmt.Sprint("live", round), 2)
		known(t, q, 2)
		for i, replayed := range []bool{false, false, true} {
			d := fetchOne(t, q)
			if d.Replayed() != replayed {
				t.Errorf("round %d, frame %d\n got replayed %v\nwant %v", round, i, d.Replayed(), replayed)
			}
			if err := d.Ack(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	backlog, err := b.ReplayBacklog(t.Context(), "web")
	if err != nil || backlog[Target{"web", "crm"}] < 45 || backlog[Target{"web", "crm"}] > 46 { // the last acknowledgement may be on its way
		t.Errorf("backlog\n got %v, %v\nwant 45 frames", backlog, err)
	}
}

// Letters that wait for their turn are not captured frames, before which a replay stands back.
func TestLiveBacklogIsOfCapturedFrames(t *testing.T) {
	b := open(t, t.TempDir())
	for _, topic := range []string{EventsTopic(3), EventsOnlyTopic} {
		if err := b.Subscriber("web").SubscribeInitialize(topic); err != nil {
			t.Fatal(err)
		}
	}
	put(t, b, eventsOnlySubject("web", "3"), "letter", 5)
	put(t, b, EventsTopic(3), "live", 2)
	eventually(t, func() string {
		if backlog, err := b.LiveBacklog(t.Context()); err != nil || backlog["web"] != 2 {
			return fmt.Sprintf("%v, %v", backlog, err)
		}
		return ""
	})
	if st, err := b.Status(t.Context()); err != nil || len(st.Consumers) != 2 {
		t.Errorf("status\n got %+v, %v\nwant two consumers", st, err)
	}
}

// A replayed frame that fails waits in nobody's way, comes back as a replayed one, and counts as backlog all the time.
func TestReplayedFrameIsPutOff(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	q := queue(t, b)
	put(t, b, ReplayTopic("web", "crm", 3), "r", 1)
	d := fetchOne(t, q)
	if err := d.Retry(t.Context(), 500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	put(t, b, DeliverTopic("web", "crm", 3), "live", 1)
	known(t, q, 1)
	live := fetchOne(t, q)
	if live.Replayed() {
		t.Error("the frame that was put off came before a live one")
	}
	if err := live.Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := b.Status(t.Context())
	if err != nil || len(st.Replays) != 1 || st.Replays[0] != (ReplayStatus{"web", "crm", 1}) {
		t.Errorf("status\n got %+v, %v\nwant one replayed frame", st.Replays, err)
	}
	if d = fetchOne(t, q); !d.Replayed() || d.Attempts() != 2 {
		t.Errorf("the frame that was put off\n got replayed %v, attempt %d\nwant attempt 2 of a replayed one", d.Replayed(), d.Attempts())
	}
	// What was in hand when the process ended is there for the next one.
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if d := fetchOne(t, queue(t, open(t, dir))); !d.Replayed() {
		t.Error("after a restart a live frame came back")
	}
}

// Of two processes, the one that has the live frames of a lane has the replayed ones, too, also when there is no live one.
func TestReplayedFramesFollowTheLiveOnes(t *testing.T) {
	s := outside(t, nil)
	connect := func() *Bus { return open(t, "", func(c *Config) { c.URL = s.ClientURL() }) }
	one, two := connect(), connect()
	owner, other := queue(t, one), queue(t, two)
	settle := func(q *Queue, replayed bool) {
		t.Helper()
		d := fetchOne(t, q)
		if d.Replayed() != replayed {
			t.Errorf("got replayed %v, want %v", d.Replayed(), replayed)
		}
		if err := d.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.Settled()
	}
	eventually(t, func() string {
		a, _ := one.Share()
		b, _ := two.Share()
		if a.Processes != 2 || b.Processes != 2 || one.Owns("web", "crm", 3) == two.Owns("web", "crm", 3) {
			return "the processes do not know each other"
		}
		return ""
	})
	if two.Owns("web", "crm", 3) {
		one, two, owner, other = two, one, other, owner
	}
	put(t, two, ReplayTopic("web", "crm", 3), "r", 10)
	settle(owner, true)
	put(t, two, DeliverTopic("web", "crm", 3), "live", 1)
	known(t, owner, 1)
	settle(owner, false)
	if got, err := other.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: longestWait}); err != nil || len(got) > 0 {
		t.Errorf("the process without the live frames\n got %d, %v\nwant nothing", len(got), err)
	}
	settle(owner, true)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, two, DeliverTopic("web", "crm", 3), "more", 1)
	settle(other, false)
	settle(other, true)
}
