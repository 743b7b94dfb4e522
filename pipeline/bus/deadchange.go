package bus

import (
	"context"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
)

// Drop removes letters for good. It stops at the first that cannot be removed; ErrNotFound says that it is gone already.
func (b *Bus) Drop(ctx context.Context, ids ...uint64) error {
	for _, id := range ids {
		if _, err := b.rawLetter(ctx, id); err != nil {
			return err
		}
		if err := b.dead.DeleteMsg(ctx, id); err != nil {
			return fmt.Errorf("drop dead letter %d: %w", id, unavailable(err))
		}
	}
	return nil
}

// Replay sends letters on their way again: to the destination that refused the event, through the whole pipeline when a transform
// failed, or once more to the condition that did (see DestinationOf). A letter is removed once its event is stored. It stops at the first letter
// that cannot be replayed. Whether the pipeline and the destination still exist is for the caller to check; what is sent to one that does
// not, stays in the queue.
func (b *Bus) Replay(ctx context.Context, ids ...uint64) error {
	for _, id := range ids {
		if err := b.ReplayTo(ctx, id, ""); err != nil {
			return err
		}
	}
	return nil
}

// ReplayTo is Replay for one letter, to another destination of the same pipeline than its own, or to its own when destination is "". What a
// destination refused is delivered to the other one without its condition being asked; a captured event goes through the transforms first,
// and then to that destination alone.
func (b *Bus) ReplayTo(ctx context.Context, id uint64, destination string) error {
	raw, err := b.rawLetter(ctx, id)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if err := b.sendAgain(ctx, raw, destination); err != nil {
		return fmt.Errorf("replay: dead letter %d: %w", id, err)
	}
	if err := b.dead.DeleteMsg(ctx, id); err != nil {
		return fmt.Errorf("replay: dead letter %d is sent and cannot be removed: %w", id, unavailable(err))
	}
	return nil
}

// sendAgain publishes a letter's event under an id made of the letter's, so that a crash before the letter's removal does no harm.
func (b *Bus) sendAgain(ctx context.Context, raw *jetstream.RawStreamMsg, destination string) error {
	letter, err := letterFrom(raw.Sequence, raw.Header, raw.Data)
	if err != nil {
		return err
	}
	event, err := pipeline.ParseEvent(raw.Data)
	if err != nil {
		return err
	}
	if destination != "" {
		if err := checkName("destination", destination); err != nil {
			return err
		}
	}
	m := &nats.Msg{Header: frameHeader(1, event.Timestamp, event.Timestamp), Data: AppendFrame(nil, []pipeline.Event{event})}
	stream := b.address(m, &letter, destination, LaneOf(event.DistinctID, b.Lanes()))
	id := "replay/" + strconv.FormatUint(raw.Sequence, 10)
	if destination != "" {
		id += "/" + destination
	}
	m.Header.Set(nats.MsgIdHdr, messageID(b.topic(m.Subject), id))
	if stream == streamEvents {
		if err := b.awaited(letter.Pipeline); err != nil {
			return err
		}
	}
	return b.publish(ctx, stream, m)
}

// awaited gives a pipeline its place for replayed letters, if it has none: one that has been out of the project for a while, for example. What
// is published before would never reach it.
func (b *Bus) awaited(pipeline string) error {
	b.mu.Lock()
	known := b.opened[durable(pipeline, nameOnly)]
	b.mu.Unlock()
	if known {
		return nil
	}
	return b.Subscriber(pipeline).SubscribeInitialize(EventsOnlyTopic)
}

// address gives m the subject and the headers by which it comes to where a letter goes next, and returns the stream.
func (b *Bus) address(m *nats.Msg, l *DeadLetter, to string, lane int) (stream string) {
	if l.Stage == StageDeliver {
		if to == "" {
			to = l.Destination
		}
		m.Subject = b.subject(ReplayTopic(l.Pipeline, to, lane))
		return streamDeliver
	}
	m.Subject = b.subject(eventsOnlySubject(l.Pipeline, strconv.Itoa(lane)))
	header, own := headerOnly, l.Only
	if l.Destination != "" { // the event has been through the transforms
		header, own = headerDestination, l.Destination
	}
	if to == "" {
		to = own
	}
	if to != "" {
		m.Header.Set(header, to)
	}
	return streamEvents
}
