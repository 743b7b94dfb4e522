package bus

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// limitPending is what a process with another configuration does to a lane's consumer.
func limitPending(t *testing.T, b *Bus, n int) {
	t.Helper()
	c, err := b.events.Consumer(t.Context(), durable("web", "3"))
	if err != nil {
		t.Fatal(err)
	}
	config := c.CachedInfo().Config
	config.MaxAckPending = n
	if _, err := b.events.UpdateConsumer(t.Context(), config); err != nil {
		t.Fatal(err)
	}
}

// hollow is an event of which nearly nothing is left when it is packed.
func hollow(n, size int) []pipeline.Event {
	e := event(1, n)
	e.Properties = pipeline.Properties(`{"x":"` + strings.Repeat("a", size) + `"}`)
	return []pipeline.Event{e}
}

// A subscription that ends while it gathers gives its bytes back.
func TestTakesGiveBackAtTheEnd(t *testing.T) {
	b := open(t, t.TempDir())
	messages, s := together(t, b, "web")
	limitPending(t, b, 2)
	captureSeveral(t, b, "a", "b", "c", "d")
	receiveAck(t, messages)
	eventually(t, func() string {
		if b.taken.TryAcquire(takenBytes) {
			b.taken.Release(takenBytes)
			return "it is not gathering"
		}
		return ""
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !b.taken.TryAcquire(takenBytes) {
		t.Error("something is still held")
	}
}

// A take is bounded by the lines of its frames, whatever is left of them when they are packed.
func TestTakesAreBoundedByTheirLines(t *testing.T) {
	b := open(t, t.TempDir())
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b")
	for i := range 20 {
		capture(t, b, fmt.Sprint("hollow ", i), hollow(i, 3<<20))
	}
	for n := 0; n < 22; {
		m := receive(t, messages)
		size := 0
		for _, f := range FramesOf(m) {
			for i := range f.Frame().Events {
				size += f.Frame().Events[i].Size()
			}
			n++
		}
		if size > takeBytes {
			t.Errorf("%d bytes in %d frames", size, len(FramesOf(m)))
		}
		m.Ack()
	}
}

// So is what a destination fetches.
func TestFetchIsBoundedByLines(t *testing.T) {
	b := open(t, t.TempDir())
	publish := func(id string, list []pipeline.Event) {
		if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage(id, list)); err != nil {
			t.Fatal(err)
		}
	}
	publish("small", events(1, 1))
	for i := range 12 {
		publish(itoa(i), hollow(i, 300<<10))
	}
	d := deliveries(t, b)
	n := 0
	for n < 13 {
		got := fetch(t, d, FetchLimit{Frames: 100, Bytes: 1 << 20, Wait: 5 * time.Second})
		size := 0
		for _, f := range got {
			for _, e := range f.Frame().Events {
				size += e.Size()
				if n > 0 && e.UUID != event(1, n-1).UUID {
					t.Errorf("event %d of the lane is %s", n, e.UUID)
				}
				n++
			}
		}
		if size > 1<<20 {
			t.Errorf("%d bytes in %d frames", size, len(got))
		}
		ack(t, got...)
	}
}

// Where the server hands out one frame at a time, a lane does not wait for more each time.
func TestOneAtATimeIsNotWaitedFor(t *testing.T) {
	b := open(t, t.TempDir())
	messages, _ := together(t, b, "web")
	limitPending(t, b, 1)
	captureSeveral(t, b, "a", "b", "c", "d", "e", "f")
	receiveAck(t, messages)
	receiveAck(t, messages) // for this one, more was waited for
	began := time.Now()
	for range 4 {
		receiveAck(t, messages)
	}
	if took := time.Since(began); took > gatherWait {
		t.Errorf("4 frames took %s", took)
	}
}

// A recorded take comes again whole, however long its frames are not to be had.
func TestRecordedTakeComesWhole(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	messages, s := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c", "d")
	m := receive(t, messages)
	note(t, b, m)
	m.Ack()
	m = receive(t, messages)
	wantFrames(t, m, "b", "c", "d")
	note(t, b, m)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	messages, _ = together(t, b, "web")
	limitPending(t, b, 2)
	select {
	case m := <-messages: // it was handed out before the limit
		wantFrames(t, m, "b", "c", "d")
		return
	case <-time.After(2 * gatherWait):
	}
	limitPending(t, b, 64)
	wantFrames(t, receive(t, messages), "b", "c", "d")
}

// When the record of a frame is lost, the frame is not mixed with those that were recorded.
func TestUnrecordedFrameStaysAlone(t *testing.T) {
	b := open(t, t.TempDir())
	messages, s := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	wantFrames(t, receive(t, messages), "a")
	for i, name := range []string{"b", "c"} {
		r := &ProcessRecord{Pipeline: "web", Lane: 3, Frame: name, Sequence: uint64(i + 2), First: 2, Last: 3}
		if err := b.Journal(&Record{Process: r}).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	messages, _ = together(t, b, "web")
	wantFrames(t, receiveAck(t, messages), "a")
	wantFrames(t, receiveAck(t, messages), "b", "c")
}

// What waits to be delivered is known after a restart, before anybody reads it.
func TestWaitingIsKnownAfterARestart(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	d := deliverable(t, b, 1, 2, 3)
	if err := fetch(t, d, FetchLimit{Frames: 1, Wait: 5 * time.Second})[0].Retry(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	st, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := ConsumerStatus{Pipeline: "web", Destination: "crm", Lane: 3, Pending: 2, Delayed: 1}
	if len(st.Consumers) != 1 || st.Consumers[0] != want {
		t.Errorf("after a restart\n got %+v\nwant %+v", st.Consumers, want)
	}
}

// A frame that only a newer version can unpack is kept for it.
func TestUnknownPackingIsKept(t *testing.T) {
	b := open(t, t.TempDir())
	messages, s := together(t, b, "web")
	m := NewMessage("new", events(1, 1))
	m.Metadata[headerPacked] = "brand new"
	if err := b.Publisher().Publish(EventsTopic(3), m); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		info, err := b.events.Consumer(t.Context(), durable("web", "3"))
		if err != nil || info.CachedInfo().Delivered.Stream == 0 {
			return fmt.Sprint("it was not tried: ", err)
		}
		return ""
	})
	select {
	case m := <-messages:
		t.Errorf("%v was handed out", ids(m))
	default:
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := b.events.Consumer(t.Context(), durable("web", "3")); err != nil || info.CachedInfo().AckFloor.Stream != 0 {
		t.Errorf("it is settled: %+v, %v", info.CachedInfo(), err)
	}
}

// Takes that take long get smaller, and larger again when they do not.
func TestPaceOfTakes(t *testing.T) {
	p := &taker{frames: 64, most: 64}
	var got []int
	for _, took := range []time.Duration{slowTake, slowTake + 1, 5 * slowTake, 9 * slowTake, 0, 0, 0, 0} {
		p.pace(p.most, took)
		got = append(got, p.most)
	}
	if want := []int{64, 32, 16, 8, 16, 32, 64, 64}; !slices.Equal(got, want) {
		t.Errorf("frames at most\n got %v\nwant %v", got, want)
	}
	if p.pace(1, slowTake+1); p.most != 1 {
		t.Errorf("got %d, want 1 at least", p.most)
	}
}
