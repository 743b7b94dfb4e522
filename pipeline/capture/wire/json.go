package wire

import (
	"bytes"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// CheckJSON checks that text is one JSON value and repairs the two kinds of escapes that SDKs send and no store takes: a NUL and a lone
// half of a surrogate pair both become U+FFFD. The repair is made in place and keeps the length.
func CheckJSON(text []byte) error {
	ok, offset, tooDeep := rawjson.Valid(text, rawjson.MaxDepth)
	switch {
	case tooDeep:
		return Invalid("json_too_deep", "the JSON is nested deeper than %d levels", rawjson.MaxDepth)
	case !ok:
		return Invalid("invalid_json", "the body is not JSON in UTF-8: wrong at byte %d", offset)
	}
	repairEscapes(text)
	return nil
}

// repairEscapes works on valid JSON, where a backslash can only be the start of an escape inside a string.
func repairEscapes(text []byte) {
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '\\')
		if n < 0 {
			return
		}
		i += n
		if text[i+1] != 'u' {
			i += 2
			continue
		}
		switch unit := hex4(text[i+2:]); {
		case unit >= 0xD800 && unit < 0xDC00 && pairFollows(text[i+6:]):
			i += 12
			continue
		case unit == 0 || unit >= 0xD800 && unit < 0xE000:
			copy(text[i+2:], "fffd")
		}
		i += 6
	}
}

// pairFollows reports whether text goes on with the escape of a low surrogate.
func pairFollows(text []byte) bool {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return false
	}
	unit := hex4(text[2:])
	return unit >= 0xDC00 && unit < 0xE000
}

func hex4(b []byte) (n uint32) {
	for _, ch := range b[:4] {
		switch {
		case ch <= '9':
			n = n<<4 | uint32(ch-'0')
		default:
			n = n<<4 | uint32(ch|0x20-'a'+10)
		}
	}
	return n
}

// Name returns what the raw key spells, without copying when it holds no escape.
func Name(key []byte) []byte {
	inner := key[1 : len(key)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	s, _ := rawjson.String(key)
	return []byte(s)
}

// Present reports whether a member was there and is not null.
func Present(value []byte) bool { return len(value) > 0 && value[0] != 'n' }

// IsTrue reports whether value is the boolean true.
func IsTrue(value []byte) bool { return string(value) == "true" }

// Text returns the string that value spells, or "" for anything that is not a string.
func Text(value []byte) string {
	s, _ := rawjson.String(value)
	return s
}
