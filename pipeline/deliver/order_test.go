package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/deliver"
)

const (
	orderPersons = 40
	orderEvents  = 25 // of each person
	orderLanes   = 4
)

// crowd is a destination that fails at random, in whole and in part, and notes in which order each person's events arrive.
type crowd struct {
	mu       sync.Mutex
	dice     *rand.Rand
	strict   bool
	sending  map[string]bool
	failed   map[string]bool // events that failed at least once
	arrived  map[string]bool
	problems []string
}

func id(person string, number int) string { return fmt.Sprintf("%s-%02d", person, number) }

func (c *crowd) Send(_ context.Context, events []pipeline.Event) error {
	fails := c.begin(events)
	<-time.After(fails.wait)
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &pipeline.BatchError{Failed: map[int]error{}}
	for i := range events {
		e := &events[i]
		delete(c.sending, e.DistinctID)
		if fails.events[i] {
			c.failed[e.UUID] = true
			out.Failed[i] = errors.New("busy")
			continue
		}
		c.arrive(e)
	}
	if len(out.Failed) > 0 {
		return out
	}
	return nil
}

type failures struct {
	events []bool
	wait   time.Duration
}

// begin decides what fails. Of one person nothing arrives that is behind a failed event of the same call, as the contract wants.
func (c *crowd) begin(events []pipeline.Event) failures {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := failures{events: make([]bool, len(events)), wait: time.Duration(c.dice.IntN(500)) * time.Microsecond}
	chance := []float64{0, 0.1, 1}[c.dice.IntN(3)]
	blocked, seen := map[string]bool{}, map[string]bool{}
	for i := range events {
		person := events[i].DistinctID
		if c.sending[person] && !seen[person] {
			c.problems = append(c.problems, "two calls at once for "+person)
		}
		seen[person] = true
		if blocked[person] || c.dice.Float64() < chance*0.5 {
			out.events[i], blocked[person] = true, true
		}
	}
	for person := range seen {
		c.sending[person] = true
	}
	return out
}

func (c *crowd) arrive(e *pipeline.Event) {
	if c.arrived[e.UUID] {
		return // a repeat after a restart
	}
	c.arrived[e.UUID] = true
	var number int
	_, _ = fmt.Sscanf(e.Name, "%d", &number)
	for before := range number {
		if earlier := id(e.DistinctID, before); !c.arrived[earlier] && (c.strict || !c.failed[earlier]) {
			c.problems = append(c.problems, fmt.Sprintf("%s arrives before %s", e.UUID, earlier))
		}
	}
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.arrived)
}

// Each person's events arrive in the order of capture, whatever fails and however often the stage and the bus are restarted in the middle: in
// strict order all of them, else all that did not have to be tried again.
func TestOrder(t *testing.T) {
	for _, strict := range []bool{true, false} {
		for _, size := range []int{1, 7} {
			t.Run(fmt.Sprintf("strict %t, batches of %d", strict, size), func(t *testing.T) {
				c := &crowd{
					dice: rand.New(rand.NewPCG(7, uint64(size))), strict: strict,
					sending: map[string]bool{}, failed: map[string]bool{}, arrived: map[string]bool{},
				}
				dir := t.TempDir()
				all := orderPersons * orderEvents
				for round := range 5 {
					until := all * (round + 1) / 5
					inOrderRound(t, c, dir, size, round == 0, until)
				}
				for _, p := range c.problems {
					t.Error(p)
				}
				if len(c.failed) < all/20 {
					t.Errorf("only %d of %d events failed, which proves little", len(c.failed), all)
				}
			})
		}
	}
}

// inOrderRound opens the bus, runs a stage until so many events have arrived, and closes everything.
func inOrderRound(t *testing.T, c *crowd, dir string, size int, publish bool, until int) {
	t.Helper()
	config := bus.DefaultConfig()
	config.Dir, config.Sync, config.Lanes = dir, bus.SyncInterval, orderLanes
	b, err := bus.Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if publish {
		publishCrowd(t, b, size)
	}
	stage := deliver.New(deliver.Target{
		Pipeline: "p", Name: "d", Destination: c, Batch: pipeline.Batch{Events: 3 * size}, Strict: c.strict,
		Retry: deliver.Policy{First: 5 * time.Millisecond, Max: 20 * time.Millisecond, Factor: 2, Jitter: 0.5, GiveUp: time.Hour},
	}, b, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stage.Run(ctx) }()
	new(remote).until(t, fmt.Sprint("there are ", until), func() bool { return c.count() >= until })
	cancel()
	if err := errors.Join(<-ended, b.Close()); err != nil {
		t.Fatal(err)
	}
}

// publishCrowd puts up all events, in frames of the given size of the persons of a lane in turn.
func publishCrowd(t *testing.T, b *bus.Bus, size int) {
	t.Helper()
	lanes := make([][]pipeline.Event, orderLanes)
	for number := range orderEvents {
		for p := range orderPersons {
			person := fmt.Sprint("person", p)
			lane := bus.LaneOf(person, orderLanes)
			now := time.Now().UTC().Truncate(time.Millisecond)
			lanes[lane] = append(lanes[lane], pipeline.Event{
				UUID: id(person, number), Name: fmt.Sprint(number), DistinctID: person, Timestamp: now, ReceivedAt: now,
			})
		}
	}
	for lane, events := range lanes {
		n := 0
		for frame := range slices.Chunk(events, size) {
			n++
			if err := b.Publisher().Publish(bus.DeliverTopic("p", "d", lane), bus.NewMessage(fmt.Sprint(n), frame)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
