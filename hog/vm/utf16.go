package vm

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Strings are UTF-8, but the language counts, cuts and orders them by UTF-16 units. Half of a surrogate pair, which only
// such cutting can make, is kept as the three bytes that UTF-8 would use for it, so that the halves can be put together
// again.

// Units is the UTF-16 units of a string.
func Units(s string) []uint16 {
	units := make([]uint16, 0, len(s))
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			units = append(units, uint16(c))
			i++
			continue
		}
		if u, ok := halfAt(s, i); ok {
			units = append(units, u)
			i += 3
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		units = utf16.AppendRune(units, r)
		i += n
	}
	return units
}

// FromUnits is the string of UTF-16 units.
func FromUnits(units []uint16) string {
	buf := make([]byte, 0, len(units))
	for i := 0; i < len(units); i++ {
		u := units[i]
		if i+1 < len(units) && utf16.IsSurrogate(rune(u)) {
			if r := utf16.DecodeRune(rune(u), rune(units[i+1])); r != utf8.RuneError {
				buf = utf8.AppendRune(buf, r)
				i++
				continue
			}
		}
		buf = appendUnit(buf, u)
	}
	return string(buf)
}

// UnitLen is the number of UTF-16 units of a string, len(Units(s)). Bytes that are no UTF-8 count as one each, as they do there.
func UnitLen(s string) int {
	n := 0
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		if _, ok := halfAt(s, i); ok {
			i += 3
			n++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		n += utf16.RuneLen(r)
		i += size
	}
	return n
}

// IsASCII reports whether units and bytes of the string are the same.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendUnit(buf []byte, u uint16) []byte {
	if utf16.IsSurrogate(rune(u)) {
		return append(buf, 0xE0|byte(u>>12), 0x80|byte(u>>6)&0x3F, 0x80|byte(u)&0x3F)
	}
	return utf8.AppendRune(buf, rune(u))
}

// halfAt is the lone surrogate stored at i.
func halfAt(s string, i int) (uint16, bool) {
	if s[i] != 0xED || i+2 >= len(s) || s[i+1] < 0xA0 || s[i+1] > 0xBF || s[i+2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[i+1]&0x3F)<<6 | uint16(s[i+2]&0x3F), true
}

// compareUnits orders two strings by UTF-16 units. It differs from the order of bytes only between surrogate pairs and
// the characters above them.
func compareUnits(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		x, y := unitOrder(a[i]), unitOrder(b[i])
		if x < y {
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// unitOrder moves the lead bytes of surrogate pairs (F0 to F4) below EE and EF, where UTF-16 has them.
func unitOrder(lead byte) int {
	switch {
	case lead >= 0xF0:
		return int(lead) - 2
	case lead >= 0xEE:
		return int(lead) + 16
	}
	return int(lead)
}
