package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Keys of consumer metadata, by which Status knows what a consumer is for.
const (
	metadataPipeline    = "prickle-pipeline"
	metadataDestination = "prickle-destination"
	metadataLane        = "prickle-lane"
	metadataReplay      = "prickle-replay" // of what is sent once more
)

// open creates the consumer or brings its settings up to date. What an earlier process with an embedded server left unsettled is taken
// back at once when the consumer is opened for the first time: nobody else can be at work on it, and waiting until its time is over
// would let later frames overtake it.
func (b *Bus) open(ctx context.Context, stream jetstream.Stream, config jetstream.ConsumerConfig, takeBack takeBack) (jetstream.Consumer, error) {
	if b.shared() {
		config.PriorityPolicy = jetstream.PriorityPolicyPinned
		config.PriorityGroups = []string{pinGroup}
		if config.PinnedTTL == 0 {
			config.PinnedTTL = b.pinnedFor
		}
	} else {
		config.PinnedTTL = 0
	}
	ctx, cancel := b.opening(ctx)
	defer cancel()
	consumer, err := b.create(ctx, stream, config)
	if err != nil {
		return nil, fmt.Errorf("consumer %q: %w", config.Durable, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.shared() && !b.opened[config.Durable] && consumer.CachedInfo().NumAckPending > 0 {
		if err := takeBack(ctx, stream, consumer.CachedInfo()); err != nil {
			return nil, fmt.Errorf("consumer %q: %w", config.Durable, err)
		}
	}
	b.opened[config.Durable] = true
	b.placesChanged()
	return consumer, nil
}

// takeBack makes everything that a consumer has handed out and that is not settled come again at once, in order.
type takeBack func(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) error

// reset is a takeBack that forgets how often frames have been handed out.
func reset(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) error {
	_, err := stream.ResetConsumer(ctx, info.Name)
	return err
}

// reclaim is a takeBack for a work queue that remembers it. In a work queue, what is there and has been handed out is exactly what is not
// settled. Each frame is refused by the subject that a reader of it would have answered to.
//
// What a consumer knows is written ten times a second, and a frame that is acknowledged is removed at once: after a kill, a consumer may wait
// for frames that are gone. They would count as in hand, and keep a lane that hands out one at a time waiting, until their time is over. The
// server finds that they are gone when it is to hand them out again, so they are refused as well.
func (b *Bus) reclaim(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) error {
	last := ""
	refuse := func(sequence uint64) error {
		last = ackSubject(info, sequence)
		return b.conn.Publish(last, []byte(refused))
	}
	found := 0
	for next := info.AckFloor.Stream + 1; next <= info.Delivered.Stream; found++ {
		m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(info.Config.FilterSubject))
		if errors.Is(err, jetstream.ErrMsgNotFound) || err == nil && m.Sequence > info.Delivered.Stream {
			break
		}
		if err != nil {
			return err
		}
		if err := refuse(m.Sequence); err != nil {
			return err
		}
		next = m.Sequence + 1
	}
	// Which ones are gone is not to be known, so all are refused; the server ignores it for those that it does not wait for.
	for next := info.AckFloor.Stream + 1; found < info.NumAckPending && next <= info.Delivered.Stream; next++ {
		if err := refuse(next); err != nil {
			return err
		}
	}
	if last == "" {
		return nil
	}
	_, err := b.conn.RequestWithContext(ctx, last, []byte(inProgress)) // answered after all before it have been seen to
	return err
}

// ackSubject is where a frame of an embedded server's consumer is settled:
// $JS.ACK.<stream>.<consumer>.<handed out>.<stream sequence>.<consumer sequence>.<time>.<pending>, of which the server reads the sequences: the frame's
// own, and any of the consumer's that is not settled.
func ackSubject(info *jetstream.ConsumerInfo, sequence uint64) string {
	return fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.0.0", info.Stream, info.Name, sequence, info.Delivered.Consumer)
}

// reopenPause is the wait before a server that was not there is asked again for a consumer.
const reopenPause = 500 * time.Millisecond

// create makes the consumer. When an outside server is away, it asks again until ctx ends: a stage that starts to work at that moment must not
// end the process.
func (b *Bus) create(ctx context.Context, stream jetstream.Stream, config jetstream.ConsumerConfig) (jetstream.Consumer, error) {
	for told := false; ; told = true {
		consumer, err := stream.CreateOrUpdateConsumer(ctx, config)
		if err == nil || !b.shared() || !away(err) {
			return consumer, err
		}
		if !told {
			b.log.Warn("waiting for the bus", "consumer", config.Durable, "error", err)
		}
		if !pause(ctx, reopenPause) {
			return nil, err
		}
	}
}

// away tells a server that does not answer, or that says it cannot at the moment, from one that refuses.
func away(err error) bool {
	var refusal *jetstream.APIError
	return !errors.As(err, &refusal) || refusal.Code >= 500
}

// pinGroup is the name of the only priority group that consumers of a shared server have. Its point is that one process at a time works
// a lane, so that frames keep their order and what a process remembers of a lane (recently seen ids) is complete.
const pinGroup = "lane"

// headerPin is in the messages of the process that works the lane; the server makes up its value.
const headerPin = "Nats-Pin-Id"

// unpin gives a lane up, so that another process need not wait until this one has been silent for long enough. pin is the last one seen;
// when the server has another by now, the lane belongs to someone else.
func (b *Bus) unpin(stream jetstream.Stream, consumer jetstream.Consumer, pin string) {
	if pin == "" || !b.conn.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	info, err := consumer.Info(ctx)
	if err == nil && len(info.PriorityGroups) == 1 && info.PriorityGroups[0].PinnedClientID == pin {
		err = stream.UnpinConsumer(ctx, info.Name, pinGroup)
	}
	if err != nil {
		b.log.Debug("giving a lane up", "error", err) // the others will find out
	}
}
