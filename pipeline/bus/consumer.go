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
	metadataSince       = "prickle-since"  // of a place that is made again with each start: when the pipeline was given it
)

// open creates the consumer or brings its settings up to date. What an earlier process with an embedded server left unsettled is taken
// back at once when the consumer is opened for the first time: nobody else can be at work on it, and waiting until its time is over
// would let later frames overtake it.
func (b *Bus) open(ctx context.Context, stream jetstream.Stream, config jetstream.ConsumerConfig, takeBack takeBack) (jetstream.Consumer, error) {
	config = b.pinnedConfig(config)
	ctx, cancel := b.opening(ctx)
	defer cancel()
	if err := b.forgetStored(ctx, stream, config); err != nil {
		return nil, fmt.Errorf("consumer %q: %w", config.Durable, err)
	}
	consumer, err := b.create(ctx, stream, config)
	if err != nil {
		return nil, fmt.Errorf("consumer %q: %w", config.Durable, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.Shared() && !b.opened[config.Durable] && consumer.CachedInfo().NumAckPending > 0 {
		if err := takeBack(ctx, stream, consumer.CachedInfo()); err != nil {
			return nil, fmt.Errorf("consumer %q: %w", config.Durable, err)
		}
	}
	b.opened[config.Durable] = true
	b.placesChanged()
	return consumer, nil
}

// forgetStored removes a consumer that the server keeps on disk where it is to keep it in memory, as older versions had it.
func (b *Bus) forgetStored(ctx context.Context, stream jetstream.Stream, config jetstream.ConsumerConfig) error {
	if !config.MemoryStorage {
		return nil
	}
	consumer, err := stream.Consumer(ctx, config.Durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		return nil
	case err != nil:
		return err
	case consumer.CachedInfo().Config.MemoryStorage:
		return nil
	}
	return stream.DeleteConsumer(ctx, config.Durable)
}

// pinnedConfig adds what sees to it that one process at a time is handed out something, where there may be several.
func (b *Bus) pinnedConfig(config jetstream.ConsumerConfig) jetstream.ConsumerConfig {
	if b.Shared() {
		config.PriorityPolicy, config.PriorityGroups, config.PinnedTTL = jetstream.PriorityPolicyPinned, []string{pinGroup}, pinnedFor
	}
	return config
}

// takeBack makes everything that a consumer has handed out and that is not settled come again at once, in order.
type takeBack func(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) error

// reset is a takeBack that forgets how often frames have been handed out.
func reset(ctx context.Context, stream jetstream.Stream, info *jetstream.ConsumerInfo) error {
	_, err := stream.ResetConsumer(ctx, info.Name)
	return err
}

// reclaim is a takeBack that remembers it, for a work queue and for a consumer that hands out one at a time. Of those, what is there behind the
// last one settled and has been handed out is exactly what is not settled. Each frame is refused by the subject that a reader of it would have answered to.
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
	for _, subject := range append(info.Config.FilterSubjects, info.Config.FilterSubject) {
		for next := info.AckFloor.Stream + 1; subject != "" && found < info.NumAckPending && next <= info.Delivered.Stream; found++ {
			m, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
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
		if err == nil || !b.Shared() || !away(err) {
			return consumer, err
		}
		if !told {
			b.log.Warn("waiting for the bus", "consumer", config.Durable, "error", err)
		}
		if !Pause(ctx, reopenPause) {
			return nil, err
		}
	}
}

// away tells a server that does not answer, or that says it cannot at the moment, from one that refuses.
func away(err error) bool {
	var refusal *jetstream.APIError
	return !errors.As(err, &refusal) || refusal.Code >= 500
}
