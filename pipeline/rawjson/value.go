package rawjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Members calls yield with every key and value of the object b, in order, until yield returns false. key is the raw string with its
// quotes, value the raw text of the value. Both alias b. Text that is not an object has no members.
func Members(b []byte) func(yield func(key, value []byte) bool) {
	return func(yield func(key, value []byte) bool) {
		i := skipSpace(b, 0)
		if i >= len(b) || b[i] != '{' {
			return
		}
		i++
		for {
			i = skipSpace(b, i)
			if i >= len(b) || b[i] != '"' {
				return
			}
			k := i
			i = skipString(b, i)
			key := b[k:i]
			i = skipSpace(b, i)
			if i >= len(b) || b[i] != ':' {
				return
			}
			i = skipSpace(b, i+1)
			v := i
			i = skipValue(b, i)
			if i == v || !yield(key, b[v:i]) {
				return
			}
			i = skipSpace(b, i)
			if i >= len(b) || b[i] != ',' {
				return
			}
			i++
		}
	}
}

// Elements calls yield with every element of the array b, in order, until yield returns false. Elements alias b. Text that is not an
// array has no elements.
func Elements(b []byte) func(yield func(value []byte) bool) {
	return func(yield func(value []byte) bool) {
		i := skipSpace(b, 0)
		if i >= len(b) || b[i] != '[' {
			return
		}
		i++
		for {
			i = skipSpace(b, i)
			v := i
			if i >= len(b) || b[i] == ']' {
				return
			}
			i = skipValue(b, i)
			if i == v || !yield(b[v:i]) {
				return
			}
			i = skipSpace(b, i)
			if i >= len(b) || b[i] != ',' {
				return
			}
			i++
		}
	}
}

// Get returns the raw text of the value that path leads to, through nested objects. When a key occurs twice the last one counts, as it
// does for encoding/json. No path at all is b itself.
func Get(b []byte, path ...string) (value []byte, ok bool) {
	for _, name := range path {
		ok = false
		for k, v := range Members(b) {
			if KeyIs(k, name) {
				value, ok = v, true
			}
		}
		if !ok {
			return nil, false
		}
		b = value
	}
	return b, true
}

// KeyIs reports whether the raw string token key, quotes included, spells name.
func KeyIs(key []byte, name string) bool {
	if len(key) < len(name)+2 {
		return false // an escape is longer than what it stands for
	}
	inner := key[1 : len(key)-1]
	escaped := len(inner) > len(name) || string(inner) == name
	if !escaped || bytes.IndexByte(inner, '\\') < 0 {
		return string(inner) == name
	}
	s, ok := String(key)
	return ok && s == name
}

// Kind is the kind of a JSON value.
type Kind byte

// The kinds that KindOf tells apart. Invalid stands for text that starts no value.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	Text
	Array
	Object
)

// KindOf tells the kind of the value that b spells, by its first character.
func KindOf(b []byte) Kind {
	i := skipSpace(b, 0)
	if i >= len(b) {
		return Invalid
	}
	switch ch := b[i]; {
	case ch == '{':
		return Object
	case ch == '[':
		return Array
	case ch == '"':
		return Text
	case ch == 't' || ch == 'f':
		return Bool
	case ch == 'n':
		return Null
	case ch == '-' || ch >= '0' && ch <= '9':
		return Number
	}
	return Invalid
}

// String decodes the string token b, quotes included. It reports false when b is not a string. The result aliases b when the token has
// no escapes, so b must not be changed as long as the result lives.
func String(b []byte) (string, bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return "", false
	}
	inner := b[1 : len(b)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return Alias(inner), true
	}
	return unescape(inner), true
}

// Alias is b as a string that shares its memory, so b must not be changed as long as the string lives.
func Alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unescape undoes the escapes of a string's inside. A lone surrogate becomes U+FFFD, as in encoding/json.
func unescape(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 >= len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := hex4(b, i+1)
			if !ok {
				r = utf8.RuneError
				out = utf8.AppendRune(out, r)
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low, isLow := rune(0), false
				if i+2 < len(b) && b[i+1] == '\\' && b[i+2] == 'u' {
					low, isLow = hex4(b, i+3)
				}
				if full := utf16.DecodeRune(r, low); isLow && full != utf8.RuneError {
					r = full
					i += 6
				} else {
					r = utf8.RuneError
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, b[i])
		}
	}
	return string(out)
}

// AppendString appends s as a JSON string token. Invalid UTF-8 becomes U+FFFD; only the characters that JSON requires to be escaped are.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		ch := s[i]
		if ch >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		if ch >= ' ' && ch != '"' && ch != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch ch {
		case '"', '\\':
			dst = append(dst, '\\', ch)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[ch>>4], hex[ch&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// Decode turns the value b into Go values: nil, bool, float64 or int64 (integers that fit keep all their digits), string, []any and
// map[string]any.
func Decode(b []byte) (any, error) {
	switch KindOf(b) {
	case Text:
		if s, ok := String(bytes.TrimSpace(b)); ok {
			return s, nil
		}
	case Number:
		return number(json.Number(bytes.TrimSpace(b))), nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	return numbers(v), nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

func number(n json.Number) any {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i
	}
	f, _ := strconv.ParseFloat(string(n), 64) // out of range is ±Inf, which is the nearest value there is
	return f
}
