package bus

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

func codes(b *Bus) (codes []string) {
	for _, p := range b.Problems(context.Background()) {
		codes = append(codes, p.Code)
	}
	return codes
}

func wantCodes(t *testing.T, b *Bus, when string, want ...string) {
	t.Helper()
	got := codes(b)
	if !slices.Equal(got, want) {
		t.Errorf("problems %s\n got %v\nwant %v", when, got, want)
	}
	if err := b.Ready(t.Context()); (err == nil) != (len(want) == 0) {
		t.Errorf("ready %s: %v", when, err)
	}
}

func TestProblemsOfTheDisk(t *testing.T) {
	b := open(t, t.TempDir())
	wantCodes(t, b, "at first")
	b.disk.free = func() (int64, error) { return 100 << 20, nil }
	eventually(t, func() string { // an answer of the disk is believed for a moment
		if len(codes(b)) == 0 {
			return "the disk is not seen to be low"
		}
		return ""
	})
	wantCodes(t, b, "with a full disk", "disk_low")
	if free, reserved, ok := b.Disk(); free != 100<<20 || reserved != 192<<20 || !ok {
		t.Errorf("disk\n got %d, %d, %v", free, reserved, ok)
	}
}

// A full stream is a problem as long as nothing in it can go; it is one for a moment after every refusal.
func TestProblemsOfTheStream(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.MaxBytes, c.Lanes = 1<<20, 1 })
	s := b.Subscriber("p")
	defer s.Close()
	if err := s.SubscribeInitialize(EventsTopic(0)); err != nil {
		t.Fatal(err)
	}
	w := b.NewWriter()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	big := event(1, 1)
	big.Properties = pipeline.Properties(`{"x":"` + noise(1, 150<<10) + `"}`)
	for i := 0; ; i++ {
		if err := w.Append(t.Context(), []pipeline.Event{big}); err != nil {
			break
		}
		if i > 20 {
			t.Fatal("the stream takes everything")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	wantCodes(t, b, "after a refusal", "stream_full")
	if b.Stats()[streamEvents].Failures()["full"] == 0 {
		t.Error("the refusal is not counted")
	}
	b.refusedAt.Store(time.Now().Add(-time.Hour).UnixNano())
	wantCodes(t, b, "long after it, with room for smaller ones")
	b.config.MaxBytes = 1 << 19 // as if it were filled to the brim
	wantCodes(t, b, "at the limit", "stream_full")
	if err := b.Forget(t.Context(), "p", ""); err != nil {
		t.Fatal(err)
	}
	wantCodes(t, b, "at the limit, with nobody to wait for", "stream_full") // doneByAll keeps what no pipeline is there for
}

func TestOldestDelivery(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 2 })
	if at, err := b.OldestDelivery(t.Context(), "p", "d"); err != nil || !at.IsZero() {
		t.Fatalf("of an empty queue: %s, %v", at, err)
	}
	begin := time.Now()
	for lane := range 2 {
		if err := b.Publisher().Publish(DeliverTopic("p", "d", lane), NewMessage("1", events(lane, 1))); err != nil {
			t.Fatal(err)
		}
	}
	first, err := b.OldestDelivery(t.Context(), "p", "d")
	if err != nil || first.Before(begin.Add(-time.Second)) || first.After(time.Now()) {
		t.Errorf("oldest\n got %s, %v\nwant about %s", first, err, begin)
	}
	d, err := b.Deliveries(t.Context(), "p", "d", 0, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := d.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: 10 * time.Second})
	if err != nil || len(frames) != 1 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	// Put off, it is in another message, and as old as before.
	if err := frames[0].Retry(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		again, err := b.OldestDelivery(t.Context(), "p", "d")
		if err != nil || !again.Equal(first) {
			return again.String() + " is not " + first.String()
		}
		return ""
	})
}

func TestOldestCaptured(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 1 })
	s := b.Subscriber("p")
	messages, err := s.Subscribe(t.Context(), EventsTopic(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Publisher().Publish(EventsTopic(0), NewMessage("1", events(1, 1))); err != nil {
		t.Fatal(err)
	}
	m := <-messages
	if at := b.OldestCaptured("p"); time.Since(at) > time.Minute || !b.OldestCaptured("q").IsZero() {
		t.Errorf("oldest in hand\n got %s", at)
	}
	m.Ack()
	eventually(t, func() string {
		if !b.OldestCaptured("p").IsZero() {
			return "the frame is still in hand"
		}
		return ""
	})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if len(b.hands) != 0 {
		t.Errorf("%d hands are left", len(b.hands))
	}
}
