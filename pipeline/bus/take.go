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

// takeBytes bounds the lines of a take, but for its first frame, and takenBytes what all takes in hand have of them in memory together, packed as they
// are stored: when so much is, further takes are of one frame. Nobody waits for another.
const takeBytes, takenBytes = 4 << 20, 48 << 20

// gatherWait bounds the second step, which only collects what the server has said is there. After one that brought nothing, takes are of one
// frame for as many as gatherRest: the server hands out one at a time, for somebody with another configuration.
const gatherWait, gatherRest = 2 * time.Second, 64

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
	most   int         // that are, going by how long the last take took
	known  []stretch   // takes that were recorded before and may not be settled
	alone  bool        // the next frame is to be taken alone
	shy    int         // takes of one frame that are still to come
	lost   atomic.Bool // an acknowledgement may not have arrived
	done   uint64      // frames up to this one are settled, whatever the server knows
	high   uint64      // the last frame that was handed out

	ahead []jetstream.Msg // frames that were handed out and are not taken yet
}

// take is frames that are worked together.
type take struct {
	messages []jetstream.Msg
	frames   []Received
	size     int   // of the lines
	bytes    int   // of the frames as they are stored
	held     int64 // of takenBytes
	more     bool  // there are others behind them
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
	t := &taker{bus: s.bus, lane: s.lane, from: from, seen: seen, frames: s.frames, most: s.frames, alone: true, done: s.done}
	if s.frames > 1 {
		if t.known, err = s.bus.takes.after(ctx, s.bus, s.lane, floor(from.CachedInfo())); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// take takes what is there, and waits for the first frame for some seconds. Nothing is nil.
func (t *taker) take(ctx context.Context) (*take, error) {
	if t.lost.Load() {
		return nil, errPassedBy
	}
	first, err := t.first(ctx)
	if err != nil || first == nil {
		return nil, t.trouble(ctx, err)
	}
	got := &take{}
	err = t.complete(ctx, got, first)
	t.bus.keep(got, int64(got.bytes))
	if err != nil {
		t.bus.keep(got, 0)
		return nil, err
	}
	return got, nil
}

// complete adds the first frame and those that belong to it.
func (t *taker) complete(ctx context.Context, got *take, first jetstream.Msg) error {
	if err := t.add(got, first); err != nil {
		return err
	}
	at := got.frames[0].Sequence
	t.known = slices.DeleteFunc(t.known, func(s stretch) bool { return s.last < at })
	for len(t.known) > 1 && t.known[1].first <= at { // the frames before it were settled apart from the first take's, and it was taken with others after that
		t.known = t.known[1:]
	}
	switch {
	case t.frames == 1:
	case len(t.known) > 0 && at < t.known[0].first: // its record is lost
	case len(t.known) > 0:
		return t.repeat(ctx, got, t.known[0].last)
	case t.alone:
		t.alone = false
	default:
		return t.gather(ctx, got)
	}
	return nil
}

func (t *taker) add(got *take, m jetstream.Msg) error {
	md, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("frame without metadata: %w", err)
	}
	frame, err := t.bus.received(m, md)
	if err != nil {
		return err
	}
	got.size += unpackedSize(m.Headers(), m.Data())
	got.bytes += len(m.Data())
	got.messages, got.frames = append(got.messages, m), append(got.frames, frame)
	got.more = md.NumPending > 0 || len(t.ahead) > 0
	return nil
}

// slowTake is how long a take should take at most: a stop that comes in the middle of one does not wait much longer, and then all of it is worked
// again.
const slowTake = 4 * time.Second

// pace makes takes smaller that take long, and larger again.
func (t *taker) pace(frames int, took time.Duration) {
	if took > slowTake {
		t.most = max(frames/2, 1)
		return
	}
	t.most = min(2*t.most, t.frames)
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
	for got.frames[len(got.frames)-1].Sequence < end {
		m, err := t.next(ctx, within)
		switch {
		case err != nil:
			return err
		case m == nil && got.more:
			return errPassedBy // it is there, and the same company has to come
		case m == nil:
			return nil // the others are older than the log
		}
		if err := t.add(got, m); err != nil {
			return err
		}
	}
	return nil
}

// gather takes more of what is there.
func (t *taker) gather(ctx context.Context, got *take) error {
	if t.shy > 0 {
		t.shy--
		return nil
	}
	first := got.messages[0]
	room := int64(min(packedRoom(takeBytes, first.Headers(), first.Data()), takeBytes))
	if !got.more || !t.bus.taken.TryAcquire(room) {
		return nil
	}
	got.held = room
	if len(t.ahead) == 0 {
		if err := t.lookAhead(ctx, got); err != nil {
			return err
		}
	}
	for len(t.ahead) > 0 && len(got.frames) < t.most {
		m := t.ahead[0]
		if got.size+unpackedSize(m.Headers(), m.Data()) > takeBytes {
			return nil
		}
		t.ahead = t.ahead[1:]
		if err := t.add(got, m); err != nil {
			return err
		}
	}
	return nil
}

// lookAhead fetches what may fit behind a take's first frame, going by that one. What does not is for the next take.
//
// An outside server is asked for a number. Where consumers are replicated, it sends a frame only when the other servers know of it, but at once the
// word that the number asked for is reached and bytes are left, which it has only for requests with a limit in bytes: the client would end the request by
// that, and all its frames would be lost.
func (t *taker) lookAhead(ctx context.Context, got *take) error {
	first := got.messages[0]
	md, err := first.Metadata()
	if err != nil {
		return fmt.Errorf("frame without metadata: %w", err)
	}
	more, options := int(min(md.NumPending, uint64(t.most-1))), []jetstream.FetchOpt(nil)
	if room := takeBytes - got.size; t.bus.Shared() {
		more = min(more, room/max(got.size, 1))
	} else {
		options = append(options, jetstream.FetchMaxBytes(packedRoom(max(room, 1), first.Headers(), first.Data())))
	}
	if more <= 0 || got.size >= takeBytes {
		return nil
	}
	if t.ahead, err = t.fetch(ctx, more, within, options...); err == nil && len(t.ahead) == 0 {
		t.shy = gatherRest
	}
	return err
}

// first returns the first frame that is not settled, nil for none.
func (t *taker) first(ctx context.Context) (jetstream.Msg, error) {
	for {
		m, err := t.next(ctx, jetstream.FetchContext)
		if err != nil || m == nil {
			return nil, err
		}
		md, err := m.Metadata()
		if err != nil || md.Sequence.Stream > t.done {
			return m, err
		}
		if err := m.Ack(); err != nil {
			return nil, err
		}
	}
}

// next returns the frame that is next, nil for none.
func (t *taker) next(ctx context.Context, wait func(context.Context) jetstream.FetchOpt) (jetstream.Msg, error) {
	if len(t.ahead) == 0 {
		var err error
		if t.ahead, err = t.fetch(ctx, 1, wait); err != nil || len(t.ahead) == 0 {
			return nil, err
		}
	}
	m := t.ahead[0]
	t.ahead = t.ahead[1:]
	return m, nil
}

// within is a fetch of what is there.
func within(context.Context) jetstream.FetchOpt { return jetstream.FetchMaxWait(gatherWait) }

// fetch asks the server once.
func (t *taker) fetch(ctx context.Context, n int, wait func(context.Context) jetstream.FetchOpt, options ...jetstream.FetchOpt) ([]jetstream.Msg, error) {
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
		return nil, unavailable(err)
	}
	var got []jetstream.Msg
	for m := range batch.Messages() {
		md, err := m.Metadata()
		if err != nil {
			return nil, fmt.Errorf("frame without metadata: %w", err)
		}
		// One that comes again behind others is worked already, or the server has let others pass it.
		if !t.from.follows(md.Sequence.Consumer) || md.Sequence.Stream < t.high && md.Sequence.Stream > t.done {
			return nil, errPassedBy
		}
		t.high = max(t.high, md.Sequence.Stream)
		got = append(got, m)
	}
	switch err := batch.Error(); {
	case err == nil, errors.Is(err, context.DeadlineExceeded), over(ctx):
		return got, nil
	case errors.Is(err, jetstream.ErrPinIDMismatch), errors.Is(err, jetstream.ErrNoHeartbeat):
		return nil, errPassedBy
	default:
		return nil, unavailable(err)
	}
}

// fetchBeat is how often the server shows that it knows of a request: one that was lost with the connection is missed after two.
const fetchBeat = 900 * time.Millisecond
