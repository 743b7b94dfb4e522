package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// pinGroup is the name of the only priority group that consumers of a shared server have. It is a fence: whatever processes believe, the
// server hands the frames of a lane to one of them at a time, and one that has lost the pin is refused.
const pinGroup = "lane"

// headerPin is in the messages of the process that has the pin; the server makes up its value anew for each.
const headerPin = "Nats-Pin-Id"

// pinnedFor is how long a process may ask for nothing before it loses the pin. It gets it again when it asks and the lane is still its own, so
// this matters only where a dead process was handed out something after its lane was taken over.
const pinnedFor = 10 * time.Second

// A request of the process before that the server sees to late may get the pin, and a frame with it that nobody receives. While nothing has
// come since the lane was taken over, it is looked for every hauntedEvery, until hauntedFor when such requests are over.
const hauntedEvery, hauntedFor = time.Second, 15 * time.Second

// taken is a lane's consumer for the process that has taken the lane over. An older one knows an older pin.
type taken struct {
	jetstream.Consumer
	next   uint64    // the number that the consumer gives to what it hands out next: another one means that something was lost
	since  time.Time // of the takeover
	looked time.Time // for a stranger's pin
	came   bool      // something, since then
}

// follows takes note of what was handed out, and reports whether nothing was handed out in between.
func (t *taken) follows(number uint64) bool {
	t.came = true
	t.next++
	return number == t.next-1
}

// haunted reports whether a stranger has the pin. A nil receiver has none.
func (t *taken) haunted(ctx context.Context) bool {
	if t == nil || t.came || time.Since(t.since) > hauntedFor || time.Since(t.looked) < hauntedEvery {
		return false
	}
	t.looked = time.Now()
	ctx, cancel := context.WithTimeout(ctx, hauntedEvery)
	defer cancel()
	info, err := t.Info(ctx)
	return err == nil && pinned(info)
}

func pinned(info *jetstream.ConsumerInfo) bool {
	return len(info.PriorityGroups) == 1 && info.PriorityGroups[0].PinnedClientID != ""
}

// takeOver makes a lane ready for this process, which it belongs to now: nobody else gets anything of it any more, and what was handed out and
// is not settled comes again at once, in order, before anything newer. It is also for a lane whose frames may have got lost on their way.
func (b *Bus) takeOver(ctx context.Context, stream jetstream.Stream, name string) (*taken, error) {
	patience := openTimeout // behind the making of dozens of consumers
	if b.Shared() {
		patience = publishTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		t, err := b.tryTakeOver(ctx, stream, name)
		if err == nil || !away(err) || !Pause(ctx, takeOverPause) {
			return t, err
		}
	}
}

// A request that a server has not got to answer before it died, or for which no server was elected yet, is not waited for: the next one may be
// answered at once.
const takeOverPatience, takeOverPause = 1500 * time.Millisecond, 200 * time.Millisecond

func (b *Bus) tryTakeOver(ctx context.Context, stream jetstream.Stream, name string) (*taken, error) {
	if b.Shared() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, takeOverPatience)
		defer cancel()
	}
	consumer, err := stream.Consumer(ctx, name)
	if err != nil {
		return nil, unavailable(err)
	}
	info := consumer.CachedInfo()
	if pinned(info) {
		if err := stream.UnpinConsumer(ctx, name, pinGroup); err != nil {
			return nil, unavailable(err)
		}
		if info, err = consumer.Info(ctx); err != nil { // something may have been handed out in between
			return nil, unavailable(err)
		}
	}
	if info.NumAckPending > 0 {
		if err := b.takeBack(ctx, stream, info); err != nil {
			return nil, unavailable(err)
		}
		if info, err = consumer.Info(ctx); err != nil {
			return nil, unavailable(err)
		}
	}
	now := time.Now()
	return &taken{Consumer: consumer, next: info.Delivered.Consumer + 1, since: now, looked: now}, nil
}

// takeBack is a takeBack for an outside server. Frames that were handed out keep their order only if they count as new: whenever the server meets
// a request that it has to refuse (of the process before, for one), it puts one that comes again behind the others. A server that cannot forget
// that they were handed out does that.
func (b *Bus) takeBack(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) error {
	if b.reorders() {
		return b.reclaim(ctx, stream, info)
	}
	return reset(ctx, stream, info)
}

// reorders reports whether the server may put frames that come again behind others. With one in hand at a time it has none to put them behind.
func (b *Bus) reorders() bool {
	return b.Shared() && olderThan(b.conn.ConnectedServerVersion(), resetMajor, resetMinor)
}

// resetMajor and resetMinor are the first server version that is known to take back in order what was handed out.
const resetMajor, resetMinor = 2, 14

// disturbances grows with every connection that was lost. What was handed out at that moment may be lost with it.
func (b *Bus) disturbances() uint64 { return b.conn.Stats().Reconnects }
