package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// startAt gives a new place in the log a definite start. One that begins "now" would begin later when the server that has made it is lost before
// the others know where. A place that there is keeps its start.
func (b *Bus) startAt(ctx context.Context, config *jetstream.ConsumerConfig) error {
	ctx, cancel := b.opening(ctx)
	defer cancel()
	for {
		found, err := b.start(ctx, config)
		if found || err != nil && (!b.Shared() || !away(err)) {
			return err
		}
		if !Pause(ctx, reopenPause) {
			return err
		}
	}
}

// start tries once: it finds the place, or makes it, and then has to be called again. Of several processes that make it, one succeeds.
func (b *Bus) start(ctx context.Context, config *jetstream.ConsumerConfig) (found bool, err error) {
	existing, err := b.events.Consumer(ctx, config.Durable)
	if err == nil {
		was := existing.CachedInfo().Config
		config.DeliverPolicy, config.OptStartSeq, config.OptStartTime = was.DeliverPolicy, was.OptStartSeq, was.OptStartTime
		setSince(config, was.Metadata[metadataSince])
		return true, nil
	}
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return false, err
	}
	standing := b.standing(config.Metadata[metadataPipeline], nameOf(*config))
	known, err := b.firstStanding(ctx, standing)
	if err != nil {
		return false, err
	}
	setSince(config, standing.since)
	err = b.makePlace(ctx, config, known)
	if errors.Is(err, jetstream.ErrConsumerExists) {
		return b.start(ctx, config)
	}
	return err == nil, err
}

// firstStanding is behind what a pipeline begins that has no place: behind what it has processed, if it had one, else behind what there is.
func (b *Bus) firstStanding(ctx context.Context, s *standing) (uint64, error) {
	known, ok, err := s.known(ctx)
	if ok || err != nil {
		return known, err
	}
	info, err := b.events.Info(ctx)
	if err != nil {
		return 0, err
	}
	return s.begin(ctx, info.State.LastSeq)
}

// makePlace makes a pipeline's consumer, which begins behind a sequence.
func (b *Bus) makePlace(ctx context.Context, config *jetstream.ConsumerConfig, behind uint64) error {
	config.DeliverPolicy, config.OptStartSeq, config.OptStartTime = jetstream.DeliverByStartSequencePolicy, behind+1, nil
	_, err := b.events.CreateConsumer(ctx, b.pinnedConfig(*config))
	return err
}

// floor is the sequence up to which a pipeline's consumer has everything behind it.
func floor(info *jetstream.ConsumerInfo) uint64 {
	if start := info.Config.OptStartSeq; start > 0 {
		return max(info.AckFloor.Stream, start-1)
	}
	return info.AckFloor.Stream
}

// takeOver takes the lane over, and makes the place again that has got lost.
func (s *subscription) takeOver(ctx context.Context) (*taken, error) {
	t, err := s.bus.takeOver(ctx, s.bus.events, s.config.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		var known uint64
		if known, _, err = s.standing.known(ctx); err != nil {
			return nil, err
		}
		s.bus.log.Warn("a pipeline's place was lost and is made again: what was processed last may be processed once more", "pipeline", s.pipeline, "topic", s.topic, "behind", known)
		if err = s.bus.makePlace(ctx, &s.config, known); err != nil && !errors.Is(err, jetstream.ErrConsumerExists) {
			return nil, unavailable(err)
		}
		t, err = s.bus.takeOver(ctx, s.bus.events, s.config.Durable)
	}
	if err != nil {
		return nil, err
	}
	s.standing.reached(floor(t.CachedInfo()))
	return t, nil
}
