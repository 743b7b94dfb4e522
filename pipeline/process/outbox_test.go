package process

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// What is being made for many destinations at once is bounded, whatever each of them would take.
func TestDraftsAreBounded(t *testing.T) {
	const routes, large = 40, 100 << 10
	p := Pipeline{Name: "p"}
	for i := range routes {
		p.Routes = append(p.Routes, Route{Destination: fmt.Sprint("d", i), Frame: bus.FrameLimit{Events: 500, Bytes: 1 << 20}})
	}
	o := outbox{topic: bus.DeliverTopic}
	o.reset(p, 1, "frame")
	held := func() (n int) {
		for i := range o.shelves {
			if d := o.shelves[i].draft; d != nil {
				n += d.Count() * large
			}
		}
		return n
	}
	e := pipeline.Event{UUID: "u", Name: "e", DistinctID: "d", Properties: pipeline.Properties(`{"x":"` + strings.Repeat("x", large) + `"}`)}
	for range 12 {
		for route := range routes {
			o.add(route, &e)
		}
		if n := held(); n > draftBytes {
			t.Fatalf("%d bytes of drafts", n)
		}
	}
	total := 0
	for _, messages := range o.messages() {
		for _, m := range messages {
			n := 0
			if _, err := fmt.Sscan(m.Metadata.Get("Prickle-Count"), &n); err != nil {
				t.Fatal(err)
			}
			total += n
		}
	}
	if total != 12*routes {
		t.Errorf("%d events in frames, want %d", total, 12*routes)
	}
	if o.empty(); held() != 0 {
		t.Error("something is kept")
	}
}
