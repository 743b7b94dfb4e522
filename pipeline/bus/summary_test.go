package bus

import (
	"slices"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// A summary knows the events of each name in their order, however many there are, and what bounds them.
func TestSummary(t *testing.T) {
	at := time.Unix(1_800_000_000, 0).UTC()
	var all []pipeline.Event
	for i, name := range []string{"a", "b", "a", "c", "a"} {
		e := pipeline.Event{UUID: "u", Name: name, DistinctID: "d", Timestamp: at, ReceivedAt: at.Add(time.Duration((i+2)%5) * time.Second)}
		e.Properties = pipeline.Properties(`{"x":"` + name + `"}`)[:5+i]
		all = append(all, e)
	}
	frame := ParseFrame(AppendFrame(nil, events(1, 2)), 0)
	if first := frame.Summary(); first != frame.Summary() {
		t.Error("it is made twice for a frame")
	}
	s := (&Frame{Events: all}).Summary()
	for name, want := range map[string][]int{"a": {7, 0, 2, 4}, "b": {7, 1}, "c": {7, 3}, "d": {7}} {
		if got := s.Named([]int{7}, name); !slices.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", name, got, want)
		}
	}
	if s.Largest != all[4].Size() || !s.Oldest.Equal(all[3].ReceivedAt) {
		t.Errorf("largest %d, oldest %v\nwant %d, %v", s.Largest, s.Oldest, all[4].Size(), all[3].ReceivedAt)
	}
	if s := (&Frame{}).Summary(); s.Largest != 0 || !s.Oldest.IsZero() || s.Named(nil, "a") != nil {
		t.Errorf("of an empty frame: %+v", s)
	}
}
