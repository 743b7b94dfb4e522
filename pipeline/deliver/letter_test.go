package deliver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/deliver"
)

// A dead letter says in a word why it is one, and what the other side answered.
func TestLettersHaveAClassAndTheAnswer(t *testing.T) {
	answer := pipeline.Response{Status: "422 Unprocessable Entity", Body: "no such field: colour"}
	answered := fmt.Errorf("crm: %w", pipeline.Answered(errors.New("answered 422"), answer))
	for class, c := range map[string]struct {
		send func() error
		want *pipeline.Response
	}{
		bus.ClassPermanent: {func() error { return pipeline.Permanent(answered) }, &answer},
		bus.ClassGaveUp:    {func() error { return answered }, &answer},
		bus.ClassPanic:     {func() error { panic("index out of range") }, nil},
	} {
		t.Run(class, func(t *testing.T) {
			impatient := quick
			impatient.GiveUp = 50 * time.Millisecond
			r := newRemote(func(int, []pipeline.Event) error { return c.send() })
			h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}, Retry: impatient}, 1)
			r.until(t, "it was dead-lettered", func() bool { return h.stage.Counts().Dead.Load() == 1 })
			all, err := h.bus.DeadLetters(t.Context(), bus.DeadFilter{Class: class}, 0, 10)
			if err != nil || len(all) != 1 {
				t.Fatalf("dead letters of class %s\n got %d, %v\nwant 1", class, len(all), err)
			}
			if diff := cmp.Diff(c.want, all[0].Response); diff != "" {
				t.Errorf("response (-want +got)\n%s", diff)
			}
		})
	}
}

// What is sent once more is delivered behind what is not, and is not counted as captured.
func TestReplayedFramesAreCountedApart(t *testing.T) {
	hold := make(chan struct{})
	r := newRemote(func(call int, _ []pipeline.Event) error {
		if call == 1 {
			<-hold
		}
		return nil
	})
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}}, 1)
	r.until(t, "the first is in hand", func() bool { return len(r.calls) == 1 })
	now := time.Now().UTC()
	event := func(name string) []pipeline.Event {
		return []pipeline.Event{{UUID: "0198c5a0-0000-7000-8000-000000000001", Name: name, DistinctID: "u", Timestamp: now, ReceivedAt: now}}
	}
	for i, topic := range []string{bus.ReplayTopic("p", "d", 0), bus.ReplayTopic("p", "d", 0), bus.DeliverTopic("p", "d", 0)} {
		name := []string{"replayed", "replayed", "live"}[i]
		if err := h.bus.Publisher().Publish(topic, bus.NewMessage(fmt.Sprint("more", i), event(name))); err != nil {
			t.Fatal(err)
		}
	}
	close(hold)
	r.until(t, "all arrived", func() bool { return len(r.accepted) == 4 })
	if diff := cmp.Diff([]string{"e0", "live", "replayed", "replayed"}, r.accepted); diff != "" {
		t.Errorf("order of deliveries (-want +got)\n%s", diff)
	}
	h.nothingPending(t)
	if live, replayed := h.stage.Counts().Delivered.Load(), h.stage.Replayed().Delivered.Load(); live != 2 || replayed != 2 {
		t.Errorf("delivered\n got %d and %d replayed\nwant 2 and 2", live, replayed)
	}
}

// A batch that waits for more may be filled up with what is sent once more. The journal keeps the two apart: only what is captured is in the books.
func TestReplayedFramesAreRecordedApart(t *testing.T) {
	r := newRemote(func(int, []pipeline.Event) error { return nil })
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 5000, Bytes: 1000, Wait: time.Minute}}, 1)
	now := time.Now().UTC()
	again := []pipeline.Event{{
		UUID: "0198c5a0-0000-7000-8000-000000000001", Name: "again", DistinctID: "u", Timestamp: now, ReceivedAt: now,
		Properties: pipeline.Properties(`{"fills":"` + strings.Repeat("x", 1000) + `"}`),
	}}
	if err := h.bus.Publisher().Publish(bus.ReplayTopic("p", "d", 0), bus.NewMessage("again", again)); err != nil {
		t.Fatal(err)
	}
	r.until(t, "both arrived", func() bool { return len(r.accepted) == 2 })
	h.nothingPending(t)
	if diff := cmp.Diff([][]string{{"e0", "again"}}, r.calls); diff != "" {
		t.Fatalf("calls (-want +got)\n%s", diff)
	}
	journal, err := h.bus.JournalRange(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	delivered := map[bool]int{}
	err = h.bus.ReadJournal(t.Context(), journal.First, journal.Last, func(e bus.JournalEntry) error {
		for _, f := range e.Deliver.Frames {
			delivered[e.Deliver.Again] += f.Delivered
		}
		return nil
	})
	if diff := cmp.Diff(map[bool]int{false: 1, true: 1}, delivered); err != nil || diff != "" {
		t.Errorf("delivered, by whether it is sent once more (-want +got)\n%s%v", diff, err)
	}
}
