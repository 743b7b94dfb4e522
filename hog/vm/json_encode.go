package vm

import (
	"encoding/json"
	"strconv"
	"strings"
)

// AppendJSON appends the value as compact JSON, as jsonStringify does: dictionaries in their order with keys as text,
// tuples as arrays, records as tagged objects, functions as their name, NaN and infinities as null. A container inside
// itself is null. It fails when the text would be larger than 16 MiB, or containers are inside each other over more than
// 1000 levels.
func (v Value) AppendJSON(dst []byte) ([]byte, error) {
	e := jsonEncoder{textWriter: outside(dst)}
	e.value(v)
	e.more()
	return e.dst, e.err
}

// MarshalJSON is AppendJSON for package encoding/json.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil) }

var _ json.Marshaler = Value{}

// jsonEncoder writes JSON; indent 0 is compact.
type jsonEncoder struct {
	textWriter
	indent int
}

func (e *jsonEncoder) value(v Value) {
	switch v.Kind() {
	case KindBool:
		e.dst = strconv.AppendBool(e.dst, v.Truthy())
	case KindNumber:
		e.number(v.num())
	case KindString:
		e.string(v.str())
	case KindFunction:
		f := v.function()
		e.dst = appendJSONString(e.dst, "fn<"+f.Name+"("+strconv.Itoa(f.Args)+")>")
	case KindNull:
		e.dst = append(e.dst, "null"...)
	default:
		if !e.enter(v) {
			e.dst = append(e.dst, "null"...)
			return
		}
		e.container(v)
		e.leave()
	}
}

// string writes a string. The length of a long one is found out first, as escapes can make it six times as long.
func (e *jsonEncoder) string(s string) {
	const long = 1 << 16
	if len(s) > long {
		if n := len(e.dst) + jsonLength(s); n > e.max {
			e.fail(errTooLong(n, e.max, e.kind))
			return
		}
	}
	e.dst = appendJSONString(e.dst, s)
}

func (e *jsonEncoder) number(f float64) {
	if f-f != 0 { // NaN and the infinities
		e.dst = append(e.dst, "null"...)
		return
	}
	e.dst = appendNumber(e.dst, f)
}

func (e *jsonEncoder) container(v Value) {
	switch v.Kind() {
	case KindArray, KindTuple:
		e.list(v.array().Items)
	case KindDict:
		e.dict(v.dict())
	default:
		names, values := Fields(v)
		e.dst = append(e.dst, '{')
		for i, name := range names {
			if name == "payload" && values[i].IsNull() {
				continue
			}
			e.member(i, name, values[i])
		}
		e.close('}', len(names))
	}
}

func (e *jsonEncoder) list(items []Value) {
	e.dst = append(e.dst, '[')
	for i, item := range items {
		if !e.more() {
			return
		}
		e.separate(i)
		e.value(item)
	}
	e.close(']', len(items))
}

func (e *jsonEncoder) dict(d *Dict) {
	e.dst = append(e.dst, '{')
	for i := range d.entries {
		if !e.more() {
			return
		}
		e.member(i, e.key(d.entries[i].key), d.entries[i].value)
	}
	e.close('}', len(d.entries))
}

func (e *jsonEncoder) member(i int, name string, v Value) {
	if e.indent == 0 && e.scalar(i, name, v) {
		return
	}
	e.separate(i)
	e.string(name)
	e.dst = append(e.dst, ':')
	if e.indent > 0 {
		e.dst = append(e.dst, ' ')
	}
	e.value(v)
}

// scalar writes a member that is a number or a short text, as most are, in one go; false when it is not.
func (e *jsonEncoder) scalar(i int, name string, v Value) bool {
	const short = 256
	text, isText := v.AsString()
	f, isNumber := v.AsNumber()
	if len(name) > short || !isNumber && (!isText || len(text) > short) || f-f != 0 {
		return false
	}
	dst := e.dst
	if i > 0 {
		dst = append(dst, ',')
	}
	dst = append(appendJSONString(dst, name), ':')
	if isText {
		e.dst = appendJSONString(dst, text)
	} else {
		e.dst = appendNumber(dst, f)
	}
	return true
}

// key is the text of a key, under the limits of the whole text.
func (e *jsonEncoder) key(v Value) string {
	if v.Kind() == KindString {
		return v.str()
	}
	h := hostPrinter{textWriter: e.textWriter, dict: objectMap}
	h.dst, h.paid, h.path = nil, 0, path{}
	h.value(v)
	h.more()
	e.err, e.owed = h.err, h.owed+len(h.dst)
	return string(h.dst)
}

func (e *jsonEncoder) separate(i int) {
	if i > 0 {
		e.dst = append(e.dst, ',')
	}
	e.newline(len(e.path.list))
}

func (e *jsonEncoder) close(bracket byte, n int) {
	if n > 0 {
		e.newline(len(e.path.list) - 1)
	}
	e.dst = append(e.dst, bracket)
}

func (e *jsonEncoder) newline(level int) {
	if e.indent > 0 {
		e.dst = append(e.dst, '\n')
		e.dst = append(e.dst, strings.Repeat(" ", e.indent*level)...)
	}
}
