package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Publisher is Watermill's publisher to the topics of EventsTopic, DeliverTopic and ReplayTopic.
type Publisher struct {
	bus    *Bus
	closed atomic.Bool
}

var _ message.Publisher = (*Publisher)(nil)

// Publisher makes a Publisher. Closing it closes nothing of the Bus.
func (b *Bus) Publisher() *Publisher { return &Publisher{bus: b} }

var errPublisherClosed = errors.New("publisher is closed")

// Publish stores messages in their order and returns nil once the stream has acknowledged all of them, at most half a minute after the last one (five
// seconds with an outside server), or when a message's context ends. After an error any of them may be stored. Publishing a message of the same
// UUID to the same topic again within two minutes changes nothing, so the whole call can be repeated.
func (p *Publisher) Publish(topic string, messages ...*message.Message) error {
	if p.closed.Load() {
		return errPublisherClosed
	}
	if err := checkTopic(topic); err != nil {
		return err
	}
	stream := streamDeliver
	if strings.HasPrefix(topic, "events.") {
		stream = streamEvents
	}
	stats, start := p.bus.stats[stream], time.Now()
	if err := stats.done(start, p.publish(stream, topic, messages)); err != nil {
		return err
	}
	for _, m := range messages {
		stats.frame(m.Metadata.Get(headerCount), len(m.Payload))
	}
	return nil
}

func (p *Publisher) publish(stream, topic string, messages []*message.Message) error {
	if err := p.bus.disk.room(stream); err != nil {
		return err
	}
	futures, options := make([]jetstream.PubAckFuture, len(messages)), p.bus.storing(stream)
	for i, m := range messages {
		var err error
		if futures[i], err = p.bus.js.PublishMsgAsync(p.bus.toNats(topic, m), options...); err != nil {
			return publishError(stream, err)
		}
	}
	return await(stream, p.bus.patience(), futures, func(i int) context.Context { return messages[i].Context() })
}

// storing are the options of messages of which many are on their way at once. One for which there is no room waits as long as for an acknowledgement:
// with the client's own patience, of a fifth of a second, a large replay would have others fail.
func (b *Bus) storing(stream string) []jetstream.PublishOpt {
	return []jetstream.PublishOpt{jetstream.WithExpectStream(b.config.streamName(stream)), jetstream.WithStallWait(publishTimeout)}
}

// Close refuses further messages. Publish has waited for the earlier ones.
func (p *Publisher) Close() error {
	p.closed.Store(true)
	return nil
}

// await waits for all acknowledgements and returns what went wrong first.
func await(stream string, patience time.Duration, futures []jetstream.PubAckFuture, ctx func(int) context.Context) error {
	late := time.NewTimer(patience + time.Second) // in case the client's own timer does not fire
	defer late.Stop()
	var first error
	for i, f := range futures {
		var err error
		select {
		case <-f.Ok():
			continue
		case err = <-f.Err():
		case <-ctx(i).Done():
			return fmt.Errorf("publish: %w", context.Cause(ctx(i)))
		case <-late.C:
			return publishError(stream, context.DeadlineExceeded)
		}
		if first == nil {
			first = err
		}
	}
	return publishError(stream, first)
}

// messageID is the stream-wide key for deduplication. The topic is part of it, so that the same UUID can go to several topics.
func messageID(topic, uuid string) string { return topic + "/" + uuid }

func (b *Bus) toNats(topic string, m *message.Message) *nats.Msg {
	header := make(nats.Header, len(m.Metadata)+1)
	for key, value := range m.Metadata {
		if !strings.HasPrefix(key, "Nats-") { // these are orders to the server
			header[key] = []string{value}
		}
	}
	header[nats.MsgIdHdr] = []string{messageID(topic, m.UUID)}
	return &nats.Msg{Subject: b.subject(topic), Header: header, Data: m.Payload}
}
