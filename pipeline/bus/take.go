package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// takeBytes bounds the lines of a take, but for its first frame, and takenBytes those of all takes in hand together: when so much is, further
// takes are of one frame. Nobody waits for another.
const takeBytes, takenBytes = 4 << 20, 48 << 20

// gatherWait bounds the second step, which only collects what the server has said is there.
const gatherWait = 2 * time.Second

// errPassedBy says that the server has handed out a frame that did not arrive here. It has to come before the ones behind it.
var errPassedBy = errors.New("a frame was handed out and did not arrive")

// taker takes frames from a lane of a pipeline, those that wait together up to a limit. They come in the order of the log whatever is lost on
// the way: the server numbers what it hands out, and a number that is missing ends the taker, after which the lane is taken over anew.
type taker struct {
	bus    *Bus
	lane   workLane
	from   *taken
	seen   uint64      // the disturbances at the begin
	frames int         // that may be taken at once
	ends   []uint64    // of takes that were recorded before and may not be settled
	alone  bool        // the next frame is to be taken alone
	lost   atomic.Bool // an acknowledgement may not have arrived
	done   uint64      // frames up to this one are settled, whatever the server knows

	settled []jetstream.Msg // frames that are settled and not acknowledged yet
	since   time.Time       // when the first of those was
}

// take is frames that are worked together.
type take struct {
	messages []jetstream.Msg
	frames   []Received
	bytes    int   // of lines that are in memory for this take alone
	held     int64 // of takenBytes
}

// begin makes the lane ready, which is this process's.
//
// What a stage makes of a take is told from what it has made of another by the frames in it. So frames that may have been worked before are
// taken again as they were then: takes of several frames are in the journal before anything is made of them, and the first frame that is in no
// record may have been worked alone.
func (s *subscription) begin(ctx context.Context) (*taker, error) {
	seen := s.bus.disturbances()
	from, err := s.takeOver(ctx)
	if err != nil {
		return nil, err
	}
	t := &taker{bus: s.bus, lane: s.lane, from: from, seen: seen, frames: s.frames, alone: true, done: s.done}
	if s.frames > 1 {
		t.ends = s.bus.takes.after(ctx, s.bus, s.lane, from.CachedInfo().AckFloor.Stream)
	}
	if last := len(t.ends) - 1; last > 0 { // a take is recorded when the one before it is settled
		t.done = max(t.done, t.ends[last-1])
	}
	return t, nil
}

// take takes what is there, and waits for the first frame for some seconds. Nothing is nil.
func (t *taker) take(ctx context.Context) (*take, error) {
	if t.lost.Load() {
		return nil, errPassedBy
	}
	got, err := t.first(ctx)
	if err != nil || len(got.frames) == 0 {
		return nil, t.trouble(ctx, err)
	}
	first := got.frames[0].Sequence
	t.ends = slices.DeleteFunc(t.ends, func(end uint64) bool { return end < first })
	switch {
	case t.frames == 1:
	case len(t.ends) > 0:
		err = t.repeat(ctx, got, t.ends[0])
	case t.alone:
		t.alone = false
	default:
		err = t.gather(ctx, got)
	}
	t.bus.keep(got, int64(got.bytes))
	if err != nil {
		t.bus.keep(got, 0)
		return nil, err
	}
	return got, nil
}

// first takes the first frame that is not settled. Before it waits for one, it acknowledges those that are.
func (t *taker) first(ctx context.Context) (*take, error) {
	for {
		got, wait := &take{}, jetstream.FetchContext
		if len(t.settled) > 0 && t.bus.cluster == nil {
			wait = shortly
		} else if err := t.acknowledge(); err != nil {
			return got, err
		}
		switch err := t.fetch(ctx, got, 1, wait); {
		case err != nil:
			return got, err
		case len(got.frames) == 0 && len(t.settled) > 0:
			if err := t.acknowledge(); err != nil {
				return got, err
			}
		case len(got.frames) == 0 || got.frames[0].Sequence > t.done:
			return got, nil
		default:
			t.settled = append(t.settled, got.messages...)
		}
	}
}

// A server writes to disk, and syncs, where a lane stands whenever something is acknowledged. It need not know at once: the journal does. So a lane
// that is busy acknowledges every settleEvery, or when settledFrames are settled, and one that is not when nothing has come for settlePause.
const (
	settleEvery   = 2 * time.Second
	settledFrames = 128
	settlePause   = 50 * time.Millisecond
)

