package vm

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// FromJSON is the value of a JSON document: objects become dictionaries in source order, objects tagged as datetime,
// date, interval or error become those. It copies raw once.
func FromJSON(raw []byte) (Value, error) { return ParseJSON(string(raw)) }

// ParseJSON is FromJSON of a string. Strings of the result share the memory of the text.
func ParseJSON(text string) (Value, error) {
	d := jsonDecoder{s: text}
	v, err := d.value(0)
	if err != nil {
		return Value{}, err
	}
	if d.space(); d.i < len(d.s) {
		return Value{}, d.fail("unexpected text after the value")
	}
	return v, nil
}

type jsonDecoder struct {
	s string
	i int
}

func (d *jsonDecoder) fail(what string) error {
	return errorf(KindData, "invalid JSON at position %d: %s", d.i, what)
}

func (d *jsonDecoder) unexpected() error {
	if d.i >= len(d.s) {
		return d.fail("unexpected end")
	}
	r, _ := utf8.DecodeRuneInString(d.s[d.i:])
	return d.fail(fmt.Sprintf("unexpected %q", r))
}

func (d *jsonDecoder) space() {
	for d.i < len(d.s) {
		switch d.s[d.i] {
		case ' ', '\n', '\t', '\r':
			d.i++
		default:
			return
		}
	}
}

func (d *jsonDecoder) value(depth int) (Value, error) {
	d.space()
	if depth > maxNesting {
		return Value{}, d.fail("nested too deeply")
	}
	if d.i >= len(d.s) {
		return Value{}, d.unexpected()
	}
	switch c := d.s[d.i]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.list(depth)
	case '"':
		s, err := d.string()
		return String(s), err
	case 't':
		return Bool(true), d.word("true")
	case 'f':
		return Bool(false), d.word("false")
	case 'n':
		return Value{}, d.word("null")
	default:
		return d.number()
	}
}

func (d *jsonDecoder) word(w string) error {
	if !strings.HasPrefix(d.s[d.i:], w) {
		return d.unexpected()
	}
	d.i += len(w)
	return nil
}

func (d *jsonDecoder) list(depth int) (Value, error) {
	d.i++
	var items []Value
	if d.space(); d.i < len(d.s) && d.s[d.i] == ']' {
		d.i++
		return NewArray(), nil
	}
	for {
		v, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
		more, err := d.more(']')
		if err != nil {
			return Value{}, err
		}
		if !more {
			return NewArray(items...), nil
		}
	}
}

// more consumes a comma (true) or the closing bracket (false).
func (d *jsonDecoder) more(end byte) (bool, error) {
	d.space()
	if d.i < len(d.s) && (d.s[d.i] == ',' || d.s[d.i] == end) {
		d.i++
		return d.s[d.i-1] == ',', nil
	}
	return false, d.unexpected()
}

func (d *jsonDecoder) object(depth int) (Value, error) {
	d.i++
	dict, tagged := &Dict{}, false
	if d.space(); d.i < len(d.s) && d.s[d.i] == '}' {
		d.i++
		return dict.Value(), nil
	}
	for {
		if d.space(); d.i >= len(d.s) || d.s[d.i] != '"' {
			return Value{}, d.unexpected()
		}
		key, err := d.string()
		if err != nil {
			return Value{}, err
		}
		if d.space(); d.i >= len(d.s) || d.s[d.i] != ':' {
			return Value{}, d.unexpected()
		}
		d.i++
		v, err := d.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		tagged = tagged || strings.HasPrefix(key, "__hog")
		dict.Set(String(key), v)
		more, err := d.more('}')
		if err != nil {
			return Value{}, err
		}
		if !more {
			return record(dict, tagged), nil
		}
	}
}

// record is the datetime, date, interval or error that a tagged dictionary stands for, else the dictionary.
func record(d *Dict, tagged bool) Value {
	if !tagged {
		return d.Value()
	}
	field := func(name string) Value { v, _ := d.GetString(name); return v }
	is := func(mark string) bool { return field(mark).Truthy() }
	switch {
	case is(markDateTime):
		return NewDateTime(numberOr(field("dt")), HostString(field("zone")))
	case is(markDate):
		return NewDate(numberOr(field("year")), numberOr(field("month")), numberOr(field("day")))
	case is(markInterval):
		return NewInterval(field("value"), HostString(field("unit")))
	case is(markError):
		return NewError(HostString(field("type")), HostString(field("message")), field("payload"))
	}
	return d.Value()
}

