package otlp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"maps"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// Request is an export of traces besides its body.
type Request struct {
	Form     string // as Form tells
	Source   string // the name of the key, of which ids of events are made
	Fallback string // the distinct id of spans that name nobody and belong to no trace
	MaxBytes int    // of all events together
	// Room is asked before so many bytes are taken for what the body becomes, besides the body; an error ends the decoding and is its outcome.
	Room func(bytes int64) error
}

// Batch is what an export has become.
type Batch struct {
	Text   []byte // a list of events of PostHog's, which is JSON that posthog.Decode takes
	Events int    // in it
	Others int    // spans that are not about language models, and are left out
}

// Read makes events of a body. Errors are *wire.Refusal, or come from Room.
func Read(r Request, body []byte) (Batch, error) {
	taken, err := cost(r.Form, body)
	if err != nil {
		return Batch{}, err
	}
	if err := r.Room(taken + int64(len(body))); err != nil {
		return Batch{}, err
	}
	export, err := decode(r.Form, body)
	if err != nil {
		return Batch{}, err
	}
	w := writer{Request: r, taken: taken + int64(len(body))}
	w.text.WriteByte('[')
	for _, resource := range export.ResourceSpans {
		// What an SDK finds out by itself about the machine says nothing about a model.
		about := read(resource.GetResource().GetAttributes(), "host.", "process.", "os.", "telemetry.")
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				if err := w.span(about, scope.GetScope(), span); err != nil {
					return Batch{}, err
				}
			}
		}
	}
	w.text.WriteByte(']')
	w.batch.Text = w.text.Bytes()
	return w.batch, wire.CheckJSON(w.batch.Text)
}

// writer writes the events of a request.
type writer struct {
	Request
	batch Batch
	text  bytes.Buffer
	taken int64
}

// event is one of PostHog's.
type event struct {
	Event      string     `json:"event"`
	UUID       string     `json:"uuid,omitempty"`
	DistinctID string     `json:"distinct_id"`
	Timestamp  string     `json:"timestamp,omitempty"`
	Properties properties `json:"properties"`
}

func (w *writer) span(resource properties, scope *common.InstrumentationScope, span *spans.Span) error {
	own := read(span.GetAttributes())
	name := kind(own)
	if name == "" {
		w.batch.Others++
		return nil
	}
	e := event{
		Event: name, UUID: eventID(w.Source, span.TraceId, span.SpanId), DistinctID: owner(own, resource, span.TraceId, w.Fallback),
		Properties: maps.Clone(resource),
	}
	if span.StartTimeUnixNano > 0 {
		e.Timestamp = time.Unix(0, int64(min(span.StartTimeUnixNano, 1<<63-1))).UTC().Format(time.RFC3339Nano)
	}
	maps.Copy(e.Properties, own)
	e.describe(scope, span)
	translate(&e, span)
	return w.write(e)
}

// write appends an event. A resource's attributes are told by every span of it, so that little can become much.
func (w *writer) write(e event) error {
	if w.batch.Events > 0 {
		w.text.WriteByte(',')
	}
	w.batch.Events++
	out := json.NewEncoder(&w.text)
	out.SetEscapeHTML(false)
	if err := out.Encode(e); err != nil {
		return wire.Invalid("invalid_otlp", "an attribute cannot be written as JSON")
	}
	if w.text.Len() > w.MaxBytes {
		return wire.TooLarge("events_too_large", "the events of the spans are larger than %d bytes: send fewer spans at once", w.MaxBytes)
	}
	return w.Room(w.taken + int64(w.text.Cap()))
}

// describe says which span it was and where it came from.
func (e *event) describe(scope *common.InstrumentationScope, span *spans.Span) {
	p := e.Properties
	p["$ai_ingestion_source"] = "otel"
	p["$ai_trace_id"], p["$ai_span_id"] = hex.EncodeToString(span.TraceId), hex.EncodeToString(span.SpanId)
	if isID(span.ParentSpanId) {
		p["$ai_parent_id"] = hex.EncodeToString(span.ParentSpanId)
	}
	if span.Name != "" {
		p["$ai_span_name"] = span.Name
	}
	if span.EndTimeUnixNano > span.StartTimeUnixNano && span.StartTimeUnixNano > 0 {
		p["$ai_latency"] = float64(span.EndTimeUnixNano-span.StartTimeUnixNano) / float64(time.Second)
	}
	p.absent("$lib", "posthog-otel")
	if version := scope.GetVersion(); version != "" {
		p.absent("$lib_version", version)
	}
	// The address is that of a server, which says nothing about where its users are.
	p.move("posthog.geoip_disable", "$geoip_disable", false)
	p.absent("$geoip_disable", true)
}

// absent gives a name a value when it has none.
func (p properties) absent(name string, value any) {
	if _, ok := p[name]; !ok {
		p[name] = value
	}
}
