package bus

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
)

// running starts the Writer and stops it with the test.
func running(t testing.TB, w *Writer) *Writer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return w
}

// stored reads back every event on the subject.
func stored(t testing.TB, stream jetstream.Stream, subject string) (list []pipeline.Event, frames int) {
	t.Helper()
	for next := uint64(1); ; {
		m, err := stream.GetMsg(t.Context(), next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return list, frames
		}
		if err != nil {
			t.Fatal(err)
		}
		f := frameOf(m.Header, m.Data)
		if len(f.Bad) > 0 {
			t.Fatalf("stored frame %d has a bad line: %v", m.Sequence, f.Bad[0].Err)
		}
		list = append(list, f.Events...)
		frames++
		next = m.Sequence + 1
	}
}

func TestAppendKeepsOrderAndSharesFrames(t *testing.T) {
	b := open(t, t.TempDir())
	w := running(t, b.NewWriter())
	const people, calls = 40, 25
	var group sync.WaitGroup
	for p := range people {
		group.Go(func() {
			for c := range calls {
				if err := w.Append(t.Context(), []pipeline.Event{event(p, 2*c), event(p, 2*c+1)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	list, frames := stored(t, b.events, "events.all.>")
	next := map[string]int{}
	for _, e := range list {
		n := next[e.DistinctID]
		next[e.DistinctID]++
		if !strings.HasSuffix(string(e.Properties), `:`+itoa(n)+`}`) {
			t.Fatalf("%s: event number %d is %s", e.DistinctID, n, e.Properties)
		}
	}
	if len(list) != people*calls*2 {
		t.Errorf("stored events\n got %d\nwant %d", len(list), people*calls*2)
	}
	if frames > people*calls/2 {
		t.Errorf("%d calls made %d frames: concurrent calls do not share them", people*calls, frames)
	}
	if got := w.piled.Load(); got != 0 {
		t.Errorf("%d bytes are still counted as waiting", got)
	}
}

func TestFramesSayWhatIsInThem(t *testing.T) {
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 1 })
	w := running(t, b.NewWriter())
	list := append(events(1, 3), event(2, 1))
	list[0], list[2] = list[2], list[0]
	if err := w.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	m, err := b.events.GetLastMsgForSubject(t.Context(), EventsTopic(0))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		headerCount: "4", headerFirst: "2026-08-20T10:00:00.000Z", headerLast: "2026-08-20T10:00:02.000Z",
	} {
		if got := m.Header.Get(key); got != want {
			t.Errorf("%s\n got %s\nwant %s", key, got, want)
		}
	}
}

func TestAppendCutsFrames(t *testing.T) {
	b := open(t, t.TempDir())
	w := running(t, b.NewWriter())
	if err := w.Append(t.Context(), events(1, 2*frameEvents+1)); err != nil {
		t.Fatal(err)
	}
	big := events(2, 5)
	for i := range big {
		big[i].Properties = pipeline.Properties(`{"x":"` + strings.Repeat("x", frameBytes/2) + `"}`)
	}
	if err := w.Append(t.Context(), big); err != nil {
		t.Fatal(err)
	}
	if list, frames := stored(t, b.events, EventsTopic(LaneOf("person-1", 8))); len(list) != 2*frameEvents+1 || frames != 3 {
		t.Errorf("by count\n got %d events in %d frames\nwant %d in 3", len(list), frames, 2*frameEvents+1)
	}
	if list, frames := stored(t, b.events, EventsTopic(LaneOf("person-2", 8))); len(list) != 5 || frames != 5 {
		t.Errorf("by bytes\n got %d events in %d frames\nwant 5 in 5", len(list), frames)
	}
}

func TestAppendRefusesAnEventThatIsTooLarge(t *testing.T) {
	b := open(t, t.TempDir())
	w := running(t, b.NewWriter())
	list := events(1, 3)
	list[2].Properties = pipeline.Properties(`{"x":"` + strings.Repeat("x", b.maxEvent()) + `"}`)
	err := w.Append(t.Context(), list)
	var large *EventTooLargeError
	if !errors.As(err, &large) || large.Index != 2 || large.Size != list[2].Size() || large.Limit != b.maxEvent() {
		t.Errorf("error\n got %v", err)
	}
	if got, _ := stored(t, b.events, "events.>"); len(got) != 0 {
		t.Errorf("%d events were stored all the same", len(got))
	}
	list[2].Properties = pipeline.Properties(`{"x":"` + strings.Repeat("x", b.maxEvent()-400) + `"}`)
	if err := w.Append(t.Context(), list); err != nil {
		t.Errorf("an event just within the limit: %v", err)
	}
}

// An event of 8 MB about AI, which PostHog's SDKs send, fits with all that is added to it, and comes out again.
func TestAppendTakesTheLargestEventsOfSDKs(t *testing.T) {
	b := open(t, t.TempDir())
	w := running(t, b.NewWriter())
	list := events(1, 1)
	list[0].Properties = pipeline.Properties(`{"x":"` + strings.Repeat("x", 8<<20) + `","$geoip":"` + strings.Repeat("y", 64<<10) + `"}`)
	if err := w.Append(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if got, _ := stored(t, b.events, "events.>"); len(got) != 1 || len(got[0].Properties) != len(list[0].Properties) {
		t.Errorf("%d events are stored, or something else", len(got))
	}
}

func TestAppendOverload(t *testing.T) {
	b := open(t, t.TempDir())
	w := b.NewWriter() // not running yet, so that everything piles up
	list := events(1, 10)
	size := 0
	for i := range list {
		size += list[i].Size()
	}
	w.limit = int64(2*size + 1)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if err := w.Append(t.Context(), list); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, func() string {
		if w.piled.Load() == int64(2*size) {
			return ""
		}
		return "two calls are not waiting"
	})
	if err := w.Append(t.Context(), list); !errors.Is(err, ErrOverloaded) {
		t.Errorf("third call\n got %v\nwant %v", err, ErrOverloaded)
	}
	running(t, w)
	group.Wait()
	if err := w.Append(t.Context(), list); err != nil {
		t.Errorf("after the pile is gone: %v", err)
	}
	if got, _ := stored(t, b.events, "events.>"); len(got) != 30 {
		t.Errorf("stored events\n got %d\nwant 30", len(got))
	}
}

// One lane's failure is the failure of the call, and of those who wait behind it, and of nobody else.
func TestLaneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Bus{config: Config{Lanes: 2}}
		w := newWriter(b, FrameLimit{Events: 2, Bytes: 1 << 20}, 2)
		broken := errors.New("broken")
		hold := make(chan struct{})
		publish := func(_ context.Context, p *pile) error {
			if p.lane == 0 {
				return nil
			}
			<-hold
			return unavailable(broken)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var lanes sync.WaitGroup
		for i := range w.lanes {
			lanes.Go(func() { w.lanes[i].run(ctx, publish) })
		}
		append2 := func(lanes ...int) *call {
			c := &call{done: make(chan struct{}, 1)}
			c.left.Store(1)
			for _, l := range lanes {
				w.piled.Add(int64(ptr(event(1, 1)).Size()))
				w.lanes[l].add(events(1, 2)[1:], []uint8{uint8(l)}, c)
			}
			c.settle(nil)
			return c
		}
		good, both, behind, behind2 := append2(0), append2(0, 1), append2(1, 1), append2(1)
		synctest.Wait()
		close(hold)
		for name, c := range map[string]struct {
			call *call
			want error
		}{"good lane": {good, nil}, "both lanes": {both, broken}, "behind": {behind, broken}, "behind that": {behind2, broken}} {
			<-c.call.done
			if !errors.Is(c.call.err, c.want) || c.want != nil && !errors.Is(c.call.err, ErrUnavailable) {
				t.Errorf("%s\n got %v\nwant %v", name, c.call.err, c.want)
			}
		}
		cancel()
		lanes.Wait()
		if got := w.piled.Load(); got != 0 {
			t.Errorf("%d bytes are still counted as waiting", got)
		}
	})
}

// Events of one call stay together: when one of a person is refused, no later one of the person is stored, however the events of others lie
// between them. Otherwise the repetition of the call would bring the earlier one behind the later one.
func TestCallIsNotTornApart(t *testing.T) {
	w := newWriter(&Bus{config: Config{Lanes: 2}}, FrameLimit{Events: 500, Bytes: 1 << 20}, embeddedFlying)
	var batch []pipeline.Event
	for i := range 200 {
		batch = append(batch, event(i%2*3, i)) // two people of different lanes, in turn
	}
	if LaneOf(batch[0].DistinctID, 2) == LaneOf(batch[1].DistinctID, 2) {
		t.Fatal("the test wants people of different lanes")
	}
	// Lanes that store whatever is there at once would store a part.
	var frames atomic.Int32
	var lanes sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	for i := range w.lanes {
		lanes.Go(func() {
			w.lanes[i].run(ctx, func(context.Context, *pile) error {
				frames.Add(1)
				return nil
			})
		})
	}
	const calls = 500
	for range calls {
		c := &call{done: make(chan struct{}, 1)}
		c.left.Store(1)
		w.hand(batch, c)
		c.settle(nil)
		<-c.done
	}
	if got := frames.Load(); got != 2*calls {
		t.Errorf("%d calls for two lanes were stored in %d frames, want %d", calls, got, 2*calls)
	}
	cancel()
	lanes.Wait()
}

// A server that does not answer at all holds nobody up for longer than two time limits, however many lanes there are.
func TestStuckServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(&Bus{config: Config{Lanes: 64}}, FrameLimit{Events: 2, Bytes: 1 << 20}, embeddedFlying)
		ctx, cancel := context.WithCancel(t.Context())
		var lanes sync.WaitGroup
		c := &call{done: make(chan struct{}, 1)}
		c.left.Store(1)
		for i := range w.lanes {
			w.lanes[i].add(events(1, 1), []uint8{uint8(i)}, c)
			lanes.Go(func() {
				w.lanes[i].run(ctx, func(ctx context.Context, _ *pile) error {
					ctx, cancel := context.WithTimeout(ctx, publishTimeout)
					defer cancel()
					<-ctx.Done()
					return unavailable(ctx.Err())
				})
			})
		}
		started := time.Now()
		c.settle(nil)
		<-c.done
		if took := time.Since(started); !errors.Is(c.err, ErrUnavailable) || took > 2*publishTimeout {
			t.Errorf("after %s\n got %v\nwant %v within %s", took, c.err, ErrUnavailable, 2*publishTimeout)
		}
		cancel()
		lanes.Wait()
	})
}

func TestAppendAfterRun(t *testing.T) {
	b := open(t, t.TempDir())
	w := b.NewWriter()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := w.Append(t.Context(), events(1, 10)); err != nil {
			t.Errorf("handed over before the stop: %v", err)
		}
	})
	eventually(t, func() string {
		if w.piled.Load() > 0 {
			return ""
		}
		return "nothing is waiting"
	})
	cancel()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if err := w.Append(t.Context(), events(1, 1)); !errors.Is(err, ErrUnavailable) || !errors.Is(err, errWriterStopped) {
		t.Errorf("after the stop\n got %v\nwant %v", err, errWriterStopped)
	}
	if got := w.piled.Load(); got != 0 {
		t.Errorf("%d bytes are still counted as waiting", got)
	}
}

func TestAppendStopsWaitingWithItsContext(t *testing.T) {
	b := open(t, t.TempDir())
	w := b.NewWriter()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := w.Append(ctx, events(1, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error\n got %v", err)
	}
	running(t, w)
	eventually(t, func() string {
		if got, _ := stored(t, b.events, "events.>"); len(got) == 1 {
			return ""
		}
		return "what was handed over is not stored"
	})
}
