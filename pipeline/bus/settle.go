package bus

import (
	"context"
	"errors"
	"slices"
)

// inProgress keeps the frames from being handed out again.
func (t *take) inProgress() error {
	var errs []error
	for _, m := range t.messages {
		errs = append(errs, m.InProgress())
	}
	return errors.Join(errs...)
}

// ack settles the frames, and waits for the server, so that a clean stop never repeats one. The first frame is the last, because the lane's place
// moves when that is settled: whenever it is interrupted, all of them come again, or none.
func (t *take) ack() error {
	for _, m := range slices.Backward(t.messages[1:]) {
		if err := m.Ack(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	return t.messages[0].DoubleAck(ctx)
}
