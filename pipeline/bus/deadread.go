package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
)

// DeadFilter selects dead letters. Empty fields select all.
type DeadFilter struct {
	Pipeline    string
	Destination string
}

// DeadLetters returns up to limit letters that filter selects, oldest first, with an ID above after. To read on, pass the last one's ID.
func (b *Bus) DeadLetters(ctx context.Context, filter DeadFilter, after uint64, limit int) ([]DeadLetter, error) {
	subject, err := filter.subject()
	if err != nil {
		return nil, err
	}
	var letters []DeadLetter
	for next := after + 1; len(letters) < limit; {
		m, err := b.dead.GetMsg(ctx, next, jetstream.WithGetMsgSubject(b.subject(subject)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read dead letters: %w", unavailable(err))
		}
		letter, err := letterFrom(m)
		if err != nil {
			return nil, err
		}
		letters = append(letters, letter)
		next = m.Sequence + 1
	}
	return letters, nil
}

func (f DeadFilter) subject() (string, error) {
	token := func(kind, name string) (string, error) {
		if name == "" {
			return "*", nil
		}
		return name, checkName(kind, name)
	}
	pipeline, err := token("pipeline", f.Pipeline)
	destination, err2 := token("destination", f.Destination)
	return "dead.*." + pipeline + "." + destination, errors.Join(err, err2)
}

// DeadLetter returns one letter, or ErrNotFound.
func (b *Bus) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	m, err := b.rawLetter(ctx, id)
	if err != nil {
		return DeadLetter{}, err
	}
	return letterFrom(m)
}

func (b *Bus) rawLetter(ctx context.Context, id uint64) (*jetstream.RawStreamMsg, error) {
	if id == 0 {
		return nil, fmt.Errorf("dead letter %d: %w", id, ErrNotFound)
	}
	m, err := b.dead.GetMsg(ctx, id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("dead letter %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("dead letter %d: %w", id, unavailable(err))
	}
	return m, nil
}

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
// failed, or once more to the condition that did (see DestinationOf). A letter is removed once its event is stored. It stops at the first letter that cannot be replayed. Whether the pipeline and the
// destination still exist is for the caller to check; what is sent to one that does not, stays in the queue.
func (b *Bus) Replay(ctx context.Context, ids ...uint64) error {
	for _, id := range ids {
		if err := b.replay(ctx, id); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
	}
	return nil
}

func (b *Bus) replay(ctx context.Context, id uint64) error {
	raw, err := b.rawLetter(ctx, id)
	if err != nil {
		return err
	}
	if err := b.sendAgain(ctx, raw); err != nil {
		return fmt.Errorf("dead letter %d: %w", id, err)
	}
	if err := b.dead.DeleteMsg(ctx, id); err != nil {
		return fmt.Errorf("dead letter %d is sent and cannot be removed: %w", id, unavailable(err))
	}
	return nil
}

// sendAgain publishes a letter's event under an id made of the letter's, so that a crash before the letter's removal does no harm.
func (b *Bus) sendAgain(ctx context.Context, raw *jetstream.RawStreamMsg) error {
	letter, err := letterFrom(raw)
	if err != nil {
		return err
	}
	event, err := pipeline.ParseEvent(raw.Data)
	if err != nil {
		return err
	}
	lane := LaneOf(event.DistinctID, b.Lanes())
	stream, subject := streamDeliver, DeliverTopic(letter.Pipeline, letter.Destination, lane)
	if letter.Stage == StageProcess {
		stream, subject = streamEvents, eventsOnlySubject(letter.Pipeline, strconv.Itoa(lane))
	}
	m := &nats.Msg{Subject: b.subject(subject), Header: frameHeader(1, event.Timestamp, event.Timestamp), Data: AppendFrame(nil, []pipeline.Event{event})}
	if letter.Stage == StageProcess && letter.Destination != "" {
		m.Header.Set(headerDestination, letter.Destination)
	}
	m.Header.Set(nats.MsgIdHdr, "replay/"+strconv.FormatUint(raw.Sequence, 10))
	return b.publish(ctx, stream, m)
}
