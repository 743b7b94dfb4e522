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
	var e jsonEncoder
	e.outside(dst)
	e.value(v)
	e.more()
	return e.dst, e.err
}

// MarshalJSON is AppendJSON for package encoding/json.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil) }

var _ json.Marshaler = Value{}

// jsonEncoder writes JSON; indent 0 is compact. Its methods take the text so far and return it with more, because that
// is faster than keeping it in dst; dst has it while a container is entered.
type jsonEncoder struct {
	textWriter
	indent int
}

// value writes a value to dst.
func (e *jsonEncoder) value(v Value) { e.dst = e.append(e.dst, v) }

func (e *jsonEncoder) append(dst []byte, v Value) []byte {
	switch v.Kind() {
	case KindNumber:
		return appendJSONNumber(dst, v.num())
	case KindString:
		return e.string(dst, v.str())
	case KindBool:
		return strconv.AppendBool(dst, v.Truthy())
	case KindNull:
		return append(dst, "null"...)
	case KindFunction:
		f := v.function()
		return appendJSONString(dst, "fn<"+f.Name+"("+strconv.Itoa(f.Args)+")>")
	}
	if e.dst = dst; !e.enter(v) {
		return append(dst, "null"...)
	}
	dst = e.container(dst, v)
	e.leave()
	return dst
}

// string writes a string. The length of a long one is found out first, as escapes can make it six times as long.
func (e *jsonEncoder) string(dst []byte, s string) []byte {
	const long = 1 << 16
	if len(s) > long {
		if n := len(dst) + jsonLength(s); n > e.max {
			e.fail(errTooLong(n, e.max, e.kind))
			return dst
		}
	}
	return appendJSONString(dst, s)
}

func appendJSONNumber(dst []byte, f float64) []byte {
	if f-f != 0 { // NaN and the infinities
		return append(dst, "null"...)
	}
	return appendNumber(dst, f)
}

func (e *jsonEncoder) container(dst []byte, v Value) []byte {
	switch v.Kind() {
	case KindArray, KindTuple:
		return e.list(dst, v.array().Items)
	case KindDict:
		return e.dict(dst, v.dict())
	}
	return e.record(dst, v)
}

func (e *jsonEncoder) list(dst []byte, items []Value) []byte {
	dst = append(dst, '[')
	for _, item := range items {
		if len(dst) > e.limit && !e.look(len(dst)) {
			return dst
		}
		if e.indent > 0 {
			dst = e.newline(dst, 0)
		}
		dst = e.item(dst, item)
	}
	return e.close(dst, ']')
}

func (e *jsonEncoder) dict(dst []byte, d *Dict) []byte {
	if !d.allText() {
		d = e.textKeys(dst, d)
	}
	dst = append(dst, '{')
	for i := range d.entries {
		if len(dst) > e.limit && !e.look(len(dst)) {
			return dst
		}
		dst = e.item(e.key(dst, d.entries[i].key.str()), d.entries[i].value)
	}
	return e.close(dst, '}')
}

// textKeys is a dictionary with the texts of its keys, of which several can be the same. As with the objects of the
// reference, the first of these has the place, and the last the value.
func (e *jsonEncoder) textKeys(dst []byte, d *Dict) *Dict {
	out := NewDict(len(d.entries))
	for i := range d.entries {
		if len(dst) > e.limit && !e.look(len(dst)) {
			break
		}
		out.SetString(e.keyText(d.entries[i].key), d.entries[i].value)
	}
	return out
}

func (e *jsonEncoder) record(dst []byte, v Value) []byte {
	names, values := Fields(v)
	dst = append(dst, '{')
	for i, name := range names {
		if name != "payload" || !values[i].IsNull() {
			dst = e.item(e.key(dst, name), values[i])
		}
	}
	return e.close(dst, '}')
}

// key writes the key of a member.
func (e *jsonEncoder) key(dst []byte, key string) []byte {
	if e.indent == 0 && len(key) <= wordsJSON {
		return appendShortJSON(dst, key, ':')
	}
	if e.indent == 0 {
		return append(e.string(dst, key), ':')
	}
	return append(e.string(e.newline(dst, 0), key), ": "...)
}

// item writes a value in a container with a comma behind it. Short texts and numbers, as most are, take the shortest way.
func (e *jsonEncoder) item(dst []byte, v Value) []byte {
	if v.IsNumber() {
		return append(appendJSONNumber(dst, v.num()), ',')
	}
	if v.Kind() == KindString && len(v.str()) <= wordsJSON {
		return appendShortJSON(dst, v.str(), ',')
	}
	return append(e.append(dst, v), ',')
}

// keyText is the text of a key, under the limits of the whole text.
func (e *jsonEncoder) keyText(v Value) string {
	if v.Kind() == KindString {
		return v.str()
	}
	h := hostPrinter{textWriter: e.textWriter, dict: objectMap}
	h.dst, h.paid, h.limit, h.path = nil, 0, 0, path{}
	h.value(v)
	h.more()
	e.err, e.owed, e.limit = h.err, h.owed+len(h.dst), 0
	return string(h.dst)
}

// close ends a container. There is a comma in place of the bracket unless the container is empty.
func (e *jsonEncoder) close(dst []byte, bracket byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		if dst = dst[:last]; e.indent > 0 {
			dst = e.newline(dst, -1)
		}
	}
	return append(dst, bracket)
}

// newline begins the line of an item, or with one level less that of a bracket.
func (e *jsonEncoder) newline(dst []byte, level int) []byte {
	return append(append(dst, '\n'), strings.Repeat(" ", e.indent*(e.path.depth+level))...)
}
