package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"mime"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// The two forms of a request, by their content types.
const (
	Protobuf = "application/x-protobuf"
	JSON     = "application/json"
)

// maxNesting is how deep the messages of a request may be in one another. A value inside of a list takes two of them.
const maxNesting = 100

// Form tells the form of a request by its content type: Protobuf or JSON, or a *wire.Refusal for all others.
func Form(contentType string) (string, error) {
	switch kind, _, _ := mime.ParseMediaType(contentType); kind {
	case Protobuf, JSON:
		return kind, nil
	}
	return "", wire.Invalid("unsupported_content_type", "Content-Type: want %s or %s", Protobuf, JSON)
}

// decode reads a request in a form. The strings of a request in JSON are repaired in place as those of other requests are.
func decode(form string, body []byte) (*collector.ExportTraceServiceRequest, error) {
	request := new(collector.ExportTraceServiceRequest)
	if form == Protobuf {
		if err := (proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: maxNesting}).Unmarshal(body, request); err != nil {
			return nil, wire.Invalid("invalid_protobuf", "the body is no export of traces in protobuf, or one that is nested too deep")
		}
		return request, nil
	}
	if err := wire.CheckJSON(body); err != nil {
		return nil, err
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: maxNesting}).Unmarshal(body, request); err != nil {
		return nil, wire.Invalid("invalid_otlp", "the body is no export of traces in JSON, or one that is nested too deep")
	}
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				for _, id := range []*[]byte{&span.TraceId, &span.SpanId, &span.ParentSpanId} {
					*id = unread(*id)
				}
			}
		}
	}
	return request, nil
}

// unread undoes that an id was read as base64, which is what bytes are in the JSON of all other protobufs: OpenTelemetry writes ids in
// hexadecimal, whose digits happen to be digits of base64 too. What was base64 stays as it was read.
func unread(id []byte) []byte {
	if digits, err := hex.DecodeString(base64.RawStdEncoding.EncodeToString(id)); err == nil {
		return digits
	}
	return id
}
