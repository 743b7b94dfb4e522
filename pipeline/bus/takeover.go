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
const pinnedFor = 20 * time.Second

// takeOver makes a lane ready for this process, which it belongs to now: nobody else gets anything of it any more, and what was handed out and
// is not settled comes again at once, in order, before anything newer. It is also for a lane whose frames may have got lost on their way. The
// consumer that it returns is to be used from then on: an older one knows an older pin.
func (b *Bus) takeOver(ctx context.Context, stream jetstream.Stream, name string) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	consumer, err := stream.Consumer(ctx, name)
	if err != nil {
		return nil, unavailable(err)
	}
	info := consumer.CachedInfo()
	if len(info.PriorityGroups) == 1 && info.PriorityGroups[0].PinnedClientID != "" {
		if err := stream.UnpinConsumer(ctx, name, pinGroup); err != nil {
			return nil, unavailable(err)
		}
		if info, err = consumer.Info(ctx); err != nil { // something may have been handed out in between
			return nil, unavailable(err)
		}
	}
	if info.NumAckPending == 0 {
		return consumer, nil
	}
	// Frames that were handed out keep their order only if they count as new: whenever the server meets a request that it has to refuse (of the
	// process before, for one), it puts one that comes again behind the others. Servers that cannot forget that they were handed out do that.
	takeBack := reset
	if olderThan(b.conn.ConnectedServerVersion(), resetMajor, resetMinor) {
		takeBack = b.reclaim
	}
	if err := takeBack(ctx, stream, info); err != nil {
		return nil, unavailable(err)
	}
	return consumer, nil
}

// resetMajor and resetMinor are the first server version that is known to take back in order what was handed out.
const resetMajor, resetMinor = 2, 14

// disturbances grows with every connection that was lost. What was handed out at that moment may be lost with it.
func (b *Bus) disturbances() uint64 { return b.conn.Stats().Reconnects }
