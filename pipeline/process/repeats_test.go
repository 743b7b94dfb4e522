package process_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/process"
)

// What an SDK sends again reaches destinations once, and is counted.
func TestRepeatedEventsGoOnOnce(t *testing.T) {
	b, w, s := running(t, process.Pipeline{Name: "p", Routes: []process.Route{{Destination: "all", Frame: bus.FrameLimit{Events: 10, Bytes: 1 << 20}}}})
	one, two, three := event("u1", "one"), event("u1", "two"), event("u1", "three")
	for _, request := range [][]pipeline.Event{{one, two}, {one, two}, {two, three, three}} {
		if err := w.Append(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	names, _ := received(t, b, "all", 3)
	if diff := cmp.Diff(map[string][]string{"u1": {"one", "two", "three"}}, names); diff != "" {
		t.Errorf("received (-want +got)\n%s", diff)
	}
	c := s.Counts()
	for deadline := time.NewTimer(10 * time.Second); c.In.Load() < 7; { // it is counted after it is stored
		select {
		case <-deadline.C:
			t.Fatalf("%d events are counted, want 7", c.In.Load())
		default:
			runtime.Gosched()
		}
	}
	if in, passed, dropped, repeated := c.In.Load(), c.Passed.Load(), c.Dropped.Load(), c.Repeated.Load(); in != 7 || passed != 3 || dropped != 4 || repeated != 4 {
		t.Errorf("counted %d in = %d passed + %d dropped, of which %d repeated; want 7 = 3 + 4, 4", in, passed, dropped, repeated)
	}
}
