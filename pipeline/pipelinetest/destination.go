package pipelinetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
)

// DestinationHarness is a destination under test together with what the suite has to know of its other side.
type DestinationHarness struct {
	// Destination is ready to use: opened if it has to be. The harness closes it at the test's end.
	Destination pipeline.Destination
	// Received returns the UUIDs of the events at the other side, in any order, an event that arrived twice twice.
	Received func(t *testing.T) []string
	// Batch is the most events that one call takes; 0 means 100.
	Batch int
	// Poison makes an event that the other side refuses for good while it takes others. Nil when there is no such event.
	Poison func(e pipeline.Event) pipeline.Event
	// ExactlyOnce says that an event sent twice arrives once.
	ExactlyOnce bool
}

// Event makes an event for tests. Its UUID ends in n, so that it is the same for the same n.
func Event(n int) pipeline.Event {
	at := time.Date(2026, 8, 20, 10, 0, 0, 123e6, time.UTC).Add(time.Duration(n) * time.Millisecond)
	return pipeline.Event{
		UUID:       fmt.Sprintf("01987654-3210-7000-8000-%012x", n),
		Name:       "purchase",
		DistinctID: fmt.Sprintf("user-%d", n%7),
		Source:     "web",
		Timestamp:  at,
		ReceivedAt: at.Add(time.Second),
		Properties: pipeline.Properties(fmt.Sprintf(`{"n":%d,"plan":"pro"}`, n)),
	}
}

// Events makes the events from to to, to left out.
func Events(from, to int) []pipeline.Event {
	var events []pipeline.Event
	for n := from; n < to; n++ {
		events = append(events, Event(n))
	}
	return events
}

// UUIDs returns the events' UUIDs.
func UUIDs(events []pipeline.Event) []string {
	var ids []string
	for _, e := range events {
		ids = append(ids, e.UUID)
	}
	return ids
}

// Destination holds a destination to the contract of pipeline.Destination. open is called for every part of the suite.
func Destination(t *testing.T, open func(t *testing.T) DestinationHarness) {
	parts := map[string]func(*testing.T, DestinationHarness){
		"one event":          sendsOne,
		"a full batch":       sendsFullBatch,
		"two calls":          sendsTwice,
		"cancelled":          honoursCancel,
		"keeps nothing":      leavesSlice,
		"poison event":       failsAlone,
		"only poison":        failsWhole,
		"sent again":         sentAgain,
		"lanes concurrently": sendsConcurrently,
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			if h.Batch == 0 {
				h.Batch = 100
			}
			part(t, h)
		})
	}
}

func sendsOne(t *testing.T, h DestinationHarness) {
	send(t, h, Events(0, 1))
	wantReceived(t, h, UUIDs(Events(0, 1)))
}

func sendsFullBatch(t *testing.T, h DestinationHarness) {
	send(t, h, Events(0, h.Batch))
	wantReceived(t, h, UUIDs(Events(0, h.Batch)))
}

func sendsTwice(t *testing.T, h DestinationHarness) {
	send(t, h, Events(0, h.Batch))
	send(t, h, Events(h.Batch, h.Batch+1))
	wantReceived(t, h, UUIDs(Events(0, h.Batch+1)))
}

func honoursCancel(t *testing.T, h DestinationHarness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Destination.Send(ctx, Events(0, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Send with a context that has ended\n got %v\nwant %v", err, context.Canceled)
	}
	wantReceived(t, h, nil)
}

// leavesSlice overwrites the events after Send has returned, as the caller may.
func leavesSlice(t *testing.T, h DestinationHarness) {
	events := Events(0, h.Batch)
	send(t, h, events)
	for i := range events {
		clear(events[i].Properties)
		events[i] = pipeline.Event{}
	}
	wantReceived(t, h, UUIDs(Events(0, h.Batch)))
}

func failsAlone(t *testing.T, h DestinationHarness) {
	if h.Poison == nil || h.Batch < 3 {
		t.Skip("this destination has no event that fails alone")
	}
	events := Events(0, h.Batch)
	events[1] = h.Poison(events[1])
	errs := pipeline.EventErrors(h.Destination.Send(t.Context(), events), len(events))
	for i, err := range errs {
		if got, want := pipeline.IsPermanent(err), i == 1; got != want || got != (err != nil) {
			t.Errorf("event %d, permanent error\n got %v (%v)\nwant %v", i, got, err, want)
		}
	}
	good := slices.Concat(Events(0, 1), Events(2, h.Batch))
	wantReceived(t, h, UUIDs(good))
}

func failsWhole(t *testing.T, h DestinationHarness) {
	if h.Poison == nil {
		t.Skip("this destination has no event that fails alone")
	}
	errs := pipeline.EventErrors(h.Destination.Send(t.Context(), []pipeline.Event{h.Poison(Event(0))}), 1)
	if !pipeline.IsPermanent(errs[0]) {
		t.Errorf("Send of a poison event\n got %v\nwant a permanent error", errs[0])
	}
	wantReceived(t, h, nil)
}

func sentAgain(t *testing.T, h DestinationHarness) {
	events := Events(0, h.Batch)
	send(t, h, events)
	send(t, h, events)
	want := UUIDs(events)
	if !h.ExactlyOnce {
		want = append(want, want...)
	}
	wantReceived(t, h, want)
}

func sendsConcurrently(t *testing.T, h DestinationHarness) {
	const lanes, calls = 8, 5
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() {
			for call := range calls {
				from := (lane*calls + call) * h.Batch
				if err := h.Destination.Send(t.Context(), Events(from, from+h.Batch)); err != nil {
					t.Errorf("Send in lane %d: %v", lane, err)
				}
			}
		})
	}
	wg.Wait()
	wantReceived(t, h, UUIDs(Events(0, lanes*calls*h.Batch)))
}

func send(t *testing.T, h DestinationHarness, events []pipeline.Event) {
	t.Helper()
	if err := h.Destination.Send(t.Context(), events); err != nil {
		t.Fatalf("Send of %d events: %v", len(events), err)
	}
}

func wantReceived(t *testing.T, h DestinationHarness, want []string) {
	t.Helper()
	got := slices.Sorted(slices.Values(h.Received(t)))
	want = slices.Sorted(slices.Values(want))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events at the other side (-want +got):\n%s", diff)
	}
}
