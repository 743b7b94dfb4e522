package process

import (
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// span goes on with the traces of frames, if they have some.
func (l *laneWorker) span(frames []bus.Received) trace.Span {
	tracer := l.stage.bus.Tracer()
	if tracer == nil {
		return trace.Span{}
	}
	parents := make([]trace.Context, len(frames))
	for i := range frames {
		parents[i] = frames[i].Trace
	}
	span := tracer.Start("process", trace.Consumer, parents...)
	if span.On() {
		span.Text("prickle.pipeline", l.stage.pipeline.Name)
		span.Int("prickle.lane", frames[0].Lane)
	}
	return span
}

// note ends the span of the frames that were counted.
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
