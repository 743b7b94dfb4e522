package otlp

import (
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// What a decoded request takes, roughly, in bytes of memory: an empty message is two bytes in protobuf and three in JSON.
const (
	messageCost = 160
	stringCost  = 32
	// maxCost is what no request in good faith gets near: a thousand spans with all attributes that SDKs allow take half of it.
	maxCost = 128 << 20
)

// cost is what a body will take when it is decoded, besides its own length.
func cost(form string, body []byte) (int64, error) {
	var n int64
	if form == Protobuf {
		n = protobufCost(body, (*collector.ExportTraceServiceRequest)(nil).ProtoReflect().Descriptor(), maxNesting)
	} else {
		n = jsonCost(body)
	}
	if n > maxCost {
		return 0, wire.TooLarge("too_many_attributes", "the request has too many spans or attributes: send fewer of them at once")
	}
	return n, nil
}

// protobufCost walks through the fields of a message. Of what is wrong or nested too deep it counts what it can: decoding refuses it.
func protobufCost(b []byte, message protoreflect.MessageDescriptor, depth int) (n int64) {
	n = messageCost
	for len(b) > 0 && depth > 0 && n <= maxCost {
		number, kind, size := protowire.ConsumeTag(b)
		if size < 0 {
			break
		}
		b = b[size:]
		if size = protowire.ConsumeFieldValue(number, kind, b); size < 0 {
			break
		}
		if kind == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(b)
			if field := message.Fields().ByNumber(number); field != nil && field.Message() != nil {
				n += protobufCost(inner, field.Message(), depth-1)
			} else {
				n += stringCost
			}
		}
		b = b[size:]
	}
	return n
}

// jsonCost counts objects and strings.
func jsonCost(text []byte) (n int64) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
			n += stringCost / 2
		case quoted && c == '\\':
			i++
		case !quoted && c == '{':
			n += messageCost
		}
	}
	return n
}
