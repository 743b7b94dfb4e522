package vm

import (
	"math"
	"strconv"
	"strings"
)

// appendNumber appends the shortest text that reads back as f, in the language's notation.
func appendNumber(dst []byte, f float64) []byte {
	if whole := int64(f); float64(whole) == f && -1e15 < whole && whole < 1e15 {
		return strconv.AppendInt(dst, whole, 10)
	}
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if cents := math.Round(f * 100); math.Abs(cents) < 1e15 && cents/100 == f {
		return appendCents(dst, int64(cents))
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go pads the exponent to two digits, the language does not.
	e := start + strings.IndexByte(string(dst[start:]), 'e') + 2
	if dst[e] == '0' {
		dst = append(dst[:e], dst[e+1:]...)
	}
	return dst
}

// appendCents appends a number with one or two decimals, given in hundredths. A number of up to 15 digits has no shorter
// text than that.
func appendCents(dst []byte, cents int64) []byte {
	if cents < 0 {
		dst = append(dst, '-')
		cents = -cents
	}
	dst = append(strconv.AppendInt(dst, cents/100, 10), '.', byte('0'+cents/10%10))
	if last := cents % 10; last != 0 {
		dst = append(dst, byte('0'+last))
	}
	return dst
}

// AppendNumber appends the text of a number, as print shows it.
func AppendNumber(dst []byte, f float64) []byte { return appendNumber(dst, f) }

// ParseNumber is the number that arithmetic sees in a string: blank is 0, and what is no number is NaN.
func ParseNumber(s string) float64 {
	s = strings.TrimFunc(s, isSpace)
	if s == "" {
		return 0
	}
	if len(s) > 2 && s[0] == '0' {
		switch s[1] | 0x20 {
		case 'x':
			return parseRadix(s[2:], 16)
		case 'o':
			return parseRadix(s[2:], 8)
		case 'b':
			return parseRadix(s[2:], 2)
		}
	}
	if n := floatPrefix(s); n != len(s) {
		return math.NaN()
	}
	f, _ := strconv.ParseFloat(s, 64) // a range error still gives the infinity that is wanted
	return f
}

// LeadingFloat is the number that a text starts with, after space, as toFloat reads it.
func LeadingFloat(s string) (float64, bool) {
	s = strings.TrimLeftFunc(s, isSpace)
	n := floatPrefix(s)
	if n == 0 {
		return 0, false
	}
	f, _ := strconv.ParseFloat(s[:n], 64)
	return f, true
}

// LeadingInt is the integer that a text starts with, after space, as toInt reads it.
func LeadingInt(s string) (float64, bool) {
	s = strings.TrimLeftFunc(s, isSpace)
	sign := 1.0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	radix := 10
	if len(s) >= 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		radix, s = 16, s[2:]
	}
	n := 0
	for n < len(s) && digit(s[n]) < radix {
		n++
	}
	if n == 0 {
		return 0, false
	}
	if radix == 10 {
		f, _ := strconv.ParseFloat(s[:n], 64)
		return sign * f, true
	}
	return sign * parseRadix(s[:n], 16), true
}

func parseRadix(s string, radix int) float64 {
	if s == "" {
		return math.NaN()
	}
	f := 0.0
	for i := range len(s) {
		d := digit(s[i])
		if d >= radix {
			return math.NaN()
		}
		f = f*float64(radix) + float64(d)
	}
	return f
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 99
}

// floatPrefix is the length of the decimal number or signed Infinity that s starts with.
func floatPrefix(s string) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	if strings.HasPrefix(s[i:], "Infinity") {
		return i + len("Infinity")
	}
	digits := 0
	for ; i < len(s) && digit(s[i]) < 10; i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		j := i + 1
		for ; j < len(s) && digit(s[j]) < 10; j++ {
			digits++
		}
		if digits > 0 {
			i = j
		}
	}
	if digits == 0 {
		return 0
	}
	return i + exponentPrefix(s[i:])
}

func exponentPrefix(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	i := 1
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	start := i
	for i < len(s) && digit(s[i]) < 10 {
		i++
	}
	if i == start {
		return 0
	}
	return i
}

// isSpace reports the white space that number conversion and trimming strip.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\v', '\f', '\r', 0xA0, 0xFEFF, 0x2028, 0x2029, 0x1680, 0x202F, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// ToNumber is the number that arithmetic makes of any value; NaN when it has none. A list is what its only item is, or 0
// without items: that is the number in its text, where nothing stands around a single item.
func ToNumber(v Value) float64 {
	for range maxNesting {
		switch v.Kind() {
		case KindNull:
			return 0
		case KindNumber:
			return v.num()
		case KindString:
			return ParseNumber(v.str())
		case KindBool:
			if v.Truthy() {
				return 1
			}
			return 0
		case KindArray, KindTuple:
			items := v.array().Items
			if len(items) == 0 {
				return 0
			}
			if v = items[0]; len(items) > 1 || v.Kind() == KindBool {
				return nan
			}
		default:
			return nan
		}
	}
	return 0 // a list inside of itself has no text
}

// number is ToNumber in a run.
func (m *machine) number(v Value) float64 {
	if v.Kind() >= KindString {
		m.spend(numberWork(v))
	}
	return ToNumber(v)
}

// numberWork is how many bytes ToNumber looks at.
func numberWork(v Value) int {
	for depth := range maxNesting {
		switch v.Kind() {
		case KindString:
			return slotSize*depth + len(v.str())
		case KindArray, KindTuple:
			items := v.array().Items
			if len(items) != 1 {
				return slotSize * depth
			}
			v = items[0]
		default:
			return slotSize * depth
		}
	}
	return slotSize * maxNesting
}

var nan = math.NaN()
