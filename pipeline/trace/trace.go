// Package trace follows requests through the stages, as OpenTelemetry spans. It is the only package that knows OpenTelemetry. A nil *Tracer is
// off: all of its methods may be called, do nothing and allocate nothing. Spans carry names of the configuration, numbers and outcomes, never
// anything that comes with an event and never the text of an error.
package trace

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Header is the name of the header that a frame carries its Context in.
const Header = "traceparent"

// Kind is what a span stands for.
type Kind = trace.SpanKind

// The kinds in use.
const (
	Producer = trace.SpanKindProducer // storing a frame for the next stage
	Consumer = trace.SpanKindConsumer // working a frame
	Client   = trace.SpanKindClient   // calling a destination
)

// Tracer makes spans. Open makes one that is on.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Context is the place of a span in its trace, which goes from stage to stage. The zero Context is none.
type Context struct{ span trace.SpanContext }

// Sampled reports whether there is a trace to go on with.
func (c Context) Sampled() bool { return c.span.IsSampled() && c.span.IsValid() }

// String is the value of the W3C header traceparent, or "".
func (c Context) String() string {
	if !c.span.IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpanContext(context.Background(), c.span), carrier)
	return carrier[Header]
}

// Parse reads a traceparent. Anything else is the zero Context.
func Parse(traceparent string) Context {
	if traceparent == "" {
		return Context{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{Header: traceparent})
	return Context{trace.SpanContextFromContext(ctx)}
}

// ContextOf returns the Context that Request has put into ctx.
func ContextOf(ctx context.Context) Context { return Context{trace.SpanContextFromContext(ctx)} }

// Request starts the span of a request, whose header may go on with a trace of the client's. The context that it returns carries it. An
// unsampled request costs nothing from here on.
func (t *Tracer) Request(ctx context.Context, name string, header http.Header) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	parent := ctx
	if value := header.Get(Header); value != "" {
		parent = trace.ContextWithRemoteSpanContext(ctx, Parse(value).span)
	}
	started, span := t.tracer.Start(parent, name, trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return ctx, Span{}
	}
	return started, Span{span}
}

// Start starts a span below the first of the contexts that is sampled, with links to the others. Without one it does nothing.
func (t *Tracer) Start(name string, kind Kind, from ...Context) Span {
	if t == nil {
		return Span{}
	}
	var parent trace.SpanContext
	var links []trace.Link
	for _, c := range from {
		switch {
		case !c.Sampled():
		case !parent.IsValid():
			parent = c.span
		default:
			links = append(links, trace.Link{SpanContext: c.span})
		}
	}
	if !parent.IsValid() {
		return Span{}
	}
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), parent)
	_, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithLinks(links...))
	return Span{span}
}

// Span is a span under way, or the zero Span, which ignores everything.
type Span struct{ span trace.Span }

// On reports whether anything is recorded, for what would cost something to find out.
func (s Span) On() bool { return s.span != nil }

// Context is where the next stage goes on.
func (s Span) Context() Context {
	if s.span == nil {
		return Context{}
	}
	return Context{s.span.SpanContext()}
}

// Int notes a number.
func (s Span) Int(key string, value int) {
	if s.span != nil {
		s.span.SetAttributes(attribute.Int(key, value))
	}
}

// Text notes a name of the configuration or a code. It is not for anything that comes from outside.
func (s Span) Text(key, value string) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Fail marks the span as failed, with a code for the kind of failure.
func (s Span) Fail(code string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, code)
	}
}

// End ends the span. It is called once, last.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}
