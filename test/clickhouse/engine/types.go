package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// values are those of a column or of a part of one. The prefix comes before all values of the column.
type values interface {
	prefix(copier) error
	values(c copier, rows int) error
}

// widths are those of types whose values all have the same.
var widths = map[string]int{
	"Bool": 1, "Int8": 1, "UInt8": 1, "Enum8": 1, "Nothing": 1, "Int16": 2, "UInt16": 2, "Enum16": 2, "Date": 2, "BFloat16": 2,
	"Int32": 4, "UInt32": 4, "Float32": 4, "Date32": 4, "DateTime": 4, "IPv4": 4, "Decimal32": 4, "Time": 4,
	"Int64": 8, "UInt64": 8, "Float64": 8, "DateTime64": 8, "Decimal64": 8, "Time64": 8,
	"Int128": 16, "UInt128": 16, "UUID": 16, "IPv6": 16, "Decimal128": 16, "Int256": 32, "UInt256": 32, "Decimal256": 32,
}

func parseType(typ string) (values, error) {
	name, args := split(typ)
	if w, ok := widths[name]; ok {
		return fixed(w), nil
	}
	if strings.HasPrefix(name, "Interval") {
		return fixed(8), nil
	}
	switch name {
	case "String":
		return texts{}, nil
	case "JSON":
		return &jsons{}, nil
	case "Dynamic":
		return &dynamics{}, nil
	case "FixedString":
		return fixedString(args)
	case "Decimal":
		return decimal(args)
	case "SimpleAggregateFunction":
		if len(args) > 0 {
			return parseType(args[len(args)-1])
		}
	}
	return parseNested(typ, name, args)
}

func parseNested(typ, name string, args []string) (values, error) {
	var parts []values
	for _, a := range args {
		v, err := parseType(unnamed(a))
		if err != nil {
			return nil, err
		}
		parts = append(parts, v)
	}
	switch {
	case name == "Nullable" && len(parts) == 1:
		return nullables{parts[0]}, nil
	case name == "Array" && len(parts) == 1:
		return arrays{parts[0]}, nil
	case name == "LowCardinality" && len(parts) == 1:
		if of, ok := parts[0].(nullables); ok { // null is an entry of the dictionary like the others
			return dictionaries(of), nil
		}
		return dictionaries{parts[0]}, nil
	case name == "Tuple" && len(parts) > 0:
		return tuples(parts), nil
	case name == "Map" && len(parts) == 2, name == "Nested":
		return arrays{tuples(parts)}, nil
	case name == "Variant":
		return variants(parts), nil
	}
	return nil, unsupported("values of the type " + typ)
}

// split takes a type apart: its name and what stands in its parentheses.
func split(typ string) (name string, args []string) {
	name, rest, ok := strings.Cut(typ, "(")
	if !ok {
		return name, nil
	}
	rest = strings.TrimSuffix(rest, ")")
	from := 0
	outside(rest, func(i int) bool {
		if rest[i] == ',' {
			args = append(args, strings.TrimSpace(rest[from:i]))
			from = i + 1
		}
		return true
	})
	return name, append(args, strings.TrimSpace(rest[from:]))
}

// unnamed takes the name off an element of a tuple that has one.
func unnamed(arg string) string {
	outside(arg, func(i int) bool {
		if arg[i] == ' ' {
			arg = arg[i+1:]
			return false
		}
		return true
	})
	return arg
}

// outside yields the places of a text that are in no parentheses and quotes.
func outside(text string, yield func(int) bool) {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case quote != 0 && b == '\\':
			i++
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '\'' || b == '`':
			quote = b
		case b == '(':
			depth++
		case b == ')':
			depth--
		case depth == 0 && !yield(i):
			return
		}
	}
}

type fixed int

func fixedString(args []string) (values, error) {
	if len(args) == 1 {
		if n, err := strconv.Atoi(args[0]); err == nil {
			return fixed(n), nil
		}
	}
	return nil, unsupported("FixedString without a length")
}

func decimal(args []string) (values, error) {
	digits, err := strconv.Atoi(args[0])
	switch {
	case err != nil:
		return nil, err
	case digits <= 9:
		return fixed(4), nil
	case digits <= 18:
		return fixed(8), nil
	case digits <= 38:
		return fixed(16), nil
	}
	return fixed(32), nil
}

