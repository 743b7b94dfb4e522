package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
	"golang.org/x/sync/errgroup"
)

// Target is one destination of one pipeline.
type Target struct {
	Pipeline    string
	Name        string
	Destination pipeline.Destination
	Batch       pipeline.Batch
	Retry       Policy
	// SendTimeout bounds one call of Send; 0 means 30 s.
	SendTimeout time.Duration
}

const defaultSendTimeout = 30 * time.Second

// MaxFrameEvents is how many events a frame for any destination holds at most.
const MaxFrameEvents = 500

// FrameEvents is how many events the frames for a batch may hold: a redelivery repeats a frame, so a destination that sends one event at a
// time gets frames of one.
func FrameEvents(b pipeline.Batch) int { return min(max(b.Events, 1), MaxFrameEvents) }

// Bus is what the stage needs of the bus.
type Bus interface {
	Lanes() int
	Deliveries(ctx context.Context, pipeline, destination string, lane int) (*bus.Deliveries, error)
	Bury(ctx context.Context, letters []bus.DeadLetter) error
	Tracer() *trace.Tracer
}

// Stage delivers to one destination.
type Stage struct {
	target Target
	bus    Bus
	log    *slog.Logger
	now    func() time.Time
	counts *Counts

	mu          sync.Mutex
	lastError   string
	pausedUntil time.Time // a rate limit that the destination named, for all lanes
}

// New makes the stage of a destination. It does no I/O.
func New(t Target, b Bus, log *slog.Logger) *Stage {
	if t.SendTimeout == 0 {
		t.SendTimeout = defaultSendTimeout
	}
	t.Batch.Events = max(t.Batch.Events, 1)
	return &Stage{target: t, bus: b, log: log.With("pipeline", t.Pipeline, "destination", t.Name), now: time.Now, counts: newCounts()}
}

// Counts returns the stage's counters, which go on counting.
func (s *Stage) Counts() *Counts { return s.counts }

// Continue takes over the counters of the stage that this one replaces, which has ended. This one has not begun.
func (s *Stage) Continue(old *Stage) { s.counts = old.counts }

// Target returns what the stage was made for. It is not to be changed.
func (s *Stage) Target() *Target { return &s.target }

// Paused returns for how much longer nothing is sent because the destination asked for it, or 0.
func (s *Stage) Paused() time.Duration { return max(s.paused(), 0) }

// LastError returns the error of the attempt that failed last, or "" when the last attempt succeeded.
func (s *Stage) LastError() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastError
}

// Run delivers until ctx ends; the batches in hand are then finished, within a bounded time.
func (s *Stage) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for lane := range s.bus.Lanes() {
		group.Go(func() error {
			w := &worker{stage: s, lane: lane}
			if err := w.run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("pipeline %q destination %q: %w", s.target.Pipeline, s.target.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (s *Stage) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != s.lastError {
		s.log.Warn("delivery failed", "error", text)
	}
	s.lastError = text
}

func (s *Stage) pause(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until := s.now().Add(d); until.After(s.pausedUntil) {
		s.pausedUntil = until
	}
}

func (s *Stage) paused() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pausedUntil.Sub(s.now())
}