// shortly is a fetch for a lane that has something to acknowledge.
func shortly(context.Context) jetstream.FetchOpt { return jetstream.FetchMaxWait(settlePause) }

// settle notes that a take is settled.
func (t *taker) settle(done *take) error {
	if len(t.settled) == 0 {
		t.since = time.Now()
	}
	t.settled = append(t.settled, done.messages...)
	t.done = max(t.done, done.frames[len(done.frames)-1].Sequence)
	if t.frames == 1 || len(t.settled) >= settledFrames || time.Since(t.since) >= settleEvery {
		return t.acknowledge()
	}
	return nil
}

// acknowledge tells the server of the frames that are settled.
func (t *taker) acknowledge() error {
	if len(t.settled) == 0 {
		return nil
	}
	all := take{messages: t.settled}
	t.settled = nil
	return all.ack()
}

// keep gives back what a take holds of takenBytes and does not need.
func (b *Bus) keep(t *take, need int64) {
	if need < t.held {
		b.taken.Release(t.held - need)
		t.held = need
	}
}

// trouble says why nothing came, if it is known that something may have.
func (t *taker) trouble(ctx context.Context, err error) error {
	if err != nil || t.bus.cluster == nil {
		return err
	}
	if t.bus.disturbances() != t.seen || t.from.haunted(ctx) {
		return errPassedBy
	}
	return nil
}

// repeat takes the frames up to the one with which a take ended before.
func (t *taker) repeat(ctx context.Context, got *take, end uint64) error {
	for n := len(got.frames); got.frames[n-1].Sequence < end; n++ {
		if err := t.fetch(ctx, got, 1, within); err != nil {
			return err
		}
		if len(got.frames) == n {
			return nil // the others are older than the log
		}
	}
	return nil
}

// gather takes more of what is there.
func (t *taker) gather(ctx context.Context, got *take) error {
	md, err := got.messages[0].Metadata()
	if err != nil {
		return fmt.Errorf("frame without metadata: %w", err)
	}
	more, options := t.bus.fit(int(min(md.NumPending, uint64(t.frames-1))), takeBytes, got.messages[0], nil)
	if more == 0 || !t.bus.taken.TryAcquire(takeBytes) {
		return nil
	}
	got.held = takeBytes
	return t.fetch(ctx, got, more, within, options...)
}

// within is a fetch of what is there.
func within(context.Context) jetstream.FetchOpt { return jetstream.FetchMaxWait(gatherWait) }

// fetch asks the server once.
func (t *taker) fetch(ctx context.Context, got *take, n int, wait func(context.Context) jetstream.FetchOpt, options ...jetstream.FetchOpt) error {
	patience := 10 * time.Second
	if t.bus.cluster != nil {
		// A request must not outlive the process that made it for long: what it would be handed out is lost. A server that dies meanwhile is missed.
		patience = 3 * time.Second
		options = append(options, jetstream.FetchPriorityGroup(pinGroup), jetstream.FetchHeartbeat(fetchBeat))
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	batch, err := t.from.Fetch(n, append(options, wait(waiting))...)
	if err != nil {
		return unavailable(err)
	}
	for m := range batch.Messages() {
		md, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("frame without metadata: %w", err)
		}
		if !t.from.follows(md.Sequence.Consumer) {
			return errPassedBy
		}
		frame, shared := t.bus.received(m, md)
		if !shared {
			got.bytes += unpackedSize(m.Headers(), m.Data())
		}
		got.messages = append(got.messages, m)
		got.frames = append(got.frames, frame)
	}
	switch err := batch.Error(); {
	case err == nil, errors.Is(err, context.DeadlineExceeded), over(ctx):
		return nil
	case errors.Is(err, jetstream.ErrPinIDMismatch), errors.Is(err, jetstream.ErrNoHeartbeat):
		return errPassedBy
	default:
		return unavailable(err)
	}
}

// fetchBeat is how often the server shows that it knows of a request: one that was lost with the connection is missed after two.
const fetchBeat = 900 * time.Millisecond

// inProgress keeps the frames from being handed out again.
func (t *take) inProgress() error {
	var errs []error
	for _, m := range t.messages {
		errs = append(errs, m.InProgress())
	}
	return errors.Join(errs...)
}

// ack settles the frames, and waits for the server, so that a clean stop never repeats one. The first frame is the last, because the lane's place
// moves when that is settled: whenever it is interrupted, all of them come again, or none.
func (t *take) ack() error {
	for _, m := range slices.Backward(t.messages[1:]) {
		if err := m.Ack(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	return t.messages[0].DoubleAck(ctx)
}
