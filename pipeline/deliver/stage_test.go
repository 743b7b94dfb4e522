package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remote is the other side: send decides what a call does; calls are noted.
type remote struct {
	send func(call int, events []pipeline.Event) error

	mu       sync.Mutex
	calls    [][]string // names of the events of each call
	accepted []string
}

func newRemote(send func(call int, events []pipeline.Event) error) *remote {
	return &remote{send: send}
}

func (r *remote) Send(_ context.Context, events []pipeline.Event) (err error) {
	var names []string
	for _, e := range events {
		names = append(names, e.Name)
	}
	r.mu.Lock()
	r.calls = append(r.calls, names)
	call := len(r.calls)
	r.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			panic(p)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, failed := range pipeline.EventErrors(err, len(events)) {
			if failed == nil {
				r.accepted = append(r.accepted, names[i])
			}
		}
	}()
	return r.send(call, events)
}

// until waits for a state of the remote.
func (r *remote) until(t *testing.T, what string, yes func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for {
		r.mu.Lock()
		ok, state := yes(), fmt.Sprint(r.calls, r.accepted)
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s: %s", what, state)
		}
	}
}

type harness struct {
	bus   *bus.Bus
	stage *deliver.Stage
	stop  func()
}

var quick = deliver.Policy{First: 20 * time.Millisecond, Max: 50 * time.Millisecond, Factor: 2, GiveUp: time.Hour}

// delivering publishes events e0, e1 … of one person in frames, and starts a stage of one lane.
func delivering(t *testing.T, r *remote, target deliver.Target, frames ...int) *harness {
	t.Helper()
	h := &harness{bus: pipelinetest.Bus(t, func(c *bus.Config) { c.Lanes = 1 })}
	target.Pipeline, target.Name, target.Destination = "p", "d", r
	if target.Retry == (deliver.Policy{}) {
		target.Retry = quick
	}
	n := 0
	for i, size := range frames {
		var events []pipeline.Event
		for range size {
			now := time.Now().UTC().Truncate(time.Millisecond)
			events = append(events, pipeline.Event{
				UUID: uuid.Must(uuid.NewV7()).String(), Name: fmt.Sprint("e", n), DistinctID: "u", Timestamp: now, ReceivedAt: now,
			})
			n++
		}
		if err := h.bus.Publisher().Publish(bus.DeliverTopic("p", "d", 0), bus.NewMessage(fmt.Sprint(i), events)); err != nil {
			t.Fatal(err)
		}
	}
	h.stage = deliver.New(target, h.bus, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.stage.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	return h
}

// nothingPending stops the stage and checks that every frame was settled for good.
func (h *harness) nothingPending(t *testing.T) {
	t.Helper()
	h.stop()
	// Acknowledgements do not wait for the server.
	new(remote).until(t, "the stream is empty", func() bool {
		st, err := h.bus.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return !slices.ContainsFunc(st.Streams, func(s bus.StreamStatus) bool { return s.Name == "DELIVER" && s.Messages != 0 })
	})
}

func (h *harness) letters(t *testing.T) []string {
	t.Helper()
	all, err := h.bus.DeadLetters(t.Context(), bus.DeadFilter{}, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, l := range all {
		e, err := pipeline.ParseEvent(l.Event)
		if err != nil {
			t.Fatal(err)
		}
		reason, _, _ := strings.Cut(l.Reason, "\n")
		out = append(out, fmt.Sprintf("%s after %d: %s", e.Name, l.Attempts, reason))
	}
	slices.Sort(out)
	return out
}

func names(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint("e", i))
	}
	return out
}

func TestBatchesByCount(t *testing.T) {
	r := newRemote(func(int, []pipeline.Event) error { return nil })
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 20, Bytes: 1 << 20, Wait: 100 * time.Millisecond}}, 20, 20, 5)
	r.until(t, "all arrived", func() bool { return len(r.accepted) == 45 })
	if diff := cmp.Diff([][]string{names(0, 20), names(20, 40), names(40, 45)}, r.calls); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	h.nothingPending(t)
	if got := h.stage.Counts().Delivered.Load(); got != 45 {
		t.Errorf("delivered\n got %d\nwant 45", got)
	}
}

