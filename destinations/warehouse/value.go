package warehouse

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Cell spells the raw JSON value v, a part of what Storable returned, as text that casts to typ without loss, and reports false when v does not
// fit. The text may share v's memory. A declared column takes text that spells a value of its type; for an inferred one "42" is text.
func Cell(typ pipeline.Type, declared bool, v []byte) (string, bool) {
	kind := rawjson.KindOf(v)
	if typ == pipeline.JSON {
		return rawjson.Alias(v), true
	}
	if kind == rawjson.Object || kind == rawjson.Array {
		return "", false
	}
	s := rawjson.Alias(v)
	if kind == rawjson.Text {
		s, _ = rawjson.String(v)
	}
	if typ == pipeline.String {
		return s, true
	}
	if kind == rawjson.Text && !declared {
		return "", false
	}
	switch typ {
	case pipeline.Boolean:
		return s, s == "true" || s == "false"
	case pipeline.Integer:
		_, err := strconv.ParseInt(s, 10, 64)
		return s, err == nil
	case pipeline.Decimal:
		return s, fitsDecimal(s)
	case pipeline.Float:
		return s, fitsFloat(s)
	case pipeline.Instant:
		return instant(kind, s)
	}
	return "", false
}

// Infer is the type of a column whose first value is v.
func Infer(v []byte) pipeline.Type {
	switch rawjson.KindOf(v) {
	case rawjson.Bool:
		return pipeline.Boolean
	case rawjson.Number:
		for _, typ := range []pipeline.Type{pipeline.Integer, pipeline.Float, pipeline.Decimal} {
			if _, ok := Cell(typ, false, v); ok {
				return typ
			}
		}
	case rawjson.Object, rawjson.Array:
		return pipeline.JSON
	}
	return pipeline.String
}

// Widen is the narrowest type that holds what typ holds and v besides, which typ does not: integer to decimal to text, boolean and float
// to text, and anything to JSON for an object or array.
func Widen(typ pipeline.Type, v []byte) pipeline.Type {
	if k := rawjson.KindOf(v); k == rawjson.Object || k == rawjson.Array {
		return pipeline.JSON
	}
	if _, ok := Cell(pipeline.Decimal, false, v); ok && typ == pipeline.Integer {
		return pipeline.Decimal
	}
	return pipeline.String
}

// Join is widen for two types: what a column of type a has to become when the stream declares it as b. A type is never narrowed.
func Join(a, b pipeline.Type) pipeline.Type {
	switch {
	case a == b || a == pipeline.JSON:
		return a
	case b == pipeline.JSON, b == pipeline.String:
		return b
	case a == pipeline.Integer && b == pipeline.Decimal:
		return b
	}
	return a
}

// number is a decimal number taken apart: its digits without leading and trailing zeros, and the power of ten that the first digit
// stands before the decimal point with. Equal numbers have equal values, "1.50" and "15e-1" alike.
type number struct {
	negative bool
	digits   string
	exponent int
}

func parseNumber(s string) (number, bool) {
	var n number
	s, n.negative = strings.CutPrefix(s, "-")
	mantissa, power := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var err error
		if power, err = strconv.Atoi(s[i+1:]); err != nil || power > 1e6 || power < -1e6 {
			return n, false
		}
		mantissa = s[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return n, false
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	n.exponent = len(whole) - (len(whole+fraction) - len(digits)) + power
	if n.digits = strings.TrimRight(digits, "0"); n.digits == "" {
		return number{}, true
	}
	return n, true
}

// fitsDecimal reports whether s is a number with at most 26 digits before the decimal point and 12 after it.
func fitsDecimal(s string) bool {
	n, ok := parseNumber(s)
	return ok && n.exponent <= 26 && len(n.digits)-n.exponent <= 12
}

// fitsFloat reports whether s is a number that a float64 gives back as it was.
func fitsFloat(s string) bool {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return false
	}
	was, ok := parseNumber(s)
	is, _ := parseNumber(strconv.FormatFloat(f, 'e', -1, 64))
	return ok && was == is
}

// instant spells a point in time: RFC 3339 text, or seconds since 1970.
func instant(kind rawjson.Kind, s string) (string, bool) {
	var t time.Time
	switch kind {
	case rawjson.Text:
		var err error
		if t, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return "", false
		}
	case rawjson.Number:
		seconds, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(seconds) > 1e12 {
			return "", false
		}
		t = time.UnixMicro(int64(math.Round(seconds * 1e6)))
	default:
		return "", false
	}
	t = t.UTC()
	return t.Format("2006-01-02T15:04:05.000000Z"), t.Year() >= 1 && t.Year() <= 9999
}

// hashMembers is the same for records that differ only in the order of their fields or in white space. Each field is hashed by FNV-1a, and
// the sum does not depend on the order. What is summed is mixed before: of two fields whose last characters change, the differences of FNV-1a often add
// up to nothing.
func hashMembers(members []rawjson.Member) uint64 {
	var sum uint64
	for _, m := range members {
		sum += mix(hashText(hashText(hashBasis, m.Key)^':', m.Value))
	}
	return sum
}

// hashBasis is what FNV-1a begins with.
const hashBasis = 14695981039346656037

// mix is the finaliser of MurmurHash3: each bit of h changes half of the result's.
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func hashText(h uint64, text []byte) uint64 {
	inString := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && inString && i+1 < len(text):
			h = (h ^ uint64(c)) * 1099511628211
			i++
			c = text[i]
		case c == '"':
			inString = !inString
		case !inString && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			continue
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}
