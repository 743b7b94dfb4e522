package vm

import "strconv"

// number reads a number. Those of few digits without an exponent, as most are, are a whole number by a power of ten, both
// of which a float64 has exactly, so that the quotient is the nearest one to the text.
func (d *jsonDecoder) number(start int) (Value, int) {
	s, i := d.s, start
	if s[i] == '-' {
		i++
	}
	first, n := i, int64(0)
	for ; i < len(s) && s[i]-'0' < 10; i++ {
		n = n*10 + int64(s[i]-'0')
	}
	digits := i - first
	if digits == 0 || digits > 1 && s[first] == '0' {
		return Value{}, d.unexpected(i)
	}
	scale := 0
	if i+1 < len(s) && s[i] == '.' && s[i+1]-'0' < 10 {
		point := i
		for i++; i < len(s) && s[i]-'0' < 10; i++ {
			n = n*10 + int64(s[i]-'0')
		}
		scale = i - point - 1
	}
	if digits+scale > exactDigits || i < len(s) && (s[i] == '.' || s[i]|0x20 == 'e') {
		return d.longNumber(start)
	}
	f := float64(n)
	if scale > 0 {
		f /= powersOfTen[scale]
	}
	if first > start {
		f = -f
	}
	return Number(f), i
}

// exactDigits is how many digits a float64 always has exactly.
const exactDigits = 15

var powersOfTen = [exactDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// longNumber reads any number whose whole part is well formed.
func (d *jsonDecoder) longNumber(start int) (Value, int) {
	i := start + 1 // the first is a digit or the sign
	for i < len(d.s) && d.s[i]-'0' < 10 {
		i++
	}
	end, ok := jsonFraction(d.s, i)
	if !ok {
		return Value{}, d.unexpected(end)
	}
	f, _ := strconv.ParseFloat(d.s[start:end], 64) // out of range is infinity, as in the reference
	return Number(f), end
}

// jsonFraction is the end of the optional fraction and exponent at i, and whether they are well formed.
func jsonFraction(s string, i int) (int, bool) {
	digits := func() bool {
		start := i
		for i < len(s) && s[i]-'0' < 10 {
			i++
		}
		return i > start
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return i, false
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return i, false
		}
	}
	return i, true
}
