package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
)

// Tail calls yield for every event that is captured from now on, in the order of the stream, until ctx ends (then it returns nil) or
// yield returns an error, which it returns. A tail that cannot keep up falls behind; it holds nothing else up.
func (b *Bus) Tail(ctx context.Context, yield func(pipeline.Event) error) error {
	consumer, err := b.events.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{b.subject(eventsAll + ">")}, DeliverPolicy: jetstream.DeliverNewPolicy,
	})
	if err != nil {
		return fmt.Errorf("tail: %w", unavailable(err))
	}
	// Small, because a tail mostly waits, and should not hold megabytes while a terminal scrolls.
	messages, err := consumer.Messages(jetstream.PullMaxMessages(16))
	if err != nil {
		return fmt.Errorf("tail: %w", unavailable(err))
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		m, err := messages.Next()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			continue // the client makes the consumer anew
		}
		if err != nil {
			return fmt.Errorf("tail: %w", unavailable(err))
		}
		for _, event := range frameOf(m.Headers(), m.Data()).Events {
			if b.erasures.Has(&event) {
				continue
			}
			if err := yield(event); err != nil {
				return err
			}
		}
	}
}
