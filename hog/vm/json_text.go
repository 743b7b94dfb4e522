package vm

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// wordsJSON is up to how many bytes of a string are looked at and written in words that overlap.
const wordsJSON = 16

// appendShortJSON appends a string of up to wordsJSON bytes with its quotes, and a character behind it. Most have no escapes.
func appendShortJSON(dst []byte, s string, after byte) []byte {
	n, at := len(s), len(dst)
	if cap(dst)-at < n+3 {
		return append(appendJSONString(dst, s), after)
	}
	out := dst[at : at+n+3]
	switch {
	case n >= 8:
		head, tail := wordAt(s, 0), wordAt(s, n-8)
		if special(head)|special(tail) != 0 {
			return append(appendJSONString(dst, s), after)
		}
		binary.LittleEndian.PutUint64(out[1:], head)
		binary.LittleEndian.PutUint64(out[n-7:], tail)
	case n >= 4:
		head, tail := halfWordAt(s, 0), halfWordAt(s, n-4)
		if special(uint64(head)|uint64(tail)<<32) != 0 {
			return append(appendJSONString(dst, s), after)
		}
		binary.LittleEndian.PutUint32(out[1:], head)
		binary.LittleEndian.PutUint32(out[n-3:], tail)
	default:
		for i := range n {
			if !plainJSON[s[i]] {
				return append(appendJSONString(dst, s), after)
			}
			out[i+1] = s[i]
		}
	}
	out[0], out[n+1], out[n+2] = '"', '"', after
	return dst[:at+n+3]
}

// appendJSONString appends a string with its quotes.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := plainEnd(s, 0); i < len(s); i = plainEnd(s, i) {
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
		dst = append(dst, s[start:i-1]...)
		dst = appendJSONEscape(dst, c)
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// jsonLength is about how long a string is in JSON, and not less than that for valid UTF-8.
func jsonLength(s string) int {
	n := len(s) + len(`""`)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			n++
		case c < ' ':
			n += len(`u0000`)
		}
	}
	return n
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

// plainEnd is where from i on the first character is that does not stand for itself in a JSON string or is longer than one
// byte; the length of the text when there is none.
func plainEnd(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		if marks := special(wordAt(s, i)); marks != 0 {
			return i + bits.TrailingZeros64(marks)/8
		}
	}
	for i < len(s) && plainJSON[s[i]] {
		i++
	}
	return i
}

// special marks the highest bit of the first byte of a word that is not plainJSON, and maybe of bytes above that one; 0 is
// none.
func special(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := x^ones*'"', x^ones*'\\'
	// A byte that is less than what is subtracted from it borrows, which spoils bytes above it only.
	return ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-ones*' ')&^x | x) & highs
}

// wordAt is the eight bytes at i, the first one lowest.
func wordAt(s string, i int) uint64 {
	return binary.LittleEndian.Uint64(BytesOf(s)[i:])
}

// halfWordAt is the four bytes at i.
func halfWordAt(s string, i int) uint32 {
	return binary.LittleEndian.Uint32(BytesOf(s)[i:])
}

// plainJSON are the characters that stand for themselves in a JSON string and are one byte long.
var plainJSON = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()
