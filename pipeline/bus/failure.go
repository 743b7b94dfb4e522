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
)

// ErrFailed says that the embedded server cannot go on because the disk refused a write, and that a new process is needed, which finds all that was
// acknowledged.
var ErrFailed = errors.New("the embedded server cannot go on after a write that the disk refused")

const (
	// stopPatience is how long a server is waited for that was told to stop: a minute, and less after a failure, when it may have locked itself up.
	stopPatience, stopPatienceFailed = time.Minute, 10 * time.Second
	// For suspectFor after the disk was as good as full, the server is asked every probeEvery whether it still answers. When it does not within probePatience,
	// twice, it has locked itself up.
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

// tellsOfFailure recognises that a stream, or the server as a whole, takes nothing any more. What is said of a single message that could not be stored
// begins otherwise.
func tellsOfFailure(line string) bool {
	return strings.HasPrefix(line, "Filestore [") && strings.Contains(line, "] Critical write error:") ||
		strings.Contains(line, "disabling JetStream") || strings.Contains(line, "will be DISABLED")
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

// stopServer stops a server, if it can be stopped.
func (f *failure) stopServer(s *server.Server) error {
	ended, patience := f.ended, stopPatienceFailed
	if !f.over() {
		ended, patience = make(chan struct{}), stopPatience
		go func() {
			s.Shutdown()
			s.WaitForShutdown()
			close(ended)
		}()
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
		return nil
	case <-timer.C:
		return fmt.Errorf("the embedded server did not stop within %s", patience)
	}
}

// Failure waits until the embedded server has failed, and returns why, as an error that wraps ErrFailed; or until ctx ends, and returns nil. The server is
// stopped then.
func (b *Bus) Failure(ctx context.Context) error {
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
			if b.disk.wasFull(suspectFor) && !b.answers(ctx) && !b.answers(ctx) { // twice, since the whole process may have stood still
				f.fail("it does not answer since the disk was full", b.embedded.server, b.log)
			}
		}
	}
	return fmt.Errorf("%w: %s", ErrFailed, f.cause)
}

// answers reports whether all streams do, or whoever asks has no more time.
func (b *Bus) answers(ctx context.Context) bool {
	asking, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	streams := b.js.ListStreams(asking)
	for range streams.Info() { // each is asked how full it is
	}
	return !errors.Is(streams.Err(), context.DeadlineExceeded) || ctx.Err() != nil
}

// Room returns nil when the disk of the embedded server has room for new events, else how much is missing.
func (b *Bus) Room() error { return b.disk.room(streamEvents) }

// failed is why the embedded server cannot go on, nil while it can.
func (b *Bus) failed() error {
	if b.embedded == nil || !b.embedded.failure.over() {
		return nil
	}
	return unavailable(fmt.Errorf("%w; the process begins anew when there is room: %s", ErrFailed, b.embedded.failure.cause))
}
