package stdlib

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/hog/vm"
)

func encodings() []Function {
	return []Function{
		{Name: "base64Encode", Min: 1, Max: 1, Doc: "The text's UTF-8 bytes in base64.", Func: base64Encode, Examples: []Example{{"base64Encode('hi!')", "'aGkh'"}, {"base64Encode('é')", "'w6k='"}}},
		{Name: "base64Decode", Min: 1, Max: 1, Doc: "The text that base64 stands for; foreign characters are skipped.", Func: base64Decode, Examples: []Example{{"base64Decode('aGkh')", "'hi!'"}, {"base64Decode('YQ')", "'a'"}}},
		{Name: "tryBase64Decode", Min: 1, Max: 1, Doc: "base64Decode, but '' for what is no text.", Func: tryBase64Decode, Examples: []Example{{"tryBase64Decode(null)", "''"}, {"tryBase64Decode('aGk=')", "'hi'"}}},
		{Name: "encodeURLComponent", Min: 1, Max: 1, Doc: "The text with everything but letters, digits and -_.!~*'() percent-encoded.", Func: encodeURL, Examples: []Example{{"encodeURLComponent('a b&c')", "'a%20b%26c'"}, {"encodeURLComponent('é')", "'%C3%A9'"}}},
		{Name: "decodeURLComponent", Min: 1, Max: 1, Doc: "The text with percent codes decoded; an error if they are malformed.", Func: decodeURL, Examples: []Example{{"decodeURLComponent('a%20b')", "'a b'"}, {"decodeURLComponent('a+b')", "'a+b'"}}},
		{Name: "tryDecodeURLComponent", Min: 1, Max: 1, Doc: "decodeURLComponent, but null if malformed.", Func: tryDecodeURL, Examples: []Example{{"tryDecodeURLComponent('%')", "null"}, {"tryDecodeURLComponent('%C3%A9')", "'é'"}}},
	}
}

func base64Encode(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := text("base64Encode", args[0])
	if err != nil {
		return vm.Null(), err
	}
	if err := c.Text(base64.StdEncoding.EncodedLen(len(s))); err != nil {
		return vm.Null(), err
	}
	return vm.String(base64.StdEncoding.EncodeToString(utf8Bytes(s))), nil
}

func base64Decode(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := text("base64Decode", args[0])
	if err != nil {
		return vm.Null(), err
	}
	return decodeBase64(c, s)
}

func tryBase64Decode(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, _ := args[0].AsString()
	return decodeBase64(c, s)
}

// decodeBase64 is the text of a base64 one in either alphabet, up to the first =. It skips what belongs to neither.
func decodeBase64(c *vm.Call, s string) (vm.Value, error) {
	digits := make([]byte, 0, len(s))
	if end := strings.IndexByte(s, '='); end >= 0 {
		s = s[:end]
	}
	err := c.Pieces(len(s), func(from, to int) error {
		digits = appendDigits(digits, s[from:to])
		return nil
	})
	if err != nil {
		return vm.Null(), err
	}
	if len(digits)%4 == 1 {
		digits = digits[:len(digits)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))
	n, _ := base64.RawStdEncoding.Decode(out, digits) // only digits are left, and stray low bits do not matter
	return vm.String(replaceInvalid(out[:n])), nil
}

// appendDigits appends the digits of base64 in a text, of both alphabets, as those of the first.
func appendDigits(digits []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
			digits = append(digits, '+')
		case c == '_':
			digits = append(digits, '/')
		case c == '+' || c == '/' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z':
			digits = append(digits, c)
		}
	}
	return digits
}

// utf8Bytes is the text in UTF-8, where halves of surrogate pairs have no place. Callers only read it.
func utf8Bytes(s string) []byte {
	if utf8.ValidString(s) {
		return vm.BytesOf(s)
	}
	return []byte(string(utf16.Decode(vm.Units(s))))
}

// replaceInvalid reads bytes as UTF-8 as web standards do: one replacement character for each longest run of bytes that
// starts a character but does not end it, and for each byte that starts none.
func replaceInvalid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = partialRune(b)
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// partialRune is the length of the unfinished character that b starts with, at least 1.
func partialRune(b []byte) int {
	n := 1
	for n < len(b) && n < utf8.UTFMax && !utf8.FullRune(b[:n]) {
		n++
	}
	if n > 1 && utf8.FullRune(b[:n]) {
		n--
	}
	return n
}

const upperHex = "0123456789ABCDEF"

func encodeURL(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	if !utf8.ValidString(s) {
		return vm.Null(), vm.Errorf(vm.KindData, "URI malformed")
	}
	n := len(s)
	err = c.Pieces(len(s), func(from, to int) error {
		for i := from; i < to; i++ {
			if !isPlainURL(s[i]) {
				n += len("%XX") - 1
			}
		}
		return nil
	})
	if err != nil {
		return vm.Null(), err
	}
	if err := c.Text(n); err != nil {
		return vm.Null(), err
	}
	out := make([]byte, 0, n)
	err = c.Pieces(len(s), func(from, to int) error {
		out = appendURL(out, s[from:to])
		return nil
	})
	return vm.String(string(out)), err
}

// appendURL appends a text in percent codes.
func appendURL(out []byte, s string) []byte {
	for i := range len(s) {
		b := s[i]
		if isPlainURL(b) {
			out = append(out, b)
			continue
		}
		out = append(out, '%', upperHex[b>>4], upperHex[b&15])
	}
	return out
}

// isPlainURL reports the characters that stand for themselves.
func isPlainURL(b byte) bool {
	return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' || strings.IndexByte("-_.!~*'()", b) >= 0
}

func decodeURL(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	v, err := percentDecode(c, s)
	if err == nil && v.IsNull() {
		err = vm.Errorf(vm.KindData, "URI malformed")
	}
	return v, err
}

func tryDecodeURL(c *vm.Call, args []vm.Value) (vm.Value, error) {
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	return percentDecode(c, s)
}

// percentDecode is the text that percent codes stand for, or null for what is malformed.
func percentDecode(c *vm.Call, s string) (vm.Value, error) {
	d := percentDecoder{s: s, out: make([]byte, 0, len(s))}
	ok := true
	err := c.Pieces(len(s), func(_, to int) error {
		ok = ok && d.decode(to)
		return nil
	})
	if err != nil || !ok || !d.valid() {
		return vm.Null(), err
	}
	return vm.String(string(d.out)), nil
}

type percentDecoder struct {
	s       string
	i       int
	out     []byte
	decoded int // how many bytes at the end of out were percent codes
}

// valid reports whether the percent codes since the last plain character are text.
func (d *percentDecoder) valid() bool { return utf8.Valid(d.out[len(d.out)-d.decoded:]) }

// decode goes on to a place, or behind the percent code that begins before it.
func (d *percentDecoder) decode(to int) bool {
	for ; d.i < to; d.i++ {
		if d.s[d.i] != '%' {
			if !d.valid() {
				return false
			}
			d.out, d.decoded = append(d.out, d.s[d.i]), 0
			continue
		}
		if d.i+2 >= len(d.s) || unhex(d.s[d.i+1]) < 0 || unhex(d.s[d.i+2]) < 0 {
			return false
		}
		d.out = append(d.out, byte(unhex(d.s[d.i+1])<<4|unhex(d.s[d.i+2])))
		d.decoded++
		d.i += 2
	}
	return true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
