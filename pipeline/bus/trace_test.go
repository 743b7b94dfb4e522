package bus

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/trace"
	"github.com/prickle-dev/prickle/pipeline/trace/tracetest"
)

// A frame joins requests: its span is below the first and linked to the others, and its header leads to it. A retry keeps it.
func TestFrameJoinsTraces(t *testing.T) {
	collector := tracetest.New(t)
	tracer, err := trace.Open(t.Context(), trace.Config{OTLP: collector.URL, Sample: 1}, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 1 })
	b.Trace(tracer)
	w := b.NewWriter()
	var ids []string
	var group sync.WaitGroup
	for i := range 3 {
		ctx := t.Context()
		if i > 0 { // the first request is not traced
			var span trace.Span
			ctx, span = tracer.Request(ctx, "capture", http.Header{})
			ids = append(ids, span.Context().String()[36:52])
			span.End()
		}
		piled := w.piled.Load()
		group.Go(func() {
			if err := w.Append(ctx, events(i, 2)); err != nil {
				t.Error(err)
			}
		})
		eventually(t, func() string { // before the next one is added
			if w.piled.Load() == piled || w.lanes[0].waiting() != 2*(i+1) {
				return "the events are not in the pile"
			}
			return ""
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	group.Wait()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	m, err := b.events.GetLastMsgForSubject(t.Context(), EventsTopic(0))
	if err != nil {
		t.Fatal(err)
	}
	carried := m.Header.Get(trace.Header)
	if err := tracer.Close(); err != nil {
		t.Fatal(err)
	}
	spans := collector.Spans()
	frame := slices.IndexFunc(spans, func(s tracetest.Span) bool { return s.Name == "frame" })
	if frame < 0 {
		t.Fatalf("no span of the frame in %+v", spans)
	}
	f := spans[frame]
	if f.Parent != ids[0] || !slices.Equal(f.Links, ids[1:]) || f.Attributes["prickle.events"] != "6" || carried != "00-"+f.Trace+"-"+f.ID+"-01" {
		t.Errorf("frame\n got %+v, carrying %s\nwant parent and link %v", f, carried, ids)
	}
}

func (l *lane) waiting() (events int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.queue {
		events += p.count
	}
	return events
}

// Whatever is left of a frame after a try is in the trace of the frame.
func TestRetryKeepsTrace(t *testing.T) {
	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	b := open(t, t.TempDir(), func(c *Config) { c.Lanes = 1 })
	m := NewMessage("1", events(1, 2))
	m.Metadata.Set(trace.Header, traceparent)
	if err := b.Publisher().Publish(DeliverTopic("p", "d", 0), m); err != nil {
		t.Fatal(err)
	}
	d, err := b.Deliveries(t.Context(), "p", "d", 0, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	for _, settle := range []func(*Delivery) error{
		func(f *Delivery) error { return f.Retry(t.Context(), 0) },
		func(f *Delivery) error { return f.Remainder(t.Context(), events(1, 1), 0) },
		func(f *Delivery) error { return f.Ack(t.Context()) },
	} {
		frames, err := d.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: 10 * time.Second})
		if err != nil || len(frames) != 1 {
			t.Fatalf("%d frames, %v", len(frames), err)
		}
		if got := frames[0].Trace().String(); got != traceparent {
			t.Errorf("trace\n got %q\nwant %q", got, traceparent)
		}
		if err := settle(frames[0]); err != nil {
			t.Fatal(err)
		}
	}
}
