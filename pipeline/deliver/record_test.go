package deliver

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// An attempt of many frames is told in several records: each has to fit into a message.
func TestRecordsOfManyFrames(t *testing.T) {
	w := newWorker(&Stage{target: Target{Pipeline: "p", Name: "d"}, now: time.Now}, 2)
	b := &batch{}
	for i := range 2*recordFrames + 1 {
		f := frame{delivery: &simDelivery{queue: &simQueue{}, frame: &simFrame{sequence: uint64(i + 1)}, attempts: 1}}
		f.content.Events = []pipeline.Event{{UUID: "a"}}
		b.frames = append(b.frames, f)
	}
	next := uint64(1)
	records := w.records(b, nil, make([]*decision, len(b.frames)))
	for _, r := range records {
		for _, f := range r.Deliver.Frames {
			if f.Sequence != next || f.Delivered != 1 || r.Deliver.Pipeline != "p" {
				t.Fatalf("frame %d of %+v, want %d", f.Sequence, r.Deliver, next)
			}
			next++
		}
	}
	if len(records) != 3 || next != uint64(len(b.frames)+1) {
		t.Errorf("%d records of %d frames, want 3 of %d", len(records), next-1, len(b.frames))
	}
}

// The journal says of an attempt what it came to, and of each frame which events failed, with what is known since earlier attempts.
func TestRecord(t *testing.T) {
	w := newWorker(&Stage{target: Target{Pipeline: "p", Name: "d"}, now: func() time.Time { return time.Unix(100, 0) }}, 2)
	frameOf := func(sequence uint64, ids ...string) frame {
		f := frame{delivery: &simDelivery{queue: &simQueue{}, frame: &simFrame{sequence: sequence, after: sequence - 1}, attempts: 3}}
		for _, id := range ids {
			f.content.Events = append(f.content.Events, pipeline.Event{UUID: id})
		}
		return f
	}
	b := &batch{frames: []frame{frameOf(5, "a", "b", "c", "d"), frameOf(9, "e")}, took: time.Second}
	no := pipeline.Answered(errors.New("answered 422\nand more"), pipeline.Response{Status: "422", Body: strings.Repeat("x", 1000)})
	decisions := []*decision{{
		results: []result{{final: true}, {final: true, class: bus.ClassPermanent}, {}, {final: true}}, again: make([]pipeline.Event, 1), delay: time.Minute,
	}, nil}
	got := w.records(b, []error{nil, no, errors.New("later"), nil, nil}, decisions)[0].Deliver
	var ids bus.EventIDs
	for _, id := range []string{"a", "b", "c", "d"} {
		ids.Add(id)
	}
	want := &bus.DeliverRecord{
		Pipeline: "p", Destination: "d", Lane: 2, Outcome: "partial", Error: "answered 422", Took: time.Second,
		Response: &pipeline.Response{Status: "422", Body: strings.Repeat("x", recordText) + "…"},
		Frames: []bus.FrameRecord{
			{
				Sequence: 5, After: 4, Attempt: 3, Events: 4, Delivered: 2, Dead: map[string]int{bus.ClassPermanent: 1}, Again: 1,
				Until: time.Unix(160, 0).UTC(), IDs: ids, Failed: []string{"b", "c"},
			},
			{Sequence: 9, After: 8, Attempt: 3, Events: 1, Delivered: 1, Only: "e"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got)\n%s", diff)
	}
}
