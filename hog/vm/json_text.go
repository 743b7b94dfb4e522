package vm

import "unicode/utf8"

const hexDigits = "0123456789abcdef"

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plainJSON[c] {
			i++
			continue
		}
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

// plainJSON are the characters that stand for themselves in a JSON string and are one byte long.
var plainJSON = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()
