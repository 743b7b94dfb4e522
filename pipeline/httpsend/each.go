package httpsend

import (
	"context"
	"errors"

	"github.com/prickle-dev/prickle/pipeline"
)

// Each sends events one by one, for a destination whose other side takes one at a time, and returns what its Send returns. A permanent
// failure concerns one event. After any other the other side is unwell: the events that follow fail in the same way without being
// tried, so that a batch does not wait out one time limit for each of them.
func Each(ctx context.Context, events []pipeline.Event, send func(ctx context.Context, e *pipeline.Event) error) error {
	failed := map[int]error{}
	var down error
	for i := range events {
		if down == nil {
			err := send(ctx, &events[i])
			if err == nil {
				continue
			}
			if pipeline.IsPermanent(err) {
				failed[i] = err
				continue
			}
			down = err
		}
		failed[i] = down
	}
	switch {
	case len(failed) == 0:
		return nil
	case len(failed) == len(events) && down != nil && errors.Is(failed[0], down), len(events) == 1:
		return failed[0]
	}
	return &pipeline.BatchError{Failed: failed}
}
