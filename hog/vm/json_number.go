package vm

import "strconv"

func (d *jsonDecoder) number() (Value, error) {
	start, i, s := d.i, d.i, d.s
	if i < len(s) && s[i] == '-' {
		i++
	}
	first, digits := i, 0
	for n := int64(0); ; i++ {
		if i < len(s) && s[i]-'0' < 10 {
			n = n*10 + int64(s[i]-'0')
			digits++
			continue
		}
		if digits == 0 || digits > 1 && s[first] == '0' {
			d.i = min(i, len(s))
			return Value{}, d.unexpected()
		}
		if digits > 15 || i < len(s) && (s[i] == '.' || s[i]|0x20 == 'e') || first > start && n == 0 {
			break
		}
		d.i = i
		if first > start {
			n = -n
		}
		return Number(float64(n)), nil
	}
	end, ok := jsonFraction(s, i)
	d.i = end
	if !ok {
		return Value{}, d.unexpected()
	}
	if f, ok := shortDecimal(s[start:end]); ok {
		return Number(f), nil
	}
	f, _ := strconv.ParseFloat(s[start:end], 64) // out of range is infinity, as in the reference
	return Number(f), nil
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

// shortDecimal is a number without an exponent of so few digits that all of them, and the power of ten that they are
// divided by, are exact.
func shortDecimal(s string) (f float64, ok bool) {
	const most = 15
	if len(s) > most {
		return 0, false
	}
	n, scale := int64(0), int64(0)
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' < 10:
			n = n*10 + int64(c-'0')
			scale *= 10
		case c == '.':
			scale = 1
		case c != '-':
			return 0, false
		}
	}
	f = float64(n) / float64(max(scale, 1))
	if s[0] == '-' {
		f = -f
	}
	return f, true
}
