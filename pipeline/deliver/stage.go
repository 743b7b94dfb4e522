package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"golang.org/x/sync/errgroup"
)

// Target is one destination of one pipeline.
type Target struct {
	Pipeline    string
	Name        string
	Destination pipeline.Destination
	Batch       pipeline.Batch
	Retry       Policy
	Breaker     Breaker
	// Strict lets nothing of a lane be sent before all that stands ahead of it is delivered or dead-lettered. Without it an event that is
	// tried again is overtaken.
	Strict bool
	// SendTimeout bounds one call of Send; 0 means 30 s.
	SendTimeout time.Duration
	// State keeps the breaker's state over a restart; nil does not.
	State StateStore
}

const defaultSendTimeout = 30 * time.Second

// MaxFrameEvents is how many events a frame for any destination holds at most.
const MaxFrameEvents = 500

// FrameEvents is how many events the frames for a batch may hold: a redelivery repeats a frame, so a destination that sends one event at a
// time gets frames of one.
func FrameEvents(b pipeline.Batch) int { return min(max(b.Events, 1), MaxFrameEvents) }

// Stage delivers to one destination.
type Stage struct {
	target  Target
	out     outside
	log     *slog.Logger
	now     func() time.Time
	breaker *breaker
	turns   sync.Mutex // held while the breaker's state is told and kept

	counts   *Counts
	replayed *Counts // of the events that are sent once more

	mu        sync.Mutex
	lastError string
}

// New makes the stage of a destination. It does no I/O.
func New(t Target, b Bus, log *slog.Logger) *Stage { return newStage(t, on(b, &t, rand.Float64), log) }

func newStage(t Target, out outside, log *slog.Logger) *Stage {
	if t.SendTimeout == 0 {
		t.SendTimeout = defaultSendTimeout
	}
	t.Batch.Events = max(t.Batch.Events, 1)
	if out.erasures == nil {
		out.erasures = nobody{}
	}
	pace := func(round int) time.Duration { return t.Retry.Delay(round, out.chance()) }
	return &Stage{
		target: t, out: out, log: log.With("pipeline", t.Pipeline, "destination", t.Name), now: time.Now, counts: newCounts(), replayed: newCounts(),
		breaker: newBreaker(t.Breaker, pace, time.Now),
	}
}

// Counts returns the stage's counters, which go on counting.
func (s *Stage) Counts() *Counts { return s.counts }

// Continue takes over the counters of the stage that this one replaces, which has ended. This one has not begun.
func (s *Stage) Continue(old *Stage) { s.counts, s.replayed = old.counts, old.replayed }

// Target returns what the stage was made for. It is not to be changed.
func (s *Stage) Target() *Target { return &s.target }

// Paused returns for how much longer nothing is sent because the destination asked for it or fails, or 0.
func (s *Stage) Paused() time.Duration { return s.breaker.paused() }

// Replayed returns the counters of what is sent once more: dead letters that are replayed, and events of the log. They are not in Counts.
func (s *Stage) Replayed() *Counts { return s.replayed }

func (s *Stage) countsOf(f *frame) *Counts {
	if f.delivery.Replayed() {
		return s.replayed
	}
	return s.counts
}

// LastError returns the error of the attempt that failed last, or "" when the last attempt succeeded.
func (s *Stage) LastError() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastError
}

// Breaker returns the state of the destination's breaker.
func (s *Stage) Breaker() BreakerStatus { return s.breaker.snapshot() }

// Run delivers until ctx ends; the batches in hand are then finished, within a bounded time.
func (s *Stage) Run(ctx context.Context) error {
	s.loadBreaker(ctx)
	group, ctx := errgroup.WithContext(ctx)
	s.breaker.begin(ctx)
	for lane := range s.out.lanes {
		group.Go(func() error {
			w := newWorker(s, lane)
			if err := w.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("pipeline %q destination %q: %w", s.target.Pipeline, s.target.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// note keeps the last error of a batch, and obeys the pause that the destination asks for.
func (s *Stage) note(errs []error) {
	text := ""
	for _, err := range errs {
		if err != nil {
			text = err.Error()
			if d, ok := pipeline.RetryDelay(err); ok {
				s.breaker.hold(d)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if text != "" && text != s.lastError {
		s.log.Warn("delivery failed", "error", text)
	}
	s.lastError = text
}