func TestSmallFramesShareABatch(t *testing.T) {
	r := newRemote(func(int, []pipeline.Event) error { return nil })
	delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 5000, Bytes: 1 << 20, Wait: 200 * time.Millisecond}}, 1, 2, 3, 4)
	r.until(t, "all arrived", func() bool { return len(r.accepted) == 10 })
	if diff := cmp.Diff([][]string{names(0, 10)}, r.calls); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
}

func TestOnlyFailedEventsComeBack(t *testing.T) {
	r := newRemote(func(call int, events []pipeline.Event) error {
		if call == 1 {
			return &pipeline.BatchError{Failed: map[int]error{1: errors.New("busy"), 3: pipeline.Permanent(errors.New("never"))}}
		}
		return nil
	})
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 10, Wait: 10 * time.Millisecond}}, 5)
	r.until(t, "four arrived", func() bool { return len(r.accepted) == 4 })
	if diff := cmp.Diff([][]string{names(0, 5), {"e1"}}, r.calls); diff != "" {
		t.Errorf("calls (-want +got)\n%s", diff)
	}
	h.nothingPending(t)
	if diff := cmp.Diff([]string{"e3 after 1: never"}, h.letters(t)); diff != "" {
		t.Errorf("dead letters (-want +got)\n%s", diff)
	}
	c := h.stage.Counts()
	if c.Delivered.Load() != 4 || c.Retried.Load() != 1 || c.Dead.Load() != 1 {
		t.Errorf("counts\n got %d delivered, %d retried, %d dead\nwant 4 1 1", c.Delivered.Load(), c.Retried.Load(), c.Dead.Load())
	}
}

func TestRetriedUntilItWorks(t *testing.T) {
	r := newRemote(func(call int, _ []pipeline.Event) error {
		if call <= 3 {
			return errors.New("connection refused")
		}
		return nil
	})
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}}, 1)
	r.until(t, "it arrived", func() bool { return len(r.accepted) == 1 })
	h.nothingPending(t)
	if got := h.stage.Counts().Retried.Load(); got != 3 || len(h.letters(t)) != 0 {
		t.Errorf("retried\n got %d, dead letters %v\nwant 3 and none", got, h.letters(t))
	}
}

func TestFailingEventDoesNotBlockOthers(t *testing.T) {
	r := newRemote(func(_ int, events []pipeline.Event) error {
		if events[0].Name == "e0" {
			return errors.New("cannot take e0 today")
		}
		return nil
	})
	slow := quick
	slow.First, slow.Max = time.Hour, time.Hour
	delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}, Retry: slow}, 1, 1, 1, 1)
	r.until(t, "the others arrived", func() bool { return slices.Equal(r.accepted, names(1, 4)) })
}

// What waits for long is in the stream and not with the consumer, which could hand out nothing more once so many frames as it may have out wait.
func TestLongWaitsHoldNoSlot(t *testing.T) {
	r := newRemote(func(int, []pipeline.Event) error { return errors.New("away for the day") })
	slow := quick
	slow.First, slow.Max = time.Hour, time.Hour
	const frames = 5
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}, Retry: slow}, 1, 1, 1, 1, 1)
	r.until(t, "all wait in the stream", func() bool {
		st, err := h.bus.Status(t.Context())
		if err != nil || len(st.Consumers) != 1 {
			t.Fatalf("status\n got %+v, %v\nwant one consumer", st, err)
		}
		c := st.Consumers[0]
		return len(r.calls) == frames && c.Pending == 0 && c.InFlight == 0 && c.Delayed == frames
	})
}

