package bus

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/prickle-dev/prickle/pipeline"
)

// repeatedIn returns the numbers of the repeated events of a message.
func repeatedIn(t *testing.T, r *Repeats, m *message.Message) (numbers []int) {
	t.Helper()
	list, err := r.Of(t.Context(), &FramesOf(m)[0], FramesOf(m)[0].Frame().Events)
	if err != nil {
		t.Fatal(err)
	}
	for i, repeated := range list {
		if repeated {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

func wantRepeated(t *testing.T, r *Repeats, m *message.Message, id string, want ...int) {
	t.Helper()
	if m.UUID != id {
		t.Fatalf("message\n got %s\nwant %s", m.UUID, id)
	}
	if got := repeatedIn(t, r, m); !slices.Equal(got, want) {
		t.Errorf("repeated in %s\n got %v\nwant %v", id, got, want)
	}
}

func TestRepeats(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	messages, s := subscribe(t, b, "web")
	late, _ := subscribe(t, b, "late")
	list := events(1, 4)
	other := list[0]
	other.Name = "another" // an id that somebody gave twice
	capture(t, b, "first", list[:2])
	capture(t, b, "again", []pipeline.Event{list[1], list[2], list[2], other})
	capture(t, b, "more", list)

	r := b.Repeats(3)
	m := receive(t, messages)
	wantRepeated(t, r, m, "first")
	m.Nack() // a frame that has to be worked again repeats nothing
	m = receive(t, messages)
	wantRepeated(t, r, m, "first")
	m.Ack()
	m = receive(t, messages)
	wantRepeated(t, r, m, "again", 0, 2)
	m.Ack()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// A pipeline that is behind finds the same.
	behind := b.Repeats(3)
	m = receive(t, late)
	wantRepeated(t, behind, m, "first")
	m.Ack()
	m = receive(t, late)
	wantRepeated(t, behind, m, "again", 0, 2)

	// It is read from the log after a restart.
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	messages, _ = subscribe(t, b, "web")
	r = b.Repeats(3)
	m = receive(t, messages)
	wantRepeated(t, r, m, "more", 0, 1, 2)
	m.Ack()

	// Another worker of the lane, as after a reload, needs only what is new.
	next := b.Repeats(3)
	capture(t, b, "last", list[3:])
	wantRepeated(t, next, receive(t, messages), "last", 0)
}

// What is found out of a frame is known to the other pipelines, but not to those of a log that was begun anew.
func TestRepeatsAreFoundOnce(t *testing.T) {
	b := open(t, t.TempDir())
	l := &b.recent[3]
	at := Received{Lane: 3, Sequence: 1, Stored: time.Unix(1_800_000_000, 0)}
	list := events(1, 2)
	of := func(at Received, events []pipeline.Event) []bool {
		t.Helper()
		r := &Repeats{bus: b, lane: l, last: at.Sequence} // has caught up
		out, err := r.Of(t.Context(), &at, events)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	twice := append(list, list[0])
	first := of(at, twice)
	if !slices.Equal(first, []bool{false, false, true}) {
		t.Fatalf("repeated: %v", first)
	}
	if again := of(at, nil); &again[0] != &first[0] {
		t.Error("it is found out twice")
	}
	at.Stored = at.Stored.Add(time.Second)
	if anew := of(at, events(9, 3)); anew != nil {
		t.Errorf("another frame of the same sequence has repeated events: %v", anew)
	}
	for i := range 3 * recentAnswers {
		at.Sequence = uint64(2 + i)
		of(at, events(10+i, 1))
	}
	if len(l.answers) > recentAnswers || len(l.answered) > recentAnswers {
		t.Errorf("%d answers are kept in %d places", len(l.answers), len(l.answered))
	}
}

func TestRepeatsOfWindow(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.DedupWindow = 0 })
	if b.Repeats(3) != nil {
		t.Error("a window of 0 remembers")
	}
	start := time.Now()
	l := &recentLane{window: time.Minute, ids: 1000}
	h := newHasher()
	sequence := uint64(0)
	note := func(n int, at time.Duration) bool {
		e := event(1, n)
		sequence++
		k, _ := h.key(&e, nil)
		return l.note(k, placeOf(sequence, 0), start.Add(at))
	}
	for _, c := range []struct {
		n    int
		at   time.Duration
		want bool
	}{
		{1, 0, false},
		{1, 59 * time.Second, true}, // within the window
		{2, 59 * time.Second, false},
		{2, 118 * time.Second, true}, // a window after a window has begun
		{3, 10 * time.Minute, false},
		{4, 20 * time.Minute, false},
		{1, 20 * time.Minute, false}, // long gone
	} {
		if got := note(c.n, c.at); got != c.want {
			t.Errorf("event %d at %s is repeated: %v", c.n, c.at, got)
		}
	}
	for n := range 10_000 {
		note(100+n, 21*time.Minute)
		if known := len(l.current) + len(l.former); known > 1000 {
			t.Fatalf("%d ids are known, want at most 1000", known)
		}
	}
	if !note(100+9_600, 21*time.Minute) {
		t.Error("one of the last 500 is not known")
	}
	if note(100+1, 21*time.Minute) {
		t.Error("one of long before is known")
	}
}

// Nothing that the key is made of can be moved from one part to another.
func TestEventKeys(t *testing.T) {
	h := newHasher()
	seen := map[eventKey]string{}
	for _, e := range []pipeline.Event{
		{UUID: "ab"}, {UUID: "a", Name: "b"}, {UUID: "a", DistinctID: "b"}, {Name: "ab"}, {Name: "a", DistinctID: "b"}, {DistinctID: "ab"},
	} {
		k, _ := h.key(&e, nil)
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s have one key", other, fmt.Sprint(e.UUID, "|", e.Name, "|", e.DistinctID))
		}
		seen[k] = fmt.Sprint(e.UUID, "|", e.Name, "|", e.DistinctID)
	}
}

// The cost of recognising one event among as many as are remembered.
func BenchmarkRepeats(b *testing.B) {
	l := &recentLane{window: 10 * time.Minute, ids: 100_000}
	h := newHasher()
	list := benchmarkEvents(1, 1, 1)
	e, id := &list[0], []byte(list[0].UUID)
	now := time.Now()
	var room []byte
	b.ReportAllocs()
	for n := uint64(0); b.Loop(); n++ {
		binary.BigEndian.PutUint64(id[8:], n)
		e.UUID = unsafe.String(&id[0], len(id))
		var k eventKey
		k, room = h.key(e, room)
		l.note(k, placeOf(n, 0), now)
	}
}
