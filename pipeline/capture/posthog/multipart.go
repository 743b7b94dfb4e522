package posthog

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Sizes of the parts of an event about AI, in bytes (spec 2.13).
const (
	maxEventPart  = 32 << 10
	maxProperties = 960 << 10 // of the event and of its properties together, without blobs
	maxParts      = 25 << 20  // of all parts together
	maxPartCount  = 1000      // no event has as many blobs
	partPrefix    = "event.properties."
)

// aiEvents are the events that come in parts.
var aiEvents = []string{"$ai_generation", "$ai_trace", "$ai_span", "$ai_embedding", "$ai_metric", "$ai_feedback"}

// blobTypes are the content types that a blob may have.
var blobTypes = []string{"application/octet-stream", "application/json", "text/plain"}

// Part is a part of a request that was taken, as the answer names it.
type Part struct {
	Name     string  `json:"name"`
	Length   int     `json:"length"`
	Type     *string `json:"content-type"`
	Encoding *string `json:"content-encoding"`
}

// ReadParts makes the JSON text of one event of a multipart body (spec 2.13): of the part event, of the part event.properties when the event has
// none itself, and of blobs, which are parts named event.properties.NAME. A blob becomes the property NAME: JSON as what it is, text as a text,
// and bytes as a text in base64. Errors are *wire.Refusal.
func ReadParts(contentType string, body []byte) (text []byte, parts []Part, err error) {
	boundary, err := boundaryOf(contentType)
	if err != nil {
		return nil, nil, err
	}
	a := assembly{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextRawPart()
		if err == io.EOF { //nolint:errorlint // wrapped, it is a body that ends early
			break
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(part)
		}
		if err != nil {
			return nil, nil, wire.Invalid("invalid_multipart", "the body is no multipart/form-data with this boundary")
		}
		if err := a.add(part, data); err != nil {
			return nil, nil, err
		}
	}
	text, err = a.event()
	return text, a.parts, err
}

func boundaryOf(contentType string) (string, error) {
	kind, parameters, _ := mime.ParseMediaType(contentType)
	if kind != "multipart/form-data" {
		return "", wire.Invalid("invalid_content_type", "Content-Type: want multipart/form-data")
	}
	if parameters["boundary"] == "" {
		return "", wire.Invalid("invalid_content_type", "Content-Type: multipart/form-data has no boundary")
	}
	return parameters["boundary"], nil
}

// assembly is an event of which parts have come.
type assembly struct {
	parts      []Part
	size       int    // of all parts
	root       []byte // the part event
	properties []byte // the part event.properties
	blobs      []blob
}

type blob struct {
	name  string
	value []byte // JSON
}

func (a *assembly) add(part *multipart.Part, data []byte) (err error) {
	name := part.FormName()
	if len(a.parts) == 0 && name != "event" {
		return wire.Invalid("invalid_part", "the first part is not event")
	}
	a.parts = append(a.parts, Part{name, len(data), header(part, "Content-Type"), header(part, "Content-Encoding")})
	if a.size += len(data); a.size > maxParts {
		return wire.TooLarge("parts_too_large", "the parts together have more than %d bytes", maxParts)
	}
	if len(a.parts) > maxPartCount {
		return wire.TooLarge("too_many_parts", "the event has more than %d parts", maxPartCount)
	}
	switch {
	case name == "event" && a.root == nil:
		if len(data) > maxEventPart {
			return wire.TooLarge("event_part_too_large", "the part event: %s; send what is large as event.properties or as a blob", wire.SizeDetail(len(data), maxEventPart))
		}
		a.root, err = object(name, data)
	case name == "event.properties" && a.properties == nil:
		a.properties, err = object(name, data)
	case strings.HasPrefix(name, partPrefix):
		err = a.blob(part, strings.TrimPrefix(name, partPrefix), data)
	default:
		err = wire.Invalid("invalid_part", "part %d: want event and event.properties once each, and event.properties.NAME", len(a.parts))
	}
	return err
}

func header(part *multipart.Part, name string) *string {
	if value := part.Header.Get(name); value != "" {
		return &value
	}
	return nil
}