func TestGivesUp(t *testing.T) {
	r := newRemote(func(int, []pipeline.Event) error { return errors.New("still down") })
	impatient := quick
	impatient.GiveUp = 150 * time.Millisecond
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}, Retry: impatient}, 1)
	r.until(t, "it was dead-lettered", func() bool { return h.stage.Counts().Dead.Load() == 1 })
	h.nothingPending(t)
	got := h.letters(t)
	if len(got) != 1 || !strings.HasSuffix(got[0], ": gave up after 150ms: still down") || strings.Contains(got[0], "after 1:") {
		t.Errorf("dead letters\n got %q\nwant one that gave up after several attempts", got)
	}
}

func TestSpoiltBatchIsHalved(t *testing.T) {
	for name, refuse := range map[string]func() error{
		"refused": func() error { return pipeline.Permanent(errors.New("400 bad request")) },
		"panic":   func() error { panic("index out of range") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRemote(func(_ int, events []pipeline.Event) error {
				if slices.ContainsFunc(events, func(e pipeline.Event) bool { return e.Name == "e5" }) {
					return refuse()
				}
				return nil
			})
			h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 8, Wait: 10 * time.Millisecond}}, 8)
			r.until(t, "the seven others arrived", func() bool { return len(r.accepted) == 7 && h.stage.Counts().Dead.Load() == 1 })
			h.nothingPending(t)
			if got := h.letters(t); len(got) != 1 || !strings.HasPrefix(got[0], "e5 after 1: ") {
				t.Errorf("dead letters\n got %q\nwant only e5", got)
			}
		})
	}
}

// Halving a slow batch may take longer than one call of Send may. Every event is settled all the same.
func TestSlowSpoiltBatchIsSettled(t *testing.T) {
	r := newRemote(func(_ int, events []pipeline.Event) error {
		<-time.After(20 * time.Millisecond)
		if slices.ContainsFunc(events, func(e pipeline.Event) bool { return e.Name == "e3" || e.Name == "e40" }) {
			return pipeline.Permanent(errors.New("400 bad request"))
		}
		return nil
	})
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 64, Wait: 10 * time.Millisecond}, SendTimeout: 50 * time.Millisecond}, 64)
	r.until(t, "all but two arrived", func() bool { return len(r.accepted) == 62 && h.stage.Counts().Dead.Load() == 2 })
	h.nothingPending(t)
}

func TestRateLimitIsObeyed(t *testing.T) {
	const wait = 300 * time.Millisecond
	var first time.Time
	var again time.Duration
	r := newRemote(func(call int, _ []pipeline.Event) error {
		if call == 1 {
			first = time.Now()
			return pipeline.RetryAfter(errors.New("429"), wait)
		}
		if again == 0 {
			again = time.Since(first)
		}
		return nil
	})
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}}, 1, 1, 1)
	r.until(t, "all arrived", func() bool { return len(r.accepted) == 3 })
	h.nothingPending(t)
	if again < wait {
		t.Errorf("the destination asked for %s and was called again after %s", wait, again)
	}
}

func TestStopFinishesTheBatchInHand(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	r := newRemote(func(int, []pipeline.Event) error {
		close(entered)
		<-leave
		return nil
	})
	h := delivering(t, r, deliver.Target{Batch: pipeline.Batch{Events: 1}}, 1)
	<-entered
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		h.stop()
	}()
	close(leave)
	<-stopped
	h.nothingPending(t)
	if diff := cmp.Diff(names(0, 1), r.accepted); diff != "" {
		t.Errorf("arrived (-want +got)\n%s", diff)
	}
}

func TestPolicy(t *testing.T) {
	p := deliver.DefaultPolicy()
	for attempts, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 30: 10 * time.Minute, 1 << 30: 10 * time.Minute} {
		got := p.Delay(attempts, 0.5)
		if got < want*7/10 || got > want*13/10 {
			t.Errorf("delay after %d attempts\n got %s\nwant about %s", attempts, got, want)
		}
	}
}
