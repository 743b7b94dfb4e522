package bus

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

// The values are part of what is stored: a change of them would tear one person's events apart.
func TestLaneOfNeverChanges(t *testing.T) {
	for id, want := range map[string][3]int{
		"":                                     {1, 3, 193},
		"u1":                                   {4, 5, 244},
		"person-1":                             {7, 3, 119},
		"ué":                                   {1, 1, 25},
		"0198c5a0-0000-7000-8000-000000000001": {6, 5, 134},
	} {
		got := [3]int{LaneOf(id, 8), LaneOf(id, 7), LaneOf(id, 256)}
		if got != want {
			t.Errorf("LaneOf(%q) of 8, 7 and 256 lanes\n got %v\nwant %v", id, got, want)
		}
	}
}

func TestLaneOfSpreads(t *testing.T) {
	const people, lanes = 80_000, 8
	counts := make([]int, lanes)
	for i := range people {
		counts[LaneOf(fmt.Sprintf("user_%d@example.com", i), lanes)]++
	}
	for lane, n := range counts {
		if n < people/lanes*95/100 || n > people/lanes*105/100 {
			t.Errorf("lane %d of %d has %d of %d people, more than 5%% off its share", lane, lanes, n, people)
		}
	}
}

func TestFrameRoundTrip(t *testing.T) {
	want := events(1, 3)
	want[1].Properties = pipeline.Properties("{\"text\":\"a\\nb\",\n\"x\":1}")
	payload := AppendFrame(nil, want)
	if lines := bytes.Count(payload, newline); lines != 3 {
		t.Fatalf("3 events make %d lines:\n%s", lines, payload)
	}
	f := ParseFrame(payload, 0)
	if diff := cmp.Diff(uuids(want), uuids(f.Events)); diff != "" || f.Bad != nil {
		t.Errorf("frame read back, bad lines %v\n%s", f.Bad, diff)
	}
	if again := AppendFrame(nil, f.Events); !bytes.Equal(again, payload) {
		t.Errorf("untouched events\n got %s\nwant %s", again, payload)
	}
}

// The memory of a frame's events is for the next frame, and texts that were taken out of them stay.
func TestRoomIsUsedAgain(t *testing.T) {
	first := ParseFrame(AppendFrame(nil, events(1, 3)), 3)
	at, id := &first.Events[0], first.Events[2].DistinctID
	room := first.Room()
	if first.Events != nil || len(room) != 0 || cap(room) != 3 || at.UUID != "" {
		t.Errorf("room of 3 events\n got %d events left, %d and %d in it, the first %q\nwant none, 0 and 3, cleared", len(first.Events), len(room), cap(room), at.UUID)
	}
	small := frameIn(room, nil, AppendFrame(nil, events(4, 2)))
	if &small.Events[0] != at || uuids(small.Events) != uuids(events(4, 2)) || id != events(1, 3)[2].DistinctID {
		t.Errorf("frame in the room of another\n%s", uuids(small.Events))
	}
	large := frameIn(small.Room(), nil, AppendFrame(nil, events(6, 4)))
	if &large.Events[0] == at || uuids(large.Events) != uuids(events(6, 4)) {
		t.Errorf("frame that the room is too small for\n%s", uuids(large.Events))
	}
}

func TestParseFrameKeepsTheOthersOfABadLine(t *testing.T) {
	good := AppendFrame(nil, events(1, 2))
	at := bytes.IndexByte(good, '\n') + 1
	payload := append(append(bytes.Clone(good[:at]), "{\"uuid\":\"x\"}\n\nnot json\n"...), good[at:]...)
	f := ParseFrame(payload, 0)
	if got, want := uuids(f.Events), uuids(events(1, 2)); got != want {
		t.Errorf("events beside bad lines\n got %s\nwant %s", got, want)
	}
	var bad []string
	for _, b := range f.Bad {
		bad = append(bad, fmt.Sprintf("%d %s", b.Index, b.Line))
		if b.Err == nil {
			t.Errorf("line %d has no error", b.Index)
		}
	}
	if diff := cmp.Diff([]string{`1 {"uuid":"x"}`, `3 not json`}, bad); diff != "" {
		t.Errorf("bad lines\n%s", diff)
	}
}

// A frame takes events up to its limits, and one whatever its size.
func TestBuilderTakes(t *testing.T) {
	list := ParseFrame(AppendFrame(nil, events(1, 5)), 5).Events // whose sizes are known
	size := list[0].Size() + 1
	for name, c := range map[string]struct {
		limit FrameLimit
		want  string
	}{
		"all in one":           {FrameLimit{Events: 5, Bytes: 1 << 20}, "[5]"},
		"by count":             {FrameLimit{Events: 2, Bytes: 1 << 20}, "[2 2 1]"},
		"by bytes":             {FrameLimit{Events: 5, Bytes: 3 * size}, "[3 2]"},
		"one over the limit":   {FrameLimit{Events: 5, Bytes: 1}, "[1 1 1 1 1]"},
		"both, count is first": {FrameLimit{Events: 1, Bytes: 3 * size}, "[1 1 1 1 1]"},
	} {
		var b Builder
		var sizes []int
		for i := range list {
			if !b.Takes(&list[i], c.limit) {
				sizes = append(sizes, b.Count())
				b.Reset()
			}
			b.Add(&list[i])
		}
		if got := fmt.Sprint(append(sizes, b.Count())); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add(AppendFrame(nil, events(1, 2)), 2)
	f.Add([]byte("\n\nx\n{"), 0)
	f.Fuzz(func(t *testing.T, payload []byte, hint int) {
		before := bytes.Clone(payload)
		frame := ParseFrame(payload, hint)
		lines := 0
		for line := range bytes.SplitSeq(payload, newline) {
			if len(line) > 0 {
				lines++
			}
		}
		if got := len(frame.Events) + len(frame.Bad); got != lines {
			t.Fatalf("%q: events and bad lines\n got %d\nwant %d", payload, got, lines)
		}
		again := ParseFrame(AppendFrame(nil, frame.Events), 0)
		if len(again.Events) != len(frame.Events) || len(again.Bad) != 0 {
			t.Fatalf("%q does not round-trip: %d events, then %d", payload, len(frame.Events), len(again.Events))
		}
		if !bytes.Equal(before, payload) {
			t.Fatal("the payload was changed")
		}
	})
}
