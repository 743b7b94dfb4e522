package warehouse

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Storable returns JSON text as DuckDB takes it: valid UTF-8, and no escape of half a surrogate pair. JavaScript makes those by cutting a
// text inside an emoji, and JSON's grammar allows them. text itself is returned when nothing has to be mended.
func Storable(text []byte) []byte {
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	if !bytes.Contains(text, []byte(`\ud`)) && !bytes.Contains(text, []byte(`\uD`)) {
		return text
	}
	return mendSurrogates(text)
}

func mendSurrogates(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if text[i] != '\\' || i+1 >= len(text) {
			out = append(out, text[i])
			i++
			continue
		}
		n := 2
		switch unit := escapedUnit(text[i:]); {
		case unit >= 0xD800 && unit < 0xDC00 && isLow(escapedUnit(text[i+6:])):
			n = 12
		case unit >= 0xD800 && unit < 0xE000:
			out = append(out, `\ufffd`...)
			i += 6
			continue
		}
		out = append(out, text[i:i+n]...)
		i += n
	}
	return out
}

func isLow(unit int) bool { return unit >= 0xDC00 && unit < 0xE000 }

// escapedUnit returns the UTF-16 unit that an escape at the start of b stands for, or -1.
func escapedUnit(b []byte) int {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(unit)
}

func ValidUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Identifier quotes a name for SQL.
func Identifier(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Literal quotes a text for SQL.
func Literal(s string) string { return `'` + strings.ReplaceAll(s, `'`, `''`) + `'` }

// EraseAtOnce is how many ids a statement of an erasure names: with ids of some hundred bytes it stays below what a server takes.
const EraseAtOnce = 500
