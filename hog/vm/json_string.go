package vm

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// string reads the string that starts at the quote under i.
func (d *jsonDecoder) string() (string, error) {
	start := d.i + 1
	for i := start; i < len(d.s); i++ {
		if plainJSON[d.s[i]] {
			continue
		}
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
			d.left -= len(buf)
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