// numberOr is the number, or NaN, which JSON writes as null.
func numberOr(v Value) float64 {
	if f, ok := v.AsNumber(); ok {
		return f
	}
	return nan
}

func (d *jsonDecoder) number() (Value, error) {
	start, i, s := d.i, d.i, d.s
	if i < len(s) && s[i] == '-' {
		i++
	}
	first, digits := i, 0
	for n := int64(0); ; i++ {
		if i < len(s) && s[i]-'0' < 10 {
			n = n*10 + int64(s[i]-'0')
			digits++
			continue
		}
		if digits == 0 || digits > 1 && s[first] == '0' {
			d.i = min(i, len(s))
			return Value{}, d.unexpected()
		}
		if digits > 15 || i < len(s) && (s[i] == '.' || s[i]|0x20 == 'e') || first > start && n == 0 {
			break
		}
		d.i = i
		if first > start {
			n = -n
		}
		return Number(float64(n)), nil
	}
	end, ok := jsonFraction(s, i)
	d.i = end
	if !ok {
		return Value{}, d.unexpected()
	}
	f, _ := strconv.ParseFloat(s[start:end], 64) // out of range is infinity, as in the reference
	return Number(f), nil
}

// jsonFraction is the end of the optional fraction and exponent at i, and whether they are well formed.
func jsonFraction(s string, i int) (int, bool) {
	digits := func() bool {
		start := i
		for i < len(s) && s[i]-'0' < 10 {
			i++
		}
		return i > start
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return i, false
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return i, false
		}
	}
	return i, true
}

// string reads the string that starts at the quote under i.
func (d *jsonDecoder) string() (string, error) {
	start := d.i + 1
	for i := start; i < len(d.s); i++ {
		switch c := d.s[i]; {
		case c == '"':
			d.i = i + 1
			return d.s[start:i], nil
		case c == '\\':
			d.i = i
			return d.escaped(start)
		case c < ' ':
			d.i = i
			return "", d.fail("control character in a string")
		}
	}
	d.i = len(d.s)
	return "", d.unexpected()
}

// escaped goes on with a string at its first backslash.
func (d *jsonDecoder) escaped(start int) (string, error) {
	buf := append(make([]byte, 0, d.i-start+32), d.s[start:d.i]...)
	for d.i < len(d.s) {
		c := d.s[d.i]
		switch {
		case c == '"':
			d.i++
			return string(buf), nil
		case c < ' ':
			return "", d.fail("control character in a string")
		case c != '\\':
			buf = append(buf, c)
			d.i++
			continue
		}
		var ok bool
		if buf, ok = d.escape(buf); !ok {
			return "", d.fail("bad escape")
		}
	}
	return "", d.unexpected()
}

func (d *jsonDecoder) escape(buf []byte) ([]byte, bool) {
	if d.i+1 >= len(d.s) {
		return buf, false
	}
	c := d.s[d.i+1]
	if c == 'u' {
		return d.unicode(buf)
	}
	at := strings.IndexByte(`"\/bfnrt`, c)
	if at < 0 {
		return buf, false
	}
	d.i += 2
	return append(buf, "\"\\/\b\f\n\r\t"[at]), true
}

func (d *jsonDecoder) unicode(buf []byte) ([]byte, bool) {
	r, ok := hex4(d.s, d.i+2)
	if !ok {
		return buf, false
	}
	d.i += 6
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(d.s, d.i+2); ok && d.s[d.i] == '\\' && d.s[d.i+1] == 'u' {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				d.i += 6
				return utf8.AppendRune(buf, pair), true
			}
		}
		return appendUnit(buf, uint16(r)), true
	}
	return utf8.AppendRune(buf, r), true
}

func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[i : i+4]) {
		h := digit(c)
		if h > 15 {
			return 0, false
		}
		r = r<<4 | rune(h)
	}
	return r, true
}
