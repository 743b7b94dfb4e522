package process

import (
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// span goes on with the trace of a frame, if it has one.
func (l *laneWorker) span(m *message.Message) trace.Span {
	tracer := l.stage.bus.Tracer()
	if tracer == nil {
		return trace.Span{}
	}
	span := tracer.Start("process", trace.Consumer, trace.Parse(m.Metadata.Get(trace.Header)))
	if span.On() {
		span.Text("prickle.pipeline", l.stage.pipeline.Name)
		span.Int("prickle.lane", bus.LaneOfMessage(m))
	}
	return span
}

// note ends the span of the frame that was counted.
func (t *tally) note(span trace.Span, err error) {
	if !span.On() {
		return
	}
	dead := total(t.dead) + total(t.conditions) + t.tooBig + t.unreadable
	span.Int("prickle.events", int(t.in))
	span.Int("prickle.dropped", int(total(t.dropped)+t.repeated))
	span.Int("prickle.dead", int(dead))
	span.Int("prickle.copies", int(total(t.copies)))
	switch {
	case err != nil:
		span.Fail("not_finished")
	case dead > 0:
		span.Fail("dead_lettered")
	}
	span.End()
}

func total(counts []int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
