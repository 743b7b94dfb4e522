package vm

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errTextSize = errors.New("value is too large to be written as text")

// AppendJSON appends the value as compact JSON, as jsonStringify does: dictionaries in their order with keys as text,
// tuples as arrays, records as tagged objects, functions as their name, NaN and infinities as null. A container inside
// itself is null. It fails only when the text would be larger than 64 MiB.
func (v Value) AppendJSON(dst []byte) ([]byte, error) {
	e := jsonEncoder{dst: dst, max: len(dst) + maxText}
	e.value(v)
	return e.dst, e.err()
}

// MarshalJSON is AppendJSON for package encoding/json.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil) }

var _ json.Marshaler = Value{}

// jsonEncoder writes JSON; indent 0 is compact.
type jsonEncoder struct {
	dst    []byte
	max    int
	indent int
	path   path
}

func (e *jsonEncoder) full() bool { return len(e.dst) > e.max }

func (e *jsonEncoder) err() error {
	if e.full() {
		return errTextSize
	}
	return nil
}

func (e *jsonEncoder) value(v Value) {
	switch v.Kind() {
	case KindBool:
		e.dst = strconv.AppendBool(e.dst, v.Truthy())
	case KindNumber:
		e.number(v.num())
	case KindString:
		e.dst = appendJSONString(e.dst, v.str())
	case KindFunction:
		f := v.function()
		e.dst = appendJSONString(e.dst, "fn<"+f.Name+"("+strconv.Itoa(f.Args)+")>")
	case KindNull:
		e.dst = append(e.dst, "null"...)
	default:
		if e.full() || !e.path.enter(v) {
			e.dst = append(e.dst, "null"...)
			return
		}
		e.container(v)
		e.path.leave()
	}
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
		e.open('{', len(names))
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
	e.open('[', len(items))
	for i, item := range items {
		if e.full() {
			return
		}
		e.separate(i)
		e.value(item)
	}
	e.close(']', len(items))
}

func (e *jsonEncoder) dict(d *Dict) {
	e.open('{', len(d.entries))
	for i := range d.entries {
		if e.full() {
			return
		}
		key := d.entries[i].key
		if key.Kind() == KindString {
			e.member(i, key.str(), d.entries[i].value)
		} else {
			h := hostPrinter{dict: "[object Map]"}
			h.value(key) // cut short when it is too large: nobody means a list as a key
			e.member(i, string(h.dst), d.entries[i].value)
		}
	}
	e.close('}', len(d.entries))
}

func (e *jsonEncoder) member(i int, name string, v Value) {
	e.separate(i)
	e.dst = appendJSONString(e.dst, name)
	e.dst = append(e.dst, ':')
	if e.indent > 0 {
		e.dst = append(e.dst, ' ')
	}
	e.value(v)
}

func (e *jsonEncoder) open(bracket byte, n int) { e.dst = append(e.dst, bracket) }

func (e *jsonEncoder) separate(i int) {
	if i > 0 {
		e.dst = append(e.dst, ',')
	}
	e.newline(len(e.path))
}

func (e *jsonEncoder) close(bracket byte, n int) {
	if n > 0 {
		e.newline(len(e.path) - 1)
	}
	e.dst = append(e.dst, bracket)
}

func (e *jsonEncoder) newline(level int) {
	if e.indent > 0 {
		e.dst = append(e.dst, '\n')
		e.dst = append(e.dst, strings.Repeat(" ", e.indent*level)...)
	}
}

const hexDigits = "0123456789abcdef"

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst, n = appendBroken(dst, s, i)
				start = i + n
			}
			i += n
			continue
		}
		i++
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i-1]...)
		dst = appendJSONEscape(dst, c)
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendBroken writes what is not UTF-8 at i: half of a surrogate pair as its escape, anything else as the replacement
// character. It returns how many bytes that was.
func appendBroken(dst []byte, s string, i int) ([]byte, int) {
	u, ok := halfAt(s, i)
	if !ok {
		return append(dst, "\uFFFD"...), 1
	}
	return append(dst, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15]), 3
}

func appendJSONEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// Fields is the fields of a record (datetime, date, interval, error) in their order, marker first; nil for any other
// value.
func Fields(v Value) (names []string, values []Value) {
	switch v.Kind() {
	case KindDateTime:
		d := v.dateTime()
		return []string{markDateTime, "dt", "zone"}, []Value{Bool(true), Number(d.Epoch), String(d.Zone)}
	case KindDate:
		d := v.date()
		return []string{markDate, "year", "month", "day"},
			[]Value{Bool(true), Number(d.Year), Number(d.Month), Number(d.Day)}
	case KindInterval:
		i := v.interval()
		return []string{markInterval, "value", "unit"}, []Value{Bool(true), i.Value, String(i.Unit)}
	case KindError:
		e := v.errorValue()
		return []string{markError, "type", "message", "payload"},
			[]Value{Bool(true), String(e.Type), String(e.Message), e.Payload}
	}
	return nil, nil
}

var nan = math.NaN()
