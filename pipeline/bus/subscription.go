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
	lane     workLane
	name     string // of the consumer
	consumer jetstream.Consumer
	out      chan *message.Message
	hand     *hand
}

// run works the lane whenever it is this process's.
func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	defer s.bus.dropHand(s.hand)
	if s.bus.cluster != nil {
		defer s.bus.cluster.leave(s.lane.group())
	}
	stopping, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	for stopping.Err() == nil && !s.bus.conn.IsClosed() {
		t, err := s.bus.claim(stopping, s.lane)
		if err != nil {
			return
		}
		err = s.work(ctx, stopping, t)
		troubled := err != nil && stopping.Err() == nil && !over(t.moved)
		s.bus.release(t)
		if troubled {
			s.bus.log.Warn("waiting for events", "topic", s.topic, "pipeline", s.pipeline, "error", err)
			pause(stopping, time.Second)
		}
	}
}

// work hands out messages until the tenure or the subscription is to end, or until something may have got lost on the way.
func (s *subscription) work(ctx, stopping context.Context, t *tenure) error {
	ending, cancel := context.WithCancel(t.moved)
	defer cancel()
	defer context.AfterFunc(stopping, cancel)()
	seen := s.bus.disturbances()
	var taken *taken
	if s.bus.Shared() {
		var err error
		if taken, err = s.bus.takeOver(ending, s.bus.events, s.name); err != nil {
			return err
		}
		s.consumer = taken
	}
	iterator, err := s.consumer.Messages(s.pullOptions()...)
	if err != nil {
		return err
	}
	// Draining hands out what is on its way instead of forgetting it: forgotten messages come back only after ackWait.
	defer context.AfterFunc(ending, iterator.Drain)()
	for {
		m, err := iterator.Next(s.patience()...)
		switch {
		case errors.Is(err, jetstream.ErrMsgIteratorClosed):
			return nil
		case errors.Is(err, nats.ErrTimeout) && s.bus.disturbances() == seen && !taken.haunted(ending): // nothing there
		case err != nil:
			iterator.Stop()
			return err
		case over(ending):
			s.putBack(t.cut, m)
		default:
			if taken != nil {
				taken.came = true
			}
			s.hand.take(m)
			if err := s.handle(ctx, ending, t.cut, m); err != nil {
				s.report(err)
				if s.bus.Shared() { // it is handed out again at once, not when its time is over
					iterator.Stop()
					return nil
				}
			}
		}
	}
}

// patience bounds the wait for one message where a connection that was lost has to be found out. It is longer than two heartbeats, since each
// wait begins to count them anew.
func (s *subscription) patience() []jetstream.NextOpt {
	if s.bus.Shared() {
		return []jetstream.NextOpt{jetstream.NextMaxWait(3 * time.Second)}
	}
	return nil
}

// putBack lets a message be handed out again at once, unless it may be another process's by now.
func (s *subscription) putBack(cut context.Context, m jetstream.Msg) {
	if !over(cut) {
		s.report(m.Nak())
	}
}

// handle gives one message to the handler and settles it. The handler's context is the subscription's, and outlives its end by Grace, but not cut.
func (s *subscription) handle(ctx, ending, cut context.Context, m jetstream.Msg) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(cut, cancel)()
	msg := s.bus.fromNats(m)
	msg.SetContext(work)
	alive := time.NewTicker(s.bus.ackWait / 3)
	defer alive.Stop()
	for {
		select {
		case s.out <- msg:
			return s.await(ending, cut, cancel, m, msg, alive.C)
		case <-ending.Done():
			s.putBack(cut, m)
			return nil
		case <-alive.C:
			if err := m.InProgress(); err != nil {
				return err
			}
		}
	}
}

func (s *subscription) await(ending, cut context.Context, cancel context.CancelFunc, m jetstream.Msg, msg *message.Message, alive <-chan time.Time) error {
	ended := ending.Done()
	var patience <-chan time.Time
	for {
		select {
		case <-msg.Acked():
			return s.ack(m)
		case <-msg.Nacked():
			if over(cut) {
				return nil
			}
			return m.NakWithDelay(s.NackDelay)
		case <-alive:
			s.report(m.InProgress())
		case <-ended:
			ended, patience = nil, time.After(s.Grace)
		case <-patience:
			cancel()
			return s.lastChance(cut, m, msg)
		case <-cut.Done():
			return s.lastChance(cut, m, msg)
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
func (s *subscription) lastChance(cut context.Context, m jetstream.Msg, msg *message.Message) error {
	select {
	case <-msg.Acked():
		return s.ack(m)
	case <-msg.Nacked():
	case <-time.After(time.Second):
	}
	s.putBack(cut, m)
	return nil
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
