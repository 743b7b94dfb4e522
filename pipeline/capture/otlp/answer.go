package otlp

import (
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Answer is what an exporter is told of an export that was taken, at least in part.
type Answer struct {
	Rejected int    // spans that were not stored, and should not be sent again
	Why      string // for people
}

// Encode writes the answer in the form of the request.
func (a Answer) Encode(form string) []byte {
	answer := new(collector.ExportTraceServiceResponse)
	if a.Rejected > 0 {
		answer.PartialSuccess = &collector.ExportTracePartialSuccess{RejectedSpans: int64(a.Rejected), ErrorMessage: a.Why}
	}
	// Numbers and valid texts always marshal.
	if form == JSON {
		text, _ := protojson.Marshal(answer)
		return text
	}
	text, _ := proto.Marshal(answer)
	return text
}
