package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
)

// together subscribes lane 3 of a pipeline to messages of several frames.
func together(t *testing.T, b *Bus, pipeline string) (<-chan *message.Message, *Subscriber) {
	t.Helper()
	s := b.Subscriber(pipeline)
	s.Frames, s.NackDelay, s.Grace = 64, 0, 0
	messages, err := s.Subscribe(t.Context(), EventsTopic(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // always nil
	return messages, s
}

func ids(m *message.Message) (list []string) {
	for _, f := range FramesOf(m) {
		list = append(list, f.ID)
	}
	return list
}

func wantFrames(t *testing.T, m *message.Message, want ...string) {
	t.Helper()
	if got := ids(m); !slices.Equal(got, want) {
		t.Errorf("frames\n got %v\nwant %v", got, want)
	}
}

func captureSeveral(t *testing.T, b *Bus, names ...string) {
	t.Helper()
	for i, name := range names {
		capture(t, b, name, events(i, 2))
	}
}

// note puts the records of a message into the journal, as a stage does.
func note(t *testing.T, b *Bus, m *message.Message) {
	t.Helper()
	frames := FramesOf(m)
	for _, f := range frames {
		r := &ProcessRecord{Pipeline: "web", Lane: 3, Frame: f.ID, Sequence: f.Sequence}
		if len(frames) > 1 {
			r.First, r.Last = frames[0].Sequence, frames[len(frames)-1].Sequence
		}
		if err := b.Journal(&Record{Process: r}).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// The first frame after a start comes alone, and then what waits comes together. A Nack brings the same again.
func TestWhatWaitsComesTogether(t *testing.T) {
	b := open(t, t.TempDir())
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c", "d")
	m := receive(t, messages)
	wantFrames(t, m, "a")
	m.Ack()
	m = receive(t, messages)
	wantFrames(t, m, "b", "c", "d")
	captureSeveral(t, b, "e")
	m.Nack()
	m = receive(t, messages)
	wantFrames(t, m, "b", "c", "d")
	for i, f := range FramesOf(m) {
		if f.Lane != 3 || f.Sequence != uint64(i+2) || uuids(f.Frame().Events) != uuids(events(i+1, 2)) {
			t.Errorf("frame %d of the message: lane %d, sequence %d, events\n%s", i, f.Lane, f.Sequence, uuids(f.Frame().Events))
		}
	}
	m.Ack()
	m = receive(t, messages)
	wantFrames(t, m, "e")
	m.Ack()
	eventually(t, func() string {
		info, err := b.events.Consumer(t.Context(), durable("web", "3"))
		if err != nil || info.CachedInfo().AckFloor.Stream != 5 {
			return fmt.Sprintf("the place is not behind the last frame: %+v, %v", info, err)
		}
		return ""
	})
}

// What a stage may have worked before a crash is worked again in the same company, whatever has come since: frames that were recorded together
// together, and the first one that was not recorded alone.
func TestTheSameComesTogetherAfterACrash(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	messages, s := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	first := receive(t, messages)
	note(t, b, first)
	first.Ack()
	recorded := receive(t, messages)
	wantFrames(t, recorded, "b", "c")
	note(t, b, recorded)
	captureSeveral(t, b, "d", "e", "f")
	for _, how := range []string{"a new subscriber", "a new process", "once more"} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if how != "a new subscriber" {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			b = open(t, dir)
		}
		messages, s = together(t, b, "web")
		if m := receive(t, messages); !slices.Equal(ids(m), []string{"b", "c"}) {
			t.Fatalf("%s\n got %v\nwant b and c", how, ids(m))
		} else if how == "once more" {
			m.Ack()
		}
	}
	var rest []string
	for len(rest) < 3 { // how many are together is up to the server
		m := receive(t, messages)
		rest = append(rest, ids(m)...)
		m.Ack()
	}
	if want := []string{"d", "e", "f"}; !slices.Equal(rest, want) {
		t.Errorf("behind them\n got %v\nwant %v", rest, want)
	}
}

// A settling that is interrupted anywhere brings all frames again, or none.
func TestSettlingIsAllOrNothing(t *testing.T) {
	for sent := range 3 {
		t.Run(fmt.Sprint(sent), func(t *testing.T) {
			dir := t.TempDir()
			b := open(t, dir)
			messages, s := together(t, b, "web")
			captureSeveral(t, b, "a", "b", "c", "d")
			receiveAck(t, messages)
			m := receive(t, messages)
			note(t, b, m)
			interrupted := errors.New("interrupted")
			got := &take{frames: FramesOf(m)}
			for range got.frames {
				got.messages = append(got.messages, &interruptedMsg{left: &sent, err: interrupted, bus: b})
			}
			for i, f := range got.frames {
				got.messages[i].(*interruptedMsg).reply = b.ackOf(t, "web", f.Sequence)
			}
			if err := got.ack(); !errors.Is(err, interrupted) {
				t.Fatalf("got %v, want %v", err, interrupted)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			messages, _ = together(t, open(t, dir), "web")
			wantFrames(t, receive(t, messages), "b", "c", "d")
		})
	}
}

// ackOf is where a frame that lane 3 of a pipeline has been handed out is settled.
func (b *Bus) ackOf(t *testing.T, pipeline string, sequence uint64) string {
	t.Helper()
	consumer, err := b.events.Consumer(t.Context(), durable(pipeline, "3"))
	if err != nil {
		t.Fatal(err)
	}
	info := consumer.CachedInfo()
	return fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.0.0", info.Stream, info.Name, sequence, sequence) // each frame was handed out once
}

// interruptedMsg is settled until none is left.
type interruptedMsg struct {
	jetstream.Msg
	left  *int
	err   error
	bus   *Bus
	reply string
}

func (m *interruptedMsg) Ack() error {
	if *m.left == 0 {
		return m.err
	}
	*m.left--
	_, err := m.bus.conn.Request(m.reply, []byte("+ACK"), publishTimeout)
	return err
}

func (m *interruptedMsg) DoubleAck(context.Context) error { return m.Ack() }

// Two subscribers to a lane of one process take turns.
func TestOneSubscriberAtATime(t *testing.T) {
	b := open(t, t.TempDir())
	messages, s := together(t, b, "web")
	others, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b")
	m := receive(t, messages)
	working := time.NewTimer(500 * time.Millisecond)
	defer working.Stop()
	select {
	case m := <-others:
		t.Errorf("the second subscriber was given %v while the first is at work", ids(m))
	case <-working.C:
	}
	m.Ack()
	receive(t, messages)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantFrames(t, receiveAck(t, others), "b")
}

// A frame that the server has handed out to nobody comes before those behind it.
func TestNothingIsPassedBy(t *testing.T) {
	b := open(t, t.TempDir())
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a")
	receiveAck(t, messages)
	thief, err := b.events.Consumer(t.Context(), durable("web", "3"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stolen := make(chan jetstream.MessageBatch, 1)
	eventually(t, func() string { // the subscription has a request out, which comes first
		batch, err := thief.Fetch(1, jetstream.FetchContext(ctx))
		if err != nil {
			return err.Error()
		}
		stolen <- batch
		return ""
	})
	captureSeveral(t, b, "b", "c", "d", "e")
	m := receive(t, messages)
	wantFrames(t, m, "b")
	if got := <-(<-stolen).Messages(); got == nil {
		t.Fatal("nothing was stolen")
	}
	cancel()
	m.Ack()
	var got []string
	for len(got) < 3 {
		m := receiveAck(t, messages)
		got = append(got, ids(m)...)
	}
	if !slices.Equal(got, []string{"c", "d", "e"}) {
		t.Errorf("after a frame was handed out to somebody else\n got %v\nwant c, d, e", got)
	}
}

// So much is in hand that further takes are of one frame.
func TestTakesAreBounded(t *testing.T) {
	b := open(t, t.TempDir())
	if !b.taken.TryAcquire(takenBytes - 100) {
		t.Fatal("the bytes are taken")
	}
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	for _, want := range []string{"a", "b"} {
		m := receive(t, messages)
		wantFrames(t, m, want)
		m.Ack()
	}
	b.taken.Release(takenBytes - 100)
	captureSeveral(t, b, "d", "e")
	for got := 0; got < 3; {
		got += len(ids(receiveAck(t, messages)))
	}
	eventually(t, func() string {
		if !b.taken.TryAcquire(takenBytes) {
			return "something is still held"
		}
		return ""
	})
}

// What the journal says is settled does not come again, however little of it the server knew when it was killed. Where a power failure may leave a
// record without what was stored before it, the journal is not asked.
func TestSettledIsKnownFromTheJournal(t *testing.T) {
	for sync, want := range map[string][]string{SyncAlways: {"d"}, SyncInterval: {"a"}} {
		t.Run(sync, func(t *testing.T) {
			dir := t.TempDir()
			synced := func(c *Config) { c.Sync = sync }
			b := late(open(t, dir, synced))
			messages, _ := together(t, b, "web")
			captureSeveral(t, b, "a", "b", "c")
			state := filepath.Join(dir, "store", "jetstream", "$G", "streams", streamEvents, "obs", durable("web", "3"), "o.dat")
			before, err := os.ReadFile(state)
			if stored := sync == SyncInterval; err != nil && stored || err == nil && !stored {
				t.Fatalf("on disk is %v, want %v (%v)", err == nil, stored, err)
			}
			work(t, b, messages, 2) // a; b and c
			captureSeveral(t, b, "d")
			m := receive(t, messages)
			note(t, b, m)
			wantFrames(t, m, "d")
			if sync == SyncAlways {
				dir = powerCut(t, dir)
			} else {
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(state, before, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			b = open(t, dir, synced)
			messages, _ = together(t, b, "web")
			wantFrames(t, receiveAck(t, messages), want...)
			if sync != SyncAlways {
				return
			}
			captureSeveral(t, b, "e")
			wantFrames(t, receiveAck(t, messages), "e")
			eventually(t, func() string {
				info, err := b.events.Consumer(t.Context(), durable("web", "3"))
				if err != nil || info.CachedInfo().AckFloor.Stream != 5 {
					return fmt.Sprintf("the place is not behind the last frame: %+v, %v", info, err)
				}
				return ""
			})
		})
	}
}
