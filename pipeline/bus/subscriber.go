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
	_, err := s.consumer(ctx, topic)
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
	consumer, err := s.consumer(ctx, topic)
	if err != nil {
		return nil, err
	}
	sub := &subscription{
		Subscriber: s, topic: topic, lane: workLane{pipeline: s.pipeline, lane: laneOfSubject(topic)}, name: consumer.CachedInfo().Name, frames: s.Frames,
		out: make(chan *message.Message), hand: s.bus.newHand(s.pipeline),
	}
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

// nameOnly stands for the lane in the name of the consumer of EventsOnlyTopic.
const nameOnly = "only"

func durable(pipeline, name string) string { return pipeline + "+" + name }

func (s *Subscriber) consumer(ctx context.Context, topic string) (jetstream.Consumer, error) {
	lane, ok := strings.CutPrefix(topic, eventsAll)
	subject, name := topic, lane
	if topic == EventsOnlyTopic {
		ok, lane, name, subject = true, "0", nameOnly, eventsOnlySubject(s.pipeline, "*")
	}
	if !ok {
		return nil, fmt.Errorf("subscribe to %q: want one of EventsTopic, or EventsOnlyTopic", topic)
	}
	if err := errors.Join(checkName("pipeline", s.pipeline), checkName("lane", lane)); err != nil {
		return nil, fmt.Errorf("subscribe to %q: %w", topic, err)
	}
	config := jetstream.ConsumerConfig{
		Durable:        durable(s.pipeline, name),
		FilterSubjects: []string{s.bus.subject(subject)},
		DeliverPolicy:  jetstream.DeliverNewPolicy,
		AckPolicy:      jetstream.AckExplicitPolicy,
		AckWait:        s.bus.ackWait,
		MaxDeliver:     -1,
		MaxAckPending:  s.Frames,
		Metadata:       map[string]string{metadataPipeline: s.pipeline, metadataLane: lane},
	}
	if topic == EventsOnlyTopic {
		config.Metadata[metadataReplay] = "true"
	}
	var err error
	if s.bus.Shared() {
		err = s.bus.startAt(ctx, &config)
	}
	var consumer jetstream.Consumer
	if err == nil {
		consumer, err = s.bus.open(ctx, s.bus.events, config, reset)
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe to %q: %w", topic, err)
	}
	return consumer, nil
}

// startAt gives a new place in the log a definite start. One that begins "now" would begin later when the server that has made it is lost before
// the others know where. A place that there is keeps its start.
func (b *Bus) startAt(ctx context.Context, config *jetstream.ConsumerConfig) error {
	for {
		found, err := b.start(ctx, config)
		if found || err != nil && !away(err) {
			return err
		}
		if !pause(ctx, reopenPause) {
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
		return true, nil
	}
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return false, err
	}
	info, err := b.events.Info(ctx)
	if err != nil {
		return false, err
	}
	config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, info.State.LastSeq+1
	_, err = b.events.CreateConsumer(ctx, b.pinnedConfig(*config))
	if errors.Is(err, jetstream.ErrConsumerExists) {
		return b.start(ctx, config)
	}
	return err == nil, err
}
