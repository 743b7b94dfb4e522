package otlp

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"

	common "go.opentelemetry.io/proto/otlp/common/v1"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// properties are what an event will say, by name: texts, numbers, booleans, []any, map[string]any and json.RawMessage.
type properties map[string]any

// text is the value of a name when it is a text, else "".
func (p properties) text(name string) string {
	text, _ := p[name].(string)
	return text
}

// move gives a value another name, unless there is something under it and it may not be replaced.
func (p properties) move(from, to string, replace bool) {
	value, ok := p[from]
	if !ok {
		return
	}
	delete(p, from)
	if _, taken := p[to]; replace || !taken {
		p[to] = value
	}
}

// mostParts is how many elements and members, at all levels, a text may have of which JSON is made: taken apart, each takes up to 400 bytes of memory,
// and two of the text. A conversation of a thousand messages has some ten thousand.
const mostParts = 100_000

// parts counts elements and members, roughly, and no further than just above mostParts.
func parts(text string) (n int) {
	quoted := false
	for i := 0; i < len(text) && n <= mostParts; i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == '{' || c == '[' || c == ','):
			n++
		}
	}
	return n
}

// parse makes JSON of a text that is JSON, for values that are written as text because attributes have no other place for them. One of too many parts
// stays a text.
func (p properties) parse(name string) {
	text, ok := p[name].(string)
	if !ok {
		return
	}
	const around = 8 // levels of the list of events, and of what is put around the value
	if parts(text) > mostParts {
		return
	}
	if valid, _, _ := rawjson.Valid([]byte(text), rawjson.MaxDepth-around); valid {
		p[name] = json.RawMessage(text)
	}
}

// list is the elements of a value that is a list.
func (p properties) list(name string) (elements []any, ok bool) {
	switch value := p[name].(type) {
	case []any:
		return value, true
	case json.RawMessage:
		var raw []json.RawMessage
		if json.Unmarshal(value, &raw) != nil || raw == nil {
			return nil, false
		}
		for _, element := range raw {
			elements = append(elements, element)
		}
		return elements, true
	}
	return nil, false
}

// read makes properties of attributes, but for those whose names begin with one of the prefixes.
func read(attributes []*common.KeyValue, without ...string) properties {
	p := make(properties, len(attributes)+16)
next:
	for _, a := range attributes {
		for _, prefix := range without {
			if strings.HasPrefix(a.GetKey(), prefix) {
				continue next
			}
		}
		if v := a.GetValue(); v.GetValue() != nil {
			p[a.GetKey()] = value(v)
		}
	}
	return p
}

// value makes what JSON has for it of an attribute's value: bytes become hexadecimal, and what is no number becomes null.
func value(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		if math.IsNaN(v.DoubleValue) || math.IsInf(v.DoubleValue, 0) {
			return nil
		}
		return v.DoubleValue
	case *common.AnyValue_BytesValue:
		return hex.EncodeToString(v.BytesValue)
	case *common.AnyValue_ArrayValue:
		list := make([]any, 0, len(v.ArrayValue.GetValues()))
		for _, element := range v.ArrayValue.GetValues() {
			if element.GetValue() != nil {
				list = append(list, value(element))
			}
		}
		return list
	case *common.AnyValue_KvlistValue:
		return map[string]any(read(v.KvlistValue.GetValues()))
	}
	return nil
}
