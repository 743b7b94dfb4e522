package vm

import (
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads the string whose opening quote is at i.
func (d *jsonDecoder) string(i int) (string, int) {
	s, start := d.s, i+1
	for i = start; i+8 <= len(s); i += 8 {
		marks := special(wordAt(s, i))
		if marks == 0 {
			continue
		}
		if i += bits.TrailingZeros64(marks) / 8; s[i] == '"' {
			return s[start:i], i + 1
		}
		break
	}
	return d.restOfString(start, i)
}

// restOfString goes on at i with a string that began at start and is plain up to there.
func (d *jsonDecoder) restOfString(start, i int) (string, int) {
	for i = plainEnd(d.s, i); i < len(d.s); i = plainEnd(d.s, i) {
		switch c := d.s[i]; {
		case c == '"':
			return d.s[start:i], i + 1
		case c == '\\':
			return d.escaped(start, i)
		case c < ' ':
			return "", d.fail(i, "control character in a string")
		}
		for i < len(d.s) && d.s[i] >= utf8.RuneSelf {
			i++
		}
	}
	return "", d.unexpected(i)
}

// escaped goes on with a string, which began at start, at its first backslash.
func (d *jsonDecoder) escaped(start, i int) (string, int) {
	buf := append(make([]byte, 0, i-start+32), d.s[start:i]...)
	for i < len(d.s) {
		c := d.s[i]
		switch {
		case c == '"':
			d.left -= len(buf)
			return string(buf), i + 1
		case c < ' ':
			return "", d.fail(i, "control character in a string")
		case c != '\\':
			buf = append(buf, c)
			i++
			continue
		}
		at := i
		if buf, i = appendUnescaped(buf, d.s, i); i < 0 {
			return "", d.fail(at, "bad escape")
		}
	}
	return "", d.unexpected(i)
}

// appendUnescaped appends what the escape at i stands for. It returns where it ends, or -1 when it is none.
func appendUnescaped(buf []byte, s string, i int) ([]byte, int) {
	if i+1 >= len(s) {
		return buf, -1
	}
	c := s[i+1]
	if c == 'u' {
		return appendUnicode(buf, s, i)
	}
	at := strings.IndexByte(`"\/bfnrt`, c)
	if at < 0 {
		return buf, -1
	}
	return append(buf, "\"\\/\b\f\n\r\t"[at]), i + 2
}

func appendUnicode(buf []byte, s string, i int) ([]byte, int) {
	r, ok := hex4(s, i+2)
	if !ok {
		return buf, -1
	}
	i += 6
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(s, i+2); ok && s[i] == '\\' && s[i+1] == 'u' {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(buf, pair), i + 6
			}
		}
		return appendUnit(buf, uint16(r)), i
	}
	return utf8.AppendRune(buf, r), i
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
