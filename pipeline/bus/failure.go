package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrFailed says that the embedded server cannot go on because the disk refused a write, and that a new process is needed, which finds all that was
// acknowledged.
var ErrFailed = errors.New("the embedded server cannot go on after a write that the disk refused")

const (
	// roomEvery is how often it is looked for room on the disk after a failure.
	roomEvery = 200 * time.Millisecond
	// stopPatience is how long a server is waited for that was told to stop after a failure.
	stopPatience = 10 * time.Second
	// For suspectFor after the disk was as good as full, the server is asked every probeEvery whether it still answers, and has probePatience for that.
	suspectFor, probePatience = time.Minute, 10 * time.Second
)

// failure is that of an embedded server. Once the disk has refused a write (for want of space, for one), the stream takes nothing any more until the
// server is started again. That is in its log; or else it has locked itself up over it, and does not answer any more.
type failure struct {
	once   sync.Once
	failed chan struct{} // closed when it has failed
	cause  string        // set before
	ended  chan struct{} // closed when it has been stopped after that
}

func newFailure() *failure { return &failure{failed: make(chan struct{}), ended: make(chan struct{})} }

// heard takes note of a line in the server's log.
func (f *failure) heard(line string, s *server.Server, log *slog.Logger) {
	if tellsOfFailure(line) {
		f.fail(line, s, log)
	}
}

// fail stops the server: whoever waits for its word hears at once that there is none.
func (f *failure) fail(cause string, s *server.Server, log *slog.Logger) {
	f.once.Do(func() {
		f.cause = cause
		close(f.failed)
		go func() { // what logs may hold locks
			log.Error("the disk has refused a write: the embedded server takes nothing more, and the process begins anew when there is room", "cause", cause)
			s.Shutdown()
			s.WaitForShutdown()
			close(f.ended)
		}()
	})
}

func tellsOfFailure(line string) bool {
	line = strings.ToLower(line)
	return strings.Contains(line, "critical write error") || strings.Contains(line, "disabling jetstream") || strings.Contains(line, "will be disabled")
}

// over reports whether the server has failed.
func (f *failure) over() bool {
	select {
	case <-f.failed:
		return true
	default:
		return false
	}
}

// stopped waits until a server that has failed has ended, for some time.
func (f *failure) stopped() error {
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-f.ended:
		return nil
	case <-patience.C:
		return fmt.Errorf("the embedded server did not stop within %s", stopPatience)
	}
}

// Watch returns nil when ctx ends. When the embedded server has failed, it waits until there is room for new events, and returns an error that wraps
// ErrFailed.
func (b *Bus) Watch(ctx context.Context) error {
	if b.embedded == nil {
		<-ctx.Done()
		return nil
	}
	f := b.embedded.failure
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for !f.over() {
		select {
		case <-ctx.Done():
			return nil
		case <-f.failed:
		case <-tick.C:
			if b.disk.wasFull(suspectFor) && !b.answers(ctx) {
				f.fail("it does not answer since the disk was full", b.embedded.server, b.log)
			}
		}
	}
	for b.disk.room(streamEvents) != nil {
		if !Pause(ctx, roomEvery) {
			return nil
		}
	}
	return fmt.Errorf("%w: %s", ErrFailed, f.cause)
}

// answers reports whether all streams do, or whoever asks has no more time.
func (b *Bus) answers(ctx context.Context) bool {
	asking, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	for _, s := range []jetstream.Stream{b.events, b.deliver, b.dead, b.journal} {
		if _, err := s.Info(asking); errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return false
		}
	}
	return true
}

// failed is why the embedded server cannot go on, nil while it can.
func (b *Bus) failed() error {
	if b.embedded == nil || !b.embedded.failure.over() {
		return nil
	}
	return unavailable(fmt.Errorf("%w; the process begins anew when there is room: %s", ErrFailed, b.embedded.failure.cause))
}
