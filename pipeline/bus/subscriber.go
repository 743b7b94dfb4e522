package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
)

// Subscriber is Watermill's subscriber to the topics of EventsTopic and EventsOnlyTopic, for one pipeline. A pipeline has a place of its own in each lane
// that survives restarts; a new pipeline starts with what is captured after its first Subscribe. However many subscribers there are to
// a lane of a pipeline, in however many processes, one message is handed out at a time, in order, and the next one after its Ack.
type Subscriber struct {
	// NackDelay is the pause before a message is handed out again after Nack. The lane waits meanwhile. Default 1 second.
	NackDelay time.Duration
	// Frames is how many frames that wait in a lane one message may hold (FramesOf). Default 1. Whoever makes it more puts a ProcessRecord of each
	// frame of such a message into the journal before it makes anything of them, so that the same frames are together again after a crash.
	Frames int
	// Grace is how long Close and the end of the subscription's context wait for the Ack of a message that is being worked on, before
	// its context is cancelled. Default 5 seconds.
	Grace time.Duration

	bus      *Bus
	pipeline string
	stop     context.CancelFunc
	stopping context.Context
	running  sync.WaitGroup
	mu       sync.Mutex // orders Subscribe's running.Add before Close's Wait
}

var (
	_ message.Subscriber           = (*Subscriber)(nil)
	_ message.SubscribeInitializer = (*Subscriber)(nil)
)

// Subscriber makes a Subscriber for a pipeline.
func (b *Bus) Subscriber(pipeline string) *Subscriber {
	s := &Subscriber{NackDelay: time.Second, Frames: 1, Grace: 5 * time.Second, bus: b, pipeline: pipeline}
	s.stopping, s.stop = context.WithCancel(context.Background())
	return s
}

// SubscribeInitialize gives the pipeline its place in the lane, so that everything captured from now on reaches it.
func (s *Subscriber) SubscribeInitialize(topic string) error {
	patience := openTimeout
	if s.bus.Shared() { // or it would wait for a server that is away
		patience = publishTimeout
	}
	ctx, cancel := context.WithTimeout(s.stopping, patience)
	defer cancel()
	_, _, err := s.consumer(ctx, topic)
	return err
}

var errSubscriberClosed = errors.New("subscriber is closed")

// Subscribe delivers the topic's messages until ctx ends or Close is called, and closes the channel then. A message that was not
// acknowledged is delivered again later.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping.Err() != nil {
		return nil, errSubscriberClosed
	}
	consumer, config, err := s.consumer(ctx, topic)
	if err != nil {
		return nil, err
	}
	sub := &subscription{
		Subscriber: s, topic: topic, lane: workLane{pipeline: s.pipeline, lane: laneOfSubject(topic)}, config: config, frames: min(s.Frames, config.MaxAckPending),
		standing: s.bus.standing(s.pipeline, nameOf(config)), out: make(chan *message.Message), hand: s.bus.newHand(s.pipeline),
	}
	sub.standing.found(consumer.CachedInfo())
	if topic == EventsOnlyTopic {
		sub.lane = workLane{pipeline: s.pipeline, destination: groupOnly}
	}
	if s.bus.cluster != nil {
		s.bus.cluster.join(sub.lane.group())
	}
	s.running.Go(func() { sub.run(ctx) })
	return sub.out, nil
}

// Close ends all subscriptions and returns when their channels are closed.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// inHand is how many frames of a lane may be handed out and not acknowledged: a take, and what was looked ahead for the next one. With one, the server
// itself keeps the order.
func (s *Subscriber) inHand() int {
	if s.Frames == 1 || s.bus.reorders() {
		return 1
	}
	return 2 * s.Frames
}

// nameOnly stands for the lane in the name of the consumer of EventsOnlyTopic.
const nameOnly = "only"

func durable(pipeline, name string) string { return pipeline + "+" + name }

// nameOf is the name that durable has made a pipeline's consumer of.
func nameOf(config jetstream.ConsumerConfig) string {
	return strings.TrimPrefix(config.Durable, durable(config.Metadata[metadataPipeline], ""))
}

// consumer opens the pipeline's place in a topic.
func (s *Subscriber) consumer(ctx context.Context, topic string) (jetstream.Consumer, jetstream.ConsumerConfig, error) {
	config, err := s.config(topic)
	if err == nil && s.bus.keepsStanding(topic) {
		err = s.bus.startAt(ctx, &config)
	}
	var consumer jetstream.Consumer
	if err == nil {
		consumer, err = s.bus.open(ctx, s.bus.events, config, reset)
	}
	if err != nil {
		return nil, config, fmt.Errorf("subscribe to %q: %w", topic, err)
	}
	return consumer, config, nil
}

func (s *Subscriber) config(topic string) (config jetstream.ConsumerConfig, err error) {
	lane, ok := strings.CutPrefix(topic, eventsAll)
	subject, name := topic, lane
	if topic == EventsOnlyTopic {
		ok, lane, name, subject = true, "0", nameOnly, eventsOnlySubject(s.pipeline, "*")
	}
	if !ok {
		return config, errors.New("want one of EventsTopic, or EventsOnlyTopic")
	}
	if err := errors.Join(checkName("pipeline", s.pipeline), checkName("lane", lane)); err != nil {
		return config, err
	}
	config = jetstream.ConsumerConfig{
		Durable:        durable(s.pipeline, name),
		FilterSubjects: []string{s.bus.subject(subject)},
		DeliverPolicy:  jetstream.DeliverNewPolicy,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        s.bus.ackWait,
		MaxDeliver:     -1,
		MaxAckPending:  s.inHand(),
		Metadata:       map[string]string{metadataPipeline: s.pipeline, metadataLane: lane},
	}
	if topic == EventsOnlyTopic {
		config.Metadata[metadataReplay] = "true"
	} else {
		config.MemoryStorage = s.bus.placesInMemory()
	}
	return config, nil
}