func (fixed) prefix(copier) error               { return nil }
func (w fixed) values(c copier, rows int) error { return c.bytes(int(w) * rows) }

type texts struct{}

func (texts) prefix(copier) error { return nil }

func (texts) values(c copier, rows int) error {
	for range rows {
		if err := c.text(); err != nil {
			return err
		}
	}
	return nil
}

type nullables struct{ of values }

func (v nullables) prefix(c copier) error { return v.of.prefix(c) }

func (v nullables) values(c copier, rows int) error {
	if err := c.bytes(rows); err != nil {
		return err
	}
	return v.of.values(c, rows)
}

type arrays struct{ of values }

func (v arrays) prefix(c copier) error { return v.of.prefix(c) }

func (v arrays) values(c copier, rows int) error {
	end := uint64(0)
	for range rows {
		var err error
		if end, err = c.number(); err != nil {
			return err
		}
	}
	return v.of.values(c, int(end))
}

type tuples []values

func (v tuples) prefix(c copier) error {
	for _, part := range v {
		if err := part.prefix(c); err != nil {
			return err
		}
	}
	return nil
}

func (v tuples) values(c copier, rows int) error {
	for _, part := range v {
		if err := part.values(c, rows); err != nil {
			return err
		}
	}
	return nil
}

// dictionaries are columns of LowCardinality: the different values, and for each row the place of its own among them.
type dictionaries struct{ of values }

func (v dictionaries) prefix(c copier) error {
	_, err := c.number()
	return err
}

func (v dictionaries) values(c copier, rows int) error {
	if rows == 0 {
		return nil
	}
	flags, err := c.number()
	if err != nil {
		return err
	}
	entries, err := c.number()
	if err != nil {
		return err
	}
	if err := v.of.values(c, int(entries)); err != nil {
		return err
	}
	places, err := c.number()
	if err != nil {
		return err
	}
	return c.bytes(int(places) << (flags & 0xff))
}

// variants are columns of Variant: for each row which type it has, then the values of each type.
type variants []values

func (v variants) prefix(c copier) error {
	mode, err := c.number()
	if err == nil && mode != 0 {
		err = unsupported("compact discriminators")
	}
	if err != nil {
		return err
	}
	return tuples(v).prefix(c)
}

func (v variants) values(c copier, rows int) error {
	from := len(c.out.Buf)
	if err := c.bytes(rows); err != nil {
		return err
	}
	counts := make([]int, 256)
	for _, of := range c.out.Buf[from:] {
		counts[of]++
	}
	for i, part := range v {
		if err := part.values(c, counts[i]); err != nil {
			return err
		}
	}
	return nil
}

// dynamics are columns of Dynamic: a Variant of the types that the prefix names, and of one for all others.
type dynamics struct{ variants }

func (v *dynamics) prefix(c copier) error {
	version, err := c.number()
	if err != nil {
		return err
	}
	switch version {
	case 1:
		if _, err := c.length(); err != nil { // how many types there may be
			return err
		}
	case 2:
	default:
		return unsupported(fmt.Sprintf("Dynamic of the version %d", version))
	}
	n, err := c.length()
	if err != nil {
		return err
	}
	const others = "SharedVariant"
	types := []string{others}
	for range n {
		from := len(c.out.Buf)
		if err := c.text(); err != nil {
			return err
		}
		length, at := uvarint(c.out.Buf[from:])
		types = append(types, string(c.out.Buf[from+at:from+at+length]))
	}
	slices.Sort(types)
	v.variants = nil
	for _, t := range types {
		if t == others {
			t = "String"
		}
		part, err := parseType(t)
		if err != nil {
			return err
		}
		v.variants = append(v.variants, part)
	}
	return v.variants.prefix(c)
}

// jsons are columns of JSON, as text.
type jsons struct{ texts }

func (jsons) prefix(c copier) error {
	const asText = 1
	version, err := c.number()
	if err == nil && version != asText {
		err = unsupported("JSON that is not written as text")
	}
	return err
}
