package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

// WaitingEvents counts the events that stand in the queue of a destination, without those that are sent once more. It asks for frame after
// frame, so it is for a destination that is new to the books, whose queue is empty but after an upgrade.
func (b *Bus) WaitingEvents(ctx context.Context, pipeline, destination string) (int, error) {
	if err := errors.Join(checkName("pipeline", pipeline), checkName("destination", destination)); err != nil {
		return 0, err
	}
	waiting := 0
	for _, filter := range []string{"deliver." + pipeline + "." + destination + ".*", "retry." + pipeline + "." + destination + ".>"} {
		for next := uint64(1); ; {
			m, err := b.deliver.GetMsg(ctx, next, jetstream.WithGetMsgSubject(b.subject(filter)))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				break
			}
			if err != nil {
				return 0, fmt.Errorf("waiting events: %w", unavailable(err))
			}
			next = m.Sequence + 1
			count, err := strconv.Atoi(headerValue(m.Header, headerCount))
			if err != nil {
				count = 1 // not written by Prickle: a line
			}
			waiting += count
		}
	}
	return waiting, nil
}