// object checks that the data of a part is an object.
func object(name string, data []byte) ([]byte, error) {
	if err := wire.CheckJSON(data); err != nil {
		var refusal *wire.Refusal
		if errors.As(err, &refusal) {
			refusal.Detail = "the part " + name + ": " + refusal.Detail
		}
		return nil, err
	}
	data = bytes.TrimSpace(data)
	if rawjson.KindOf(data) != rawjson.Object {
		return nil, wire.Invalid("invalid_part", "the part %s is not an object", name)
	}
	return data, nil
}

func (a *assembly) blob(part *multipart.Part, name string, data []byte) error {
	kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	switch {
	case name == "" || strings.Contains(name, "."):
		return wire.Invalid("invalid_blob", "blob %d: want event.properties.NAME, with a name that has no dot", len(a.blobs))
	case slices.ContainsFunc(a.blobs, func(b blob) bool { return b.name == name }):
		return wire.Invalid("duplicate_blob", "blob %d: there is one of the same name", len(a.blobs))
	case err != nil || !slices.Contains(blobTypes, kind):
		return wire.Invalid("invalid_blob", "blob %d: Content-Type: want one of %s", len(a.blobs), strings.Join(blobTypes, ", "))
	case len(data) == 0:
		return wire.Invalid("invalid_blob", "blob %d is empty", len(a.blobs))
	}
	a.blobs = append(a.blobs, blob{name, blobValue(kind, data)})
	return nil
}

// blobLevels are how many levels of JSON are around a blob.
const blobLevels = 2

// blobValue is the JSON of a blob. What is no JSON although it is said to be, or too deep, is kept as text, and what is no text as bytes: the
// service whose protocol it is looks into no blob, so it refuses none.
func blobValue(kind string, data []byte) []byte {
	valid, _, _ := rawjson.Valid(data, rawjson.MaxDepth-blobLevels)
	switch {
	case kind == "application/json" && valid:
		return data
	case kind != "application/octet-stream" && utf8.Valid(data):
		return rawjson.AppendString(make([]byte, 0, len(data)+len(data)/8), string(data))
	}
	text := make([]byte, base64.StdEncoding.EncodedLen(len(data))+2)
	text[0], text[len(text)-1] = '"', '"'
	base64.StdEncoding.Encode(text[1:], data)
	return text
}

// event puts the parts together.
func (a *assembly) event() ([]byte, error) {
	if a.root == nil {
		return nil, wire.Invalid("missing_event_part", "the request has no part event")
	}
	if size := len(a.root) + len(a.properties); size > maxProperties {
		return nil, wire.TooLarge("event_too_large", "event and event.properties: %s; send what is large as a blob", wire.SizeDetail(size, maxProperties))
	}
	properties := a.properties
	if own, ok := rawjson.Get(a.root, "properties"); ok {
		if properties != nil {
			return nil, wire.Invalid("two_properties", "the event has properties, and there is a part event.properties: send one of them")
		}
		properties = own
	}
	if rawjson.KindOf(properties) != rawjson.Object {
		properties = []byte("{}")
	}
	if err := checkAI(a.root, properties); err != nil {
		return nil, err
	}
	whole := wire.NewRewriter(make([]byte, 0, a.size+a.size/8), properties)
	for key, value := range rawjson.Members(properties) {
		if slices.ContainsFunc(a.blobs, func(b blob) bool { return rawjson.KeyIs(key, b.name) }) {
			whole.Drop()
		} else {
			whole.Keep(key, value)
		}
	}
	for _, b := range a.blobs {
		whole.Add(b.name, b.value)
	}
	return rawjson.Set(a.root, "properties", whole.Close()), nil
}

// checkAI refuses what is no event about AI, as the service does whose protocol it is.
func checkAI(root, properties []byte) error {
	name, _ := rawjson.Get(root, "event")
	model, ok := rawjson.Get(properties, "$ai_model")
	switch {
	case !slices.Contains(aiEvents, wire.Text(name)):
		return wire.Invalid("invalid_event_name", "event: want one of %s", strings.Join(aiEvents, ", "))
	case !ok || wire.Text(model) == "":
		return wire.Invalid("missing_model", "properties: want $ai_model, a text")
	}
	return nil
}
