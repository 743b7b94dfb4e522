package bus

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestDiskReserve(t *testing.T) {
	free, broken, now := int64(0), error(nil), time.Time{}
	d := disk{now: func() time.Time { return now }, free: func() (int64, error) { return free, broken }}
	rooms := func() string {
		now = now.Add(askEvery)
		var out []string
		for _, stream := range []string{streamEvents, streamDeliver, streamDead} {
			if d.room(stream) == nil {
				out = append(out, stream)
			}
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		free int64
		want string
	}{
		{1 << 40, "EVENTS DELIVER DEAD"}, {192 << 20, "EVENTS DELIVER DEAD"}, {192<<20 - 1, "DELIVER DEAD"}, {50 << 20, "DEAD"}, {1 << 20, ""},
		{1 << 40, "EVENTS DELIVER DEAD"},
	} {
		free = c.free
		if got := rooms(); got != c.want {
			t.Errorf("with %d MB free there is room for\n got %s\nwant %s", c.free>>20, got, c.want)
		}
	}
	broken = errors.New("broken")
	if got := rooms(); got != "" {
		t.Errorf("when free space is not known there is room for %s", got)
	}
}

func TestFullDiskIsAClearRefusal(t *testing.T) {
	b := open(t, t.TempDir())
	b.disk.free, b.disk.asked = func() (int64, error) { return 10 << 20, nil }, time.Time{}
	w := running(t, b.NewWriter())
	for name, err := range map[string]error{
		"append":  w.Append(t.Context(), events(1, 1)),
		"publish": b.Publisher().Publish(DeliverTopic("web", "crm", 0), NewMessage("1", events(1, 1))),
		"bury":    b.Bury(t.Context(), []DeadLetter{letter(1, 1, StageDeliver, "crm")}),
	} {
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "disk is nearly full: 10 MB free, and ") {
			t.Errorf("%s\n got %v", name, err)
		}
	}
	b.disk.free = func() (int64, error) { return 10 << 30, nil }
	eventually(t, func() string {
		if err := w.Append(t.Context(), events(1, 1)); err != nil {
			return err.Error()
		}
		return ""
	})
}

func TestStartOnAFullDisk(t *testing.T) {
	config := DefaultConfig()
	config.Dir = t.TempDir()
	space := &disk{now: time.Now, free: func() (int64, error) { return 5 << 20, nil }}
	_, err := startEmbedded(config, space, discard())
	if want := "disk is nearly full: 5 MB free, and 48 MB are kept in reserve"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("start\n got %v\nwant in it %s", err, want)
	}
	open(t, config.Dir) // the refused start has given the folder free
}

// fat is an event of about 20 KB, which no packing makes smaller.
func fat(n int) []pipeline.Event {
	e := event(1, n)
	e.Properties = pipeline.Properties(`{"x":"` + noise(n, 20_000) + `"}`)
	return []pipeline.Event{e}
}

// noise is a text in which nothing repeats, always the same one for a seed.
func noise(seed, size int) string {
	random := make([]byte, size/2)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(random) // always nil
	return hex.EncodeToString(random)
}

func TestFullStreamRefuses(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.MaxBytes = 1 << 20 })
	w := running(t, b.NewWriter())
	stores := 0
	var err error
	for ; stores < 1000; stores++ {
		if err = w.Append(t.Context(), fat(stores)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "stream EVENTS refuses: ") {
		t.Errorf("after %d events\n got %v\nwant %v", stores, err, ErrUnavailable)
	}
	if list, _ := stored(t, b.events, "events.>"); len(list) != stores {
		t.Errorf("stored events\n got %d\nwant the %d acknowledged ones", len(list), stores)
	}
}

// When the stream is full, what every pipeline has processed makes room, and nothing else.
func TestFullStreamIsTrimmed(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.MaxBytes, c.Lanes = 1<<20, 4 })
	w := running(t, b.NewWriter())
	person := 1
	if LaneOf(event(person, 0).DistinctID, 4) != 3 {
		t.Fatal("the test wants person-1 in lane 3")
	}
	quick, _ := subscribe(t, b, "quick")
	slow, _ := subscribe(t, b, "slow")
	quiet := b.Subscriber("quick")
	if err := quiet.SubscribeInitialize(EventsTopic(0)); err != nil { // a lane without events holds nothing up
		t.Fatal(err)
	}
	for i := range 150 { // three times the stream
		if err := w.Append(t.Context(), fat(i)); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		receiveAck(t, quick)
		receiveAck(t, slow)
	}
	n := 0
	var err error
	for ; err == nil && n < 150; n++ {
		if err = w.Append(t.Context(), fat(1000+n)); err == nil {
			receiveAck(t, quick)
		}
	}
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("with a pipeline that stands still, after %d events\n got %v\nwant %v", n, err, ErrUnavailable)
	}
	for i := range n - 1 {
		f := FramesOf(receiveAck(t, slow))[0]
		if got, want := f.Frame().Events[0].UUID, event(1, 1000+i).UUID; got != want {
			t.Fatalf("event %d for the slow pipeline\n got %s\nwant %s", i, got, want)
		}
	}
	eventually(t, func() string {
		if err := w.Append(t.Context(), fat(2000)); err != nil {
			return fmt.Sprint("after the slow pipeline has caught up: ", err)
		}
		return ""
	})
}
