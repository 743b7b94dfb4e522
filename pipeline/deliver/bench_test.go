package deliver_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/deliver"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// swallow takes everything, and closes done when it has taken enough.
type swallow struct {
	left atomic.Int64
	done chan struct{}
}

func (s *swallow) Send(_ context.Context, events []pipeline.Event) error {
	if left := s.left.Add(-int64(len(events))); left <= 0 && left > -int64(len(events)) {
		close(s.done)
	}
	return nil
}

// BenchmarkStage delivers queued events to a destination that does nothing, over an embedded bus: an operation is an event.
func BenchmarkStage(b *testing.B) {
	for _, c := range []struct {
		name  string
		frame int
		batch pipeline.Batch
	}{
		{"frames of 100, batches of 5000", 100, pipeline.Batch{Events: 5000, Bytes: 8 << 20, Wait: 100 * time.Millisecond}},
		{"one by one", 1, pipeline.Batch{Events: 1, Bytes: 1 << 20}},
	} {
		b.Run(c.name, func(b *testing.B) {
			const lanes = 4
			on := pipelinetest.Bus(b, func(c *bus.Config) { c.Lanes = lanes })
			for lane := range lanes {
				queueUp(b, on, lane, (b.N+lanes-1)/lanes, c.frame)
			}
			s := &swallow{done: make(chan struct{})}
			s.left.Store(int64(b.N))
			stage := deliver.New(deliver.Target{
				Pipeline: "p", Name: "d", Destination: s, Batch: c.batch, Retry: deliver.DefaultPolicy(),
			}, on, slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			b.ReportAllocs()
			b.ResetTimer()
			go func() { ended <- stage.Run(ctx) }()
			<-s.done
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
			cancel()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		})
	}
}

func queueUp(b *testing.B, on *bus.Bus, lane, events, frame int) {
	b.Helper()
	template := pipelinetest.Event(lane)
	for n := 0; n < events; n += frame {
		list := make([]pipeline.Event, min(frame, events-n))
		for i := range list {
			list[i] = template
			list[i].UUID = fmt.Sprintf("01987654-3210-7000-%04d-%012d", lane, n+i)
		}
		if err := on.Publisher().Publish(bus.DeliverTopic("p", "d", lane), bus.NewMessage(fmt.Sprint(n), list)); err != nil {
			b.Fatal(err)
		}
	}
}
