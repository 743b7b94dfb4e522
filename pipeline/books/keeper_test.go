package books_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/books"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var project = books.Project{"web": {"crm"}}

// capture stores events, each in a frame of its own.
func capture(t *testing.T, b *bus.Bus, n int) {
	t.Helper()
	w := b.NewWriter()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.Run(ctx) })
	defer running.Wait()
	defer stop()
	for i := range n {
		if err := w.Append(t.Context(), []pipeline.Event{{UUID: fmt.Sprintf("e%d", i), Name: "e", DistinctID: "u", ReceivedAt: time.Now()}}); err != nil {
			t.Fatal(err)
		}
	}
}

// join gives the pipeline its places.
func join(t *testing.T, b *bus.Bus) {
	t.Helper()
	for lane := range b.Lanes() {
		if err := b.Subscriber("web").SubscribeInitialize(bus.EventsTopic(lane)); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, b *bus.Bus, p books.Project) *books.Keeper {
	t.Helper()
	k := books.NewKeeper(b, slog.New(slog.DiscardHandler))
	if err := k.Open(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return k
}

func store(t *testing.T, b *bus.Bus, r bus.Record) {
	t.Helper()
	if err := b.Journal(&r).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func statement(t *testing.T, k *books.Keeper) books.Statement {
	t.Helper()
	s, err := k.Statement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func account(t *testing.T, k *books.Keeper) books.Account {
	t.Helper()
	s := statement(t, k)
	if len(s.Destinations) != 1 {
		t.Fatalf("accounts\n got %+v\nwant one", s.Destinations)
	}
	return s.Destinations[0]
}

func process(sequence uint64, lane int) bus.Record {
	return bus.Record{Process: &bus.ProcessRecord{Pipeline: "web", Lane: lane, Sequence: sequence, In: 1, Out: 1, To: map[string]bus.Some{"crm": {N: 1}}}}
}

func deliver(sequence uint64) bus.Record {
	return bus.Record{Deliver: &bus.DeliverRecord{
		Pipeline: "web", Destination: "crm", Outcome: "delivered", Frames: []bus.FrameRecord{{Sequence: sequence, Events: 1, Delivered: 1}},
	}}
}

// The books begin with the pipeline's place, and go on where they were after a restart, whether they had been written down or not.
func TestKeeper(t *testing.T) {
	b := pipelinetest.Bus(t)
	capture(t, b, 2) // which is not the pipeline's
	join(t, b)
	k := open(t, b, project)
	capture(t, b, 3)
	lane := bus.LaneOf("u", b.Lanes())
	store(t, b, process(3, lane))
	store(t, b, process(4, lane))
	store(t, b, deliver(1))
	want := books.Account{Pipeline: "web", Destination: "crm", Balance: "in_flight", Accepted: 3, Delivered: 1, InFlight: 2}
	check := func(what string, got books.Account) {
		t.Helper()
		if got.Balance != want.Balance || got.Accepted != want.Accepted || got.Delivered != want.Delivered || got.InFlight != want.InFlight {
			t.Errorf("%s\n got %+v\nwant %+v", what, got, want)
		}
	}
	check("at first", account(t, k))
	killed := time.Now()
	k2 := open(t, b, project)
	check("killed before anything was written down", account(t, k2))
	if since := statement(t, k2).Since; since.After(killed) {
		t.Errorf("killed before anything was written down: since\n got %s\nwant a time before %s", since, killed)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := k.Run(ctx); err != nil { // which writes them down at its end
		t.Fatal(err)
	}
	store(t, b, process(4, lane))
	store(t, b, deliver(1))
	store(t, b, deliver(2))
	want.Delivered, want.InFlight = 2, 1
	k = open(t, b, project)
	check("after a restart, and repeats", account(t, k))
	if err := k.Begin(t.Context(), books.Project{"web": {"crm", "hook"}}); err != nil {
		t.Fatal(err)
	}
	if s := statement(t, k); len(s.Destinations) != 2 || s.Destinations[1].Delivered != 0 || s.Balance != "in_flight" {
		t.Errorf("with a new destination\n got %+v", s)
	}
}

// An account that does not balance while nothing moves is told, once.
func TestUnbalanced(t *testing.T) {
	b := pipelinetest.Bus(t)
	var log bytes.Buffer
	k := books.NewKeeper(b, slog.New(slog.NewTextHandler(&log, nil)))
	if err := k.Open(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	if s := statement(t, k); s.Balance != "balanced" {
		t.Errorf("without an event\n got %+v\nwant balanced", s)
	}
	store(t, b, deliver(1)) // of an event that nobody has handed on
	for range 3 {
		if err := books.Check(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	if off := k.Unbalanced(); len(off) != 1 || off[0].InFlight != -1 {
		t.Errorf("unbalanced\n got %+v\nwant crm by -1", off)
	}
	if n := strings.Count(log.String(), "the books do not balance"); n != 1 {
		t.Errorf("told %d times, want once\n%s", n, log.String())
	}
}

// Events that wait when an account is opened are brought forward, so that books of a project that is older than they are balance.
func TestBroughtForward(t *testing.T) {
	b := pipelinetest.Bus(t)
	events := []pipeline.Event{{UUID: "a", Name: "e", DistinctID: "u"}, {UUID: "b", Name: "e", DistinctID: "u"}}
	if err := b.Publisher().Publish(bus.DeliverTopic("web", "crm", 0), bus.NewMessage("x", events)); err != nil {
		t.Fatal(err)
	}
	if a := account(t, open(t, b, project)); a.Brought != 2 || a.InFlight != 2 {
		t.Errorf("account\n got %+v\nwant two events brought forward", a)
	}
}

// Records that left the journal before they were read are missed, and the books say so.
func TestMissed(t *testing.T) {
	b := pipelinetest.Bus(t, func(c *bus.Config) { c.JournalMaxBytes = 16 << 20 })
	k := open(t, b, project)
	long := deliver(1)
	long.Deliver.Error = strings.Repeat("x", 1<<20)
	for range 20 {
		store(t, b, long)
	}
	if s := statement(t, k); s.Balance != "incomplete" || s.Lost < 4 || s.Lost > 8 {
		t.Errorf("after 20 MB in a journal of 16 MB\n got %+v\nwant them to miss about 5 records", s)
	}
}
