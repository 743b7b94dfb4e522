package bus

import (
	"context"
	"errors"
	"fmt"
	"github.com/nats-io/nats.go/jetstream"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

// deliverable publishes frames of the given sizes for one lane and opens its reading end.
func deliverable(t *testing.T, b *Bus, sizes ...int) *Deliveries {
	t.Helper()
	p := b.Publisher()
	n := 0
	for i, size := range sizes {
		var frame []pipeline.Event
		for range size {
			frame = append(frame, event(1, n))
			n++
		}
		if err := p.Publish(DeliverTopic("web", "crm", 3), NewMessage(fmt.Sprint("frame-", i), frame)); err != nil {
			t.Fatal(err)
		}
	}
	return deliveries(t, b)
}

func deliveries(t *testing.T, b *Bus) *Deliveries {
	t.Helper()
	d, err := b.Deliveries(t.Context(), "web", "crm", 3, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func fetch(t *testing.T, d *Deliveries, limit FetchLimit) []*Delivery {
	t.Helper()
	got, err := d.Fetch(t.Context(), limit)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var everything = FetchLimit{Frames: 100, Wait: 5 * time.Second}

// nothing is the limit for a fetch that is expected to be empty.
var nothing = FetchLimit{Frames: 100, Wait: 20 * time.Millisecond}

func sizes(list []*Delivery) string {
	var out []int
	for _, d := range list {
		out = append(out, len(d.Frame().Events))
	}
	return fmt.Sprint(out)
}

func ack(t *testing.T, list ...*Delivery) {
	t.Helper()
	for _, d := range list {
		if err := d.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFetch(t *testing.T) {
	b := open(t, t.TempDir())
	d := deliverable(t, b, 1, 2, 3, 4)
	first := fetch(t, d, FetchLimit{Frames: 2, Wait: time.Second})
	if got, want := sizes(first), "[1 2]"; got != want {
		t.Fatalf("by number\n got %s\nwant %s", got, want)
	}
	size := len(first[0].message.Data())
	third := fetch(t, d, FetchLimit{Frames: 10, Bytes: 4 * size, Wait: time.Second})
	if got, want := sizes(third), "[3]"; got != want {
		t.Errorf("by bytes\n got %s\nwant %s", got, want)
	}
	rest := fetch(t, d, everything)
	if got, want := sizes(rest), "[4]"; got != want {
		t.Errorf("what is there\n got %s\nwant %s", got, want)
	}
	if got := rest[0].Frame(); got.Lane != 3 || uuids(got.Events) != uuids(events(1, 10)[6:]) || rest[0].Attempts() != 1 || rest[0].FirstAt().IsZero() {
		t.Errorf("frame: lane %d, attempts %d, first at %s\n%s", got.Lane, rest[0].Attempts(), rest[0].FirstAt(), uuids(got.Events))
	}
	ack(t, append(append(first, third...), rest...)...)
	if got := fetch(t, d, nothing); got != nil {
		t.Errorf("after everything is acknowledged there are %s", sizes(got))
	}
	eventually(t, func() string {
		if info, err := b.deliver.Info(t.Context()); err != nil || info.State.Msgs != 0 {
			return fmt.Sprint("DELIVER still holds frames: ", err)
		}
		return ""
	})
}

func TestFetchEndsWithItsContext(t *testing.T) {
	d := deliverable(t, open(t, t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	started := time.Now()
	defer time.AfterFunc(20*time.Millisecond, cancel).Stop()
	if _, err := d.Fetch(ctx, FetchLimit{Frames: 1, Wait: time.Minute}); !errors.Is(err, context.Canceled) {
		t.Errorf("error\n got %v\nwant %v", err, context.Canceled)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("a cancelled fetch took %s", took)
	}
}

func TestFetchIsWokenByAFrame(t *testing.T) {
	b := open(t, t.TempDir())
	d := deliverable(t, b)
	got := make(chan string, 1)
	go func() {
		list, err := d.Fetch(t.Context(), FetchLimit{Frames: 5, Wait: time.Minute})
		got <- fmt.Sprint(sizes(list), err)
	}()
	if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage("1", events(1, 7))); err != nil {
		t.Fatal(err)
	}
	if g, want := <-got, "[7]<nil>"; g != want {
		t.Errorf("waiting fetch\n got %s\nwant %s", g, want)
	}
}

func TestRelease(t *testing.T) {
	d := deliverable(t, open(t, t.TempDir()), 2, 1)
	list := fetch(t, d, everything)
	for _, x := range list {
		if err := x.Release(); err != nil {
			t.Fatal(err)
		}
	}
	again := fetch(t, d, FetchLimit{Frames: 1, Wait: 5 * time.Second})
	if sizes(again) != "[2]" || again[0].Attempts() != 2 || again[0].Sequence() != list[0].Sequence() {
		t.Errorf("after release\n got %s, attempt %d, sequence %d", sizes(again), again[0].Attempts(), again[0].Sequence())
	}
}

func TestRemainder(t *testing.T) {
	for name, delay := range map[string]time.Duration{"at once": 0, "later": 10 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			b := open(t, t.TempDir())
			d := deliverable(t, b, 5)
			first := fetch(t, d, everything)[0]
			failed := first.Frame().Events[1:3]
			// A crash between the successor and the acknowledgement repeats the successor.
			if err := first.succeed(t.Context(), &nats.Msg{Header: nats.Header{}, Data: AppendFrame(nil, failed)}, delay); err != nil {
				t.Fatal(err)
			}
			if err := first.Remainder(t.Context(), failed, delay); err != nil {
				t.Fatal(err)
			}
			second := fetch(t, d, everything)[0]
			if got := second.Frame().Events; uuids(got) != uuids(events(1, 5)[1:3]) {
				t.Errorf("remainder\n got %s", uuids(got))
			}
			if second.Attempts() != 2 || !second.FirstAt().Equal(first.FirstAt()) || second.Sequence() == first.Sequence() {
				t.Errorf("attempts %d, first at %s, want 2 and %s, and a new sequence", second.Attempts(), second.FirstAt(), first.FirstAt())
			}
			if err := second.Retry(t.Context(), delay); err != nil {
				t.Fatal(err)
			}
			third := fetch(t, d, everything)[0]
			if got := third.Frame().Events; uuids(got) != uuids(failed) || third.Attempts() != 3 || !third.FirstAt().Equal(first.FirstAt()) {
				t.Errorf("retry: attempts %d, first at %s\n%s", third.Attempts(), third.FirstAt(), uuids(got))
			}
			ack(t, third)
			if again := fetch(t, d, nothing); again != nil {
				t.Errorf("a repeated remainder doubled the frame: %s", sizes(again))
			}
		})
	}
}

// A frame that waits for its next try must outlive the process, and come although its time has passed meanwhile.
func TestRetryAcrossRestart(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	d := deliverable(t, b, 3)
	if err := fetch(t, d, everything)[0].Retry(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	status, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := ConsumerStatus{Pipeline: "web", Destination: "crm", Lane: 3, Delayed: 1}
	eventually(t, func() string { // the acknowledgement is not waited for
		if status, err = b.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
		return cmp.Diff([]ConsumerStatus{want}, status.Consumers)
	})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	d = deliveries(t, open(t, dir))
	got := fetch(t, d, FetchLimit{Frames: 1, Wait: 15 * time.Second})
	if sizes(got) != "[3]" {
		t.Fatalf("after the restart\n got %s", sizes(got))
	}
}

// What was in flight when the process ended comes first, in order and at once.
func TestInFlightComesFirstAfterRestart(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	d := deliverable(t, b, 1, 2, 3, 4, 5)
	inFlight := fetch(t, d, FetchLimit{Frames: 3, Wait: time.Second})
	ack(t, inFlight[1])
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	d = deliveries(t, open(t, dir))
	if got, want := sizes(fetch(t, d, everything)), "[1 3 4 5]"; got != want {
		t.Errorf("after the restart\n got %s\nwant %s", got, want)
	}
}

// What a server writes down of a consumer is a little behind what it has removed: after a kill, the consumer may wait for frames that are gone. When
// the lane is taken back, they are not waited for, nor do they keep a lane waiting that hands out one at a time.
func TestAcknowledgedBeforeKillIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	for i := range 4 {
		if err := b.Publisher().Publish(ReplayTopic("web", "crm", 3), NewMessage(itoa(i), events(i, 1))); err != nil {
			t.Fatal(err)
		}
	}
	config := jetstream.ConsumerConfig{
		Durable: "disk", FilterSubject: ReplayTopic("web", "crm", 3), AckPolicy: jetstream.AckExplicitPolicy, AckWait: deliverAckWait, MaxDeliver: -1, MaxAckPending: 10,
	}
	consumer, err := b.open(t.Context(), b.deliver, config, b.reclaim)
	if err != nil {
		t.Fatal(err)
	}
	inHand := fetchFrom(t, consumer, 3)
	state := filepath.Join(dir, "store", "jetstream", "$G", "streams", streamDeliver, "obs", config.Durable, "o.dat")
	var before []byte
	eventually(t, func() string {
		var err error
		if before, err = os.ReadFile(state); err != nil {
			return err.Error()
		}
		const number = 6 // the place of the number in hand, behind the file's mark and version and four small numbers
		if len(before) <= number || before[number] != 3 {
			return "the state does not hold what is in hand"
		}
		return ""
	})
	for _, i := range []int{0, 2} {
		if err := inHand[i].DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, before, 0o600); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	if consumer, err = b.open(t.Context(), b.deliver, config, b.reclaim); err != nil {
		t.Fatal(err)
	}
	for i, m := range fetchFrom(t, consumer, 2) {
		if got, want := uuids(frameOf(m.Headers(), m.Data()).Events), uuids(events([]int{1, 3}[i], 1)); got != want {
			t.Errorf("after the kill\n got %s\nwant %s", got, want)
		}
	}
	info, err := consumer.Info(t.Context())
	if err != nil || info.NumAckPending != 2 {
		t.Errorf("frames in flight: %+v, %v; want 2, those in hand", info, err)
	}
}

func fetchFrom(t *testing.T, consumer jetstream.Consumer, n int) (list []jetstream.Msg) {
	t.Helper()
	batch, err := consumer.Fetch(n)
	if err != nil {
		t.Fatal(err)
	}
	for m := range batch.Messages() {
		list = append(list, m)
	}
	if len(list) != n {
		t.Fatalf("%d frames, want %d: %v", len(list), n, batch.Error())
	}
	return list
}

func TestBadLinesReachDeliver(t *testing.T) {
	b := open(t, t.TempDir())
	m := NewMessage("1", events(1, 2))
	m.Payload = append(m.Payload, "damaged\n"...)
	if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), m); err != nil {
		t.Fatal(err)
	}
	f := fetch(t, deliveries(t, b), everything)[0].Frame()
	if len(f.Events) != 2 || len(f.Bad) != 1 || f.Bad[0].Index != 2 || string(f.Bad[0].Line) != "damaged" {
		t.Errorf("frame with a damaged line: %d events, bad %v", len(f.Events), f.Bad)
	}
}

func TestNamesAreChecked(t *testing.T) {
	b := open(t, t.TempDir())
	for _, name := range []string{"", "a.", "a b", "*", ">", "ü", strings.Repeat("x", 65)} {
		if _, err := b.Deliveries(t.Context(), name, "crm", 0, InFlight); err == nil {
			t.Errorf("Deliveries takes the pipeline name %q", name)
		}
		if _, err := b.Deliveries(t.Context(), "web", name, 0, InFlight); err == nil {
			t.Errorf("Deliveries takes the destination name %q", name)
		}
		if err := b.Publisher().Publish(DeliverTopic("web", name, 0), NewMessage("1", events(1, 1))); err == nil {
			t.Errorf("Publish takes the destination name %q", name)
		}
		if _, err := b.Subscriber(name).Subscribe(t.Context(), EventsTopic(0)); err == nil {
			t.Errorf("Subscribe takes the pipeline name %q", name)
		}
		if err := b.Bury(t.Context(), []DeadLetter{{Stage: StageDeliver, Pipeline: "web", Destination: name}}); err == nil {
			t.Errorf("Bury takes the destination name %q", name)
		}
	}
	for _, topic := range []string{"dead.x.y.z", "retry.a.b.0.1", "EVENTS", "$JS.API.STREAM.DELETE.EVENTS"} {
		if err := b.Publisher().Publish(topic, NewMessage("1", events(1, 1))); err == nil {
			t.Errorf("Publish takes the topic %q", topic)
		}
	}
}

// What an older version kept on disk about a lane is replaced, and what the lane holds comes again in order.
func TestLaneThatWasKeptOnDisk(t *testing.T) {
	b := open(t, t.TempDir())
	old := jetstream.ConsumerConfig{
		Durable: "web+crm+3", FilterSubject: DeliverTopic("web", "crm", 3), DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: deliverAckWait, MaxDeliver: -1, MaxAckPending: InFlight,
	}
	consumer, err := b.deliver.CreateConsumer(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage(itoa(i), events(i, 1))); err != nil {
			t.Fatal(err)
		}
	}
	batch, err := consumer.Fetch(2)
	if err != nil {
		t.Fatal(err)
	}
	first := true
	for m := range batch.Messages() { // the first one is settled, the second in hand
		if first {
			first = false
			if err := m.DoubleAck(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	q, err := b.Queue(t.Context(), "web", "crm", 3, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 2} {
		d := fetchOne(t, q)
		if got := d.Frame().Events[0].DistinctID; got != event(want, 0).DistinctID {
			t.Errorf("got %s, want %s", got, event(want, 0).DistinctID)
		}
		if err := d.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if info := q.live.consumer.CachedInfo(); !info.Config.MemoryStorage {
		t.Error("it is kept on disk still")
	}
}
