package deliver

import "github.com/prickle-dev/prickle/pipeline/trace"

// span goes on with the traces of a batch's frames: below the first that has one, with links to the others.
func (w *worker) span(b *batch) trace.Span {
	tracer := w.stage.out.tracer
	if tracer == nil {
		return trace.Span{}
	}
	var from []trace.Context
	attempts := 0
	for i := range b.frames {
		if c := b.frames[i].delivery.Trace(); c.Sampled() {
			from = append(from, c)
		}
		attempts = max(attempts, b.frames[i].delivery.Attempts())
	}
	span := tracer.Start("deliver", trace.Client, from...)
	if span.On() {
		span.Text("prickle.pipeline", w.stage.target.Pipeline)
		span.Text("prickle.destination", w.stage.target.Name)
		span.Int("prickle.lane", w.lane)
		span.Int("prickle.events", len(b.events))
		span.Int("prickle.bytes", b.bytes)
		span.Int("prickle.attempts", attempts)
	}
	return span
}

// note ends the span of a batch with what became of its events. The status is the outcome of the first event that failed.
func note(span trace.Span, errs []error) {
	if !span.On() {
		return
	}
	failed, code := 0, ""
	for _, err := range errs {
		if err == nil {
			continue
		}
		if failed++; failed == 1 {
			code = Outcomes[outcome(err)]
		}
	}
	span.Int("prickle.failed", failed)
	if failed > 0 {
		span.Fail(code)
	}
	span.End()
}
