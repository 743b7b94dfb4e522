package deliver_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/deliver"
)

// What waits for another attempt when its person is erased is not sent any more, and makes no dead letter. What was captured later is sent.
func TestErased(t *testing.T) {
	for name, strict := range map[string]bool{"strict": true, "not strict": false} {
		t.Run(name, func(t *testing.T) {
			open := false // guarded by the remote
			var r *remote
			r = newRemote(func(int, []pipeline.Event) error {
				r.mu.Lock()
				defer r.mu.Unlock()
				if !open {
					return errors.New("closed")
				}
				return nil
			})
			h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 10, Wait: 10 * time.Millisecond}, Strict: strict}, 3)
			r.until(t, "it was tried", func() bool { return len(r.calls) > 1 })
			erasures := h.bus.Erasures()
			hash, err := erasures.Hash(t.Context(), "u")
			if err != nil {
				t.Fatal(err)
			}
			at := time.Now().Add(time.Second)
			if err := erasures.Put(t.Context(), bus.Erasure{ID: hash, At: at, Hashes: []string{hash}}); err != nil {
				t.Fatal(err)
			}
			if err := erasures.Fence(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.mu.Lock()
			open = true
			r.mu.Unlock()
			later := pipeline.Event{UUID: "01987654-3210-7000-8000-00000000000a", Name: "later", DistinctID: "u", Timestamp: at, ReceivedAt: at.Add(time.Second)}
			if err := h.bus.Publisher().Publish(bus.DeliverTopic("p", "d", 0), bus.NewMessage("later", []pipeline.Event{later})); err != nil {
				t.Fatal(err)
			}
			r.until(t, "what came later arrived", func() bool { return slices.Contains(r.accepted, "later") })
			new(remote).until(t, "the stream is empty", func() bool {
				st, err := h.bus.Status(t.Context())
				return err == nil && !slices.ContainsFunc(st.Streams, func(s bus.StreamStatus) bool { return s.Name == "DELIVER" && s.Messages != 0 })
			})
			h.stop()
			if !slices.Equal(r.accepted, []string{"later"}) {
				t.Errorf("accepted\n got %v\nwant what came later alone", r.accepted)
			}
			if got := h.letters(t); len(got) > 0 {
				t.Errorf("dead letters\n got %v\nwant none", got)
			}
		})
	}
}
