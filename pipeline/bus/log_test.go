package bus

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestReadLog(t *testing.T) {
	b := open(t, t.TempDir())
	empty, err := b.LogRange(t.Context(), time.Now().Add(-time.Hour), time.Now())
	if err != nil || empty.From <= empty.To || !empty.Oldest.IsZero() {
		t.Errorf("an empty log\n got %+v, %v", empty, err)
	}
	before := time.Now()
	for i := range 40 {
		if err := b.Publisher().Publish(EventsTopic(i%8), NewMessage(fmt.Sprint(i), events(i, 2))); err != nil {
			t.Fatal(err)
		}
	}
	put(t, b, eventsOnlySubject("web", "1"), "only", 3) // which are not of the log
	r, err := b.LogRange(t.Context(), before, time.Now())
	if err != nil || r.From != 1 || r.To != 43 || r.Cut || r.Oldest.Before(before.Add(-time.Second)) {
		t.Errorf("range\n got %+v, %v\nwant 1 to 43", r, err)
	}
	read := func(from, to uint64) (frames []uint64, events int) {
		if err := b.ReadLog(t.Context(), from, to, func(f LogFrame) error {
			frames = append(frames, f.Sequence)
			events += len(f.Events)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return frames, events
	}
	if frames, events := read(r.From, r.To); len(frames) != 40 || events != 80 {
		t.Errorf("read\n got %d frames, %d events\nwant 40, 80", len(frames), events)
	}
	if frames, _ := read(7, 9); fmt.Sprint(frames) != "[7 8 9]" {
		t.Errorf("read 7 to 9\n got %v", frames)
	}
	if frames, _ := read(41, 43); len(frames) != 0 {
		t.Errorf("read what is not of the log\n got %v", frames)
	}
	stop := errors.New("enough")
	if err := b.ReadLog(t.Context(), 1, 40, func(LogFrame) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("a reader that stops\n got %v", err)
	}
	if err := b.events.Purge(t.Context(), jetstream.WithPurgeSequence(11)); err != nil {
		t.Fatal(err)
	}
	if r, err := b.LogRange(t.Context(), before, time.Now()); err != nil || !r.Cut || r.From != 11 {
		t.Errorf("range of a log that was trimmed\n got %+v, %v\nwant from 11", r, err)
	}
}

// Times find their frames to the millisecond.
func TestLogRangeByTime(t *testing.T) {
	b := open(t, t.TempDir())
	put(t, b, EventsTopic(0), "a", 3)
	m, err := b.events.GetMsg(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := b.sequenceAt(t.Context(), b.events, m.Time, 3); err != nil || at != 2 {
		t.Errorf("at the second frame's time\n got %d, %v\nwant 2", at, err)
	}
	if at, err := b.sequenceAt(t.Context(), b.events, m.Time.Add(time.Nanosecond), 3); err != nil || at != 3 {
		t.Errorf("after it\n got %d, %v\nwant 3", at, err)
	}
	// What capture may still have had in hand belongs to it, and clocks differ.
	if r, err := b.LogRange(t.Context(), m.Time.Add(appendSlack), m.Time.Add(appendSlack)); err != nil || r.From != 2 || r.To != 3 {
		t.Errorf("range\n got %+v, %v\nwant 2 to 3", r, err)
	}
	if r, err := b.LogRange(t.Context(), m.Time.Add(time.Hour), m.Time.Add(2*time.Hour)); err != nil || r.From != 4 || r.To != 3 {
		t.Errorf("after the last\n got %+v, %v\nwant nothing", r, err)
	}
	if r, err := b.LogRange(t.Context(), m.Time.Add(-2*time.Hour), m.Time.Add(-time.Hour)); err != nil || r.From != 1 || r.To != 0 {
		t.Errorf("before the first\n got %+v, %v\nwant nothing", r, err)
	}
}

// The server forgets a reader that asks for nothing for long, and loses it with the machine that it was on. The reading goes on where it was.
func TestReadLogGoesOnWithoutItsReader(t *testing.T) {
	b := open(t, t.TempDir())
	put(t, b, EventsTopic(0), "a", 3*scanAhead)
	var frames []uint64
	err := b.ReadLog(t.Context(), 1, 3*scanAhead, func(f LogFrame) error {
		if frames = append(frames, f.Sequence); len(frames) != 5 {
			return nil
		}
		list := b.events.ListConsumers(t.Context())
		for info := range list.Info() {
			if err := b.events.DeleteConsumer(t.Context(), info.Name); err != nil {
				return err
			}
		}
		return list.Err()
	})
	if err != nil || len(frames) != 3*scanAhead || frames[len(frames)-1] != 3*scanAhead || !slices.IsSorted(frames) {
		t.Errorf("frames\n got %d: %v, %v\nwant all %d", len(frames), frames, err, 3*scanAhead)
	}
}
