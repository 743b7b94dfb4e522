// Package rawjson reads and edits JSON text without decoding it.
//
// An event's properties travel through the pipeline as the bytes that the SDK sent. Most stages look at a few keys or none, so this
// package finds a value by its path and returns the bytes that spell it, and edits an object by copying everything around the edit.
// Nothing here allocates unless a result has to be built.
//
// Valid checks a text completely and is called once, where bytes enter the system. All other functions expect text that has passed it;
// on other text they return "not found" or stop early, and never panic or read out of bounds.
package rawjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// MaxDepth is the nesting of arrays and objects that Valid accepts by default. It bounds recursion in everything downstream.
const MaxDepth = 256

// Valid reports whether b is exactly one JSON value in valid UTF-8 (RFC 8259), nested no deeper than maxDepth, with optional white
// space around it. When it is not, offset is where the text stopped being acceptable, and tooDeep tells that only the depth was wrong.
func Valid(b []byte, maxDepth int) (ok bool, offset int, tooDeep bool) {
	_, ok, offset, tooDeep = ValidMembers(b, maxDepth, nil)
	return ok, offset, tooDeep
}

// Member is a key of an object, with its quotes, and the raw text of its value.
type Member struct{ Key, Value []byte }

// ValidMembers is Valid, and appends the members of the object that b is, as Members yields them, in the same pass. What it appended counts
// only when b is valid. There must be room for at least one.
func ValidMembers(b []byte, maxDepth int, room []Member) (members []Member, ok bool, offset int, tooDeep bool) {
	c := checker{b: b, max: maxDepth, members: room}
	i := skipSpace(b, 0)
	i, ok = c.value(i, 0)
	if !ok {
		return nil, false, i, c.tooDeep
	}
	i = skipSpace(b, i)
	if i != len(b) {
		return nil, false, i, false
	}
	if !utf8.Valid(b) {
		return nil, false, invalidUTF8At(b), false
	}
	return c.members, true, i, false
}

func invalidUTF8At(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

type checker struct {
	b       []byte
	max     int
	tooDeep bool
	members []Member // of the outermost object; none when there was no room for one
}

func (c *checker) value(i, depth int) (int, bool) {
	if i >= len(c.b) {
		return i, false
	}
	switch ch := c.b[i]; {
	case ch == '"':
		return c.str(i)
	case ch == '{' || ch == '[':
		if depth >= c.max {
			c.tooDeep = true
			return i, false
		}
		if ch == '{' {
			return c.object(i+1, depth+1)
		}
		return c.array(i+1, depth+1)
	case ch == '-' || ch >= '0' && ch <= '9':
		return c.number(i)
	case ch == 't':
		return c.word(i, "true")
	case ch == 'f':
		return c.word(i, "false")
	case ch == 'n':
		return c.word(i, "null")
	}
	return i, false
}

func (c *checker) object(i, depth int) (int, bool) {
	i = skipSpace(c.b, i)
	if i < len(c.b) && c.b[i] == '}' {
		return i + 1, true
	}
	for {
		var ok bool
		if i >= len(c.b) || c.b[i] != '"' {
			return i, false
		}
		start := i
		if i, ok = c.str(i); !ok {
			return i, false
		}
		key := c.b[start:i]
		i = skipSpace(c.b, i)
		if i >= len(c.b) || c.b[i] != ':' {
			return i, false
		}
		start = skipSpace(c.b, i+1)
		if i, ok = c.value(start, depth); !ok {
			return i, false
		}
		if depth == 1 && cap(c.members) > 0 {
			c.members = append(c.members, Member{key, c.b[start:i]})
		}
		i = skipSpace(c.b, i)
		if i >= len(c.b) {
			return i, false
		}
		switch c.b[i] {
		case ',':
			i = skipSpace(c.b, i+1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

func (c *checker) array(i, depth int) (int, bool) {
	i = skipSpace(c.b, i)
	if i < len(c.b) && c.b[i] == ']' {
		return i + 1, true
	}
	for {
		var ok bool
		if i, ok = c.value(i, depth); !ok {
			return i, false
		}
		i = skipSpace(c.b, i)
		if i >= len(c.b) {
			return i, false
		}
		switch c.b[i] {
		case ',':
			i = skipSpace(c.b, i+1)
		case ']':
			return i + 1, true
		default:
			return i, false
		}
	}
}

func (c *checker) str(i int) (int, bool) {
	b := c.b
	for i++; len(b)-i >= 8; {
		x := binary.LittleEndian.Uint64(b[i:])
		marks := quotes(x) | controls(x)
		if marks == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(marks) / 8
		if b[i] == '"' {
			return i + 1, true
		}
		var ok bool
		if i, ok = c.escape(i); !ok {
			return i, false
		}
	}
	for i < len(b) {
		if b[i] == '"' {
			return i + 1, true
		}
		if b[i] != '\\' && b[i] >= ' ' {
			i++
			continue
		}
		var ok bool
		if i, ok = c.escape(i); !ok {
			return i, false
		}
	}
	return len(b), false
}

// escape returns the index after the escape sequence at i. A control character is none.
func (c *checker) escape(i int) (int, bool) {
	if c.b[i] != '\\' {
		return i, false
	}
	i++
	if i >= len(c.b) {
		return i, false
	}
	switch c.b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1, true
	case 'u':
		_, ok := hex4(c.b, i+1)
		if !ok {
			return i, false
		}
		return i + 5, true
	}
	return i, false
}

func (c *checker) number(i int) (int, bool) {
	b := c.b
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b):
		return i, false
	case b[i] == '0':
		i++
	case b[i] >= '1' && b[i] <= '9':
		i = digits(b, i)
	default:
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		j := digits(b, i+1)
		if j == i+1 {
			return j, false
		}
		i = j
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := digits(b, i)
		if j == i {
			return j, false
		}
		i = j
	}
	return i, true
}

func (c *checker) word(i int, w string) (int, bool) {
	if len(c.b)-i < len(w) || string(c.b[i:i+len(w)]) != w {
		return i, false
	}
	return i + len(w), true
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, ch := range b[i : i+4] {
		switch {
		case ch >= '0' && ch <= '9':
			r = r<<4 | rune(ch-'0')
		case ch >= 'a' && ch <= 'f':
			r = r<<4 | rune(ch-'a'+10)
		case ch >= 'A' && ch <= 'F':
			r = r<<4 | rune(ch-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the index after the string whose opening quote is at i, or len(b).
func skipString(b []byte, i int) int {
	i++
	for len(b)-i >= 8 {
		marks := quotes(binary.LittleEndian.Uint64(b[i:]))
		if marks == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(marks) / 8
		if b[i] == '"' {
			return i + 1
		}
		i += 2 // a backslash and what it escapes
	}
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(b)
}

// quotes marks the highest bit of the first byte of a word that is a quote or a backslash, and maybe of bytes above that one; 0 is none.
func quotes(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := x^ones*'"', x^ones*'\\'
	return ((quote-ones)&^quote | (backslash-ones)&^backslash) & highs
}

// controls marks the first byte of a word below a space as quotes does.
func controls(x uint64) uint64 {
	const spaces, highs = 0x2020202020202020, 0x8080808080808080
	return (x - spaces) &^ x & highs
}

// skipValue returns the index after the value that starts at i, or len(b).
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(b)
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}
