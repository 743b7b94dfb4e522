package deliver

import (
	"fmt"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// held is a delivery of events with their places as UUIDs, decoded as the bus does.
type held struct {
	delivery
	sequence uint64
	lines    []byte
}

func hold(sequence uint64, n int) *held {
	events := make([]pipeline.Event, n)
	for i := range events {
		events[i] = pipeline.Event{UUID: fmt.Sprintf("%d-%d", sequence, i), Name: "n", DistinctID: "d", Properties: pipeline.Properties("{}")}
	}
	return &held{sequence: sequence, lines: bus.AppendFrame(nil, events)}
}

func (h *held) Sequence() uint64 { return h.sequence }
func (h *held) Attempts() int    { return 1 }
func (h *held) Frame() bus.Frame { return h.FrameIn(nil) }
func (h *held) FrameIn(room []pipeline.Event) bus.Frame {
	f := bus.ParseFrame(h.lines, 0)
	if cap(room) >= len(f.Events) {
		f.Events = append(room[:0], f.Events...)
	}
	return f
}

func ids(events []pipeline.Event) (out []string) {
	for i := range events {
		out = append(out, events[i].UUID)
	}
	return out
}

// Whatever is in one row and whatever is apart, a frame's own events and the batch's are what they were.
func TestBatchKeepsItsFramesApart(t *testing.T) {
	for _, size := range []int{0, 4, 7, 100} {
		b := &batch{events: make([]pipeline.Event, 0, size)}
		b.add(hold(1, 3), remembered{})
		b.add(hold(2, 4), remembered{results: []result{{final: true}, {}, {final: true}, {}}})
		b.add(hold(3, 2), remembered{})
		b.add(hold(4, 3), remembered{results: make([]result, 3)})
		if got, want := fmt.Sprint(ids(b.events)), "[1-0 1-1 1-2 2-1 2-3 3-0 3-1 4-0 4-1 4-2]"; got != want {
			t.Errorf("room for %d: events to send\n got %s\nwant %s", size, got, want)
		}
		for i, want := range []string{"[1-0 1-1 1-2]", "[2-0 2-1 2-2 2-3]", "[3-0 3-1]", "[4-0 4-1 4-2]"} {
			if got := fmt.Sprint(ids(b.frames[i].content.Events)); got != want {
				t.Errorf("room for %d: frame %d\n got %s\nwant %s", size, i+1, got, want)
			}
		}
	}
}

func TestBatchIsDecodedInTheRoomOfAnother(t *testing.T) {
	first := &batch{events: make([]pipeline.Event, 0, 8)}
	first.add(hold(1, 3), remembered{})
	first.add(hold(2, 3), remembered{})
	at := &first.events[0]
	if &first.frames[1].content.Events[0] != &first.events[3] {
		t.Error("the second frame was decoded apart and copied")
	}
	first.recycle()
	if first.events != nil || at.UUID != "" {
		t.Errorf("events after they were delivered\n got %v, the first %q\nwant none, and its memory cleared", ids(first.events), at.UUID)
	}
}
