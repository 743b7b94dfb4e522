package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// headerLane carries the lane in a received message's metadata.
const headerLane = "Prickle-Lane"

// headerStored carries when the frame was stored, in nanoseconds since 1970, and headerWorker what the server calls the process that works the lane.
const headerStored, headerWorker = "Prickle-Stored", "Prickle-Worker"

// LaneOfMessage is the lane that a Subscriber received the message by.
func LaneOfMessage(m *message.Message) int {
	lane, _ := strconv.Atoi(m.Metadata.Get(headerLane))
	return lane
}

// subscription is one call of Subscribe.
type subscription struct {
	*Subscriber
	topic    string
	consumer jetstream.Consumer
	pin      string // the last one seen
	iterator jetstream.MessagesContext
	out      chan *message.Message
	hand     *hand
}

func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	defer s.bus.dropHand(s.hand)
	defer func() { s.bus.unpin(s.bus.events, s.consumer, s.pin) }()
	stopping, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	// Draining hands out what is on its way instead of forgetting it: forgotten messages come back only after ackWait.
	defer context.AfterFunc(stopping, s.iterator.Drain)()
	for {
		m, err := s.iterator.Next()
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return
		case err != nil:
			s.bus.log.Warn("waiting for events", "topic", s.topic, "pipeline", s.pipeline, "error", err)
			if !pause(stopping, time.Second) {
				s.iterator.Stop()
				return
			}
		case stopping.Err() != nil:
			s.report(m.Nak())
		default:
			s.pin = m.Headers().Get(headerPin)
			s.hand.take(m)
			s.report(s.handle(ctx, stopping, m))
		}
	}
}

// handle gives one message to the handler and settles it. The handler's context is the subscription's, and outlives its end by Grace.
func (s *subscription) handle(ctx, stopping context.Context, m jetstream.Msg) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	msg := s.bus.fromNats(m)
	msg.SetContext(work)
	alive := time.NewTicker(s.bus.ackWait / 3)
	defer alive.Stop()
	for {
		select {
		case s.out <- msg:
			return s.await(stopping, cancel, m, msg, alive.C)
		case <-stopping.Done():
			return m.Nak()
		case <-alive.C:
			if err := m.InProgress(); err != nil {
				return err
			}
		}
	}
}

func (s *subscription) await(stopping context.Context, cancel context.CancelFunc, m jetstream.Msg, msg *message.Message, alive <-chan time.Time) error {
	ended := stopping.Done()
	var patience <-chan time.Time
	for {
		select {
		case <-msg.Acked():
			return s.ack(m)
		case <-msg.Nacked():
			return m.NakWithDelay(s.NackDelay)
		case <-alive:
			s.report(m.InProgress())
		case <-ended:
			ended, patience = nil, time.After(s.Grace)
		case <-patience:
			cancel()
			return s.lastChance(m, msg)
		}
	}
}

// ack waits for the server, so that a clean stop never repeats a frame. The next frame would wait for it as well.
func (s *subscription) ack(m jetstream.Msg) error {
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	if err := m.DoubleAck(ctx); err != nil {
		return err
	}
	s.hand.stored.Store(0)
	return nil
}

// lastChance gives a handler whose context has been cancelled a second to say how it went.
func (s *subscription) lastChance(m jetstream.Msg, msg *message.Message) error {
	select {
	case <-msg.Acked():
		return s.ack(m)
	case <-msg.Nacked():
	case <-time.After(time.Second):
	}
	return m.Nak()
}

// report logs an acknowledgement that could not be sent. The message will be delivered again, which is harmless and costs time.
func (s *subscription) report(err error) {
	if err != nil {
		s.bus.log.Warn("settling a frame", "topic", s.topic, "pipeline", s.pipeline, "error", err)
	}
}

// pause waits for d and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// fromNats makes a Watermill message. Its UUID is the publisher's, or the stream sequence for frames of a Writer, so it is the same at
// every delivery.
func (b *Bus) fromNats(m jetstream.Msg) *message.Message {
	header := m.Headers()
	out := message.NewMessage("", m.Data())
	for key, values := range header {
		if len(values) > 0 && !strings.HasPrefix(key, "Nats-") {
			out.Metadata[key] = values[0]
		}
	}
	out.Metadata[headerLane] = strconv.Itoa(laneOfSubject(m.Subject()))
	md, err := m.Metadata()
	if err == nil {
		out.Metadata[headerSequence] = strconv.FormatUint(md.Sequence.Stream, 10)
		out.Metadata[headerStored] = strconv.FormatInt(md.Timestamp.UnixNano(), 10)
		out.Metadata[headerWorker] = header.Get(headerPin)
	}
	if id := header.Get(nats.MsgIdHdr); id != "" {
		out.UUID = strings.TrimPrefix(id, b.topic(m.Subject())+"/")
	} else if err == nil {
		out.UUID = fmt.Sprintf("%s-%d", strings.ToLower(md.Stream), md.Sequence.Stream)
	}
	return out
}
