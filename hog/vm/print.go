package vm

import (
	"strconv"
	"strings"
)

// String is the text that print shows: strings as they are, everything else in value form. Values without a text, because
// it is too long or they are too deep, show what there is of it.
func (v Value) String() string {
	if v.Kind() == KindString {
		return v.str()
	}
	return v.Display()
}

// Display is the value form: what print shows inside of containers, with strings quoted.
func (v Value) Display() string {
	var p printer
	p.outside(nil)
	p.value(v)
	return string(p.dst)
}

// printer writes values in value form. A container that is already being printed prints null.
type printer struct{ textWriter }

func (p *printer) value(v Value) {
	switch v.Kind() {
	case KindNull:
		p.raw("null")
	case KindBool:
		p.raw(strconv.FormatBool(v.Truthy()))
	case KindNumber:
		p.dst = appendNumber(p.dst, v.num())
	case KindString:
		p.dst = appendQuoted(p.dst, v.str(), '\'')
	case KindArray, KindTuple, KindDict, KindError, KindInterval:
		if !p.enter(v) {
			p.raw("null")
			return
		}
		p.container(v)
		p.leave()
	case KindDateTime:
		p.dateTime(v.dateTime())
	case KindDate:
		d := v.date()
		p.raw("Date(" + formatNumber(d.Year) + ", " + formatNumber(d.Month) + ", " + formatNumber(d.Day) + ")")
	case KindFunction:
		f := v.function()
		p.raw("fn<" + functionName(f.Name) + "(" + strconv.Itoa(f.Args) + ")>")
	}
}

func (p *printer) container(v Value) {
	switch v.Kind() {
	case KindArray:
		p.list("[", v.array().Items, "]")
	case KindTuple:
		open := "("
		if len(v.array().Items) < 2 {
			open = "tuple("
		}
		p.list(open, v.array().Items, ")")
	case KindDict:
		if classOf(v) != "" {
			p.raw("sql(")
			(&sqlPrinter{printer: p}).node(v)
			p.raw(")")
			return
		}
		p.dict(v.dict())
	case KindInterval:
		i := v.interval()
		p.raw("{'" + markInterval + "': true, 'value': ")
		p.value(i.Value)
		p.raw(", 'unit': ")
		p.value(String(i.Unit))
		p.raw("}")
	case KindError:
		e := v.errorValue()
		p.raw(e.Type + "(")
		p.value(String(e.Message))
		if e.Payload.Truthy() {
			p.raw(", ")
			p.value(e.Payload)
		}
		p.raw(")")
	}
}

func (p *printer) list(open string, items []Value, end string) {
	p.raw(open)
	for i, item := range items {
		if !p.more() {
			return
		}
		if i > 0 {
			p.raw(", ")
		}
		p.value(item)
	}
	p.raw(end)
}

func (p *printer) dict(d *Dict) {
	p.raw("{")
	for i := range d.entries {
		if !p.more() {
			return
		}
		if i > 0 {
			p.raw(", ")
		}
		p.value(d.entries[i].key)
		p.raw(": ")
		p.value(d.entries[i].value)
	}
	p.raw("}")
}

func (p *printer) dateTime(d *DateTime) {
	epoch := formatNumber(d.Epoch)
	if !strings.Contains(epoch, ".") {
		epoch += ".0"
	}
	p.raw("DateTime(" + epoch + ", ")
	p.value(String(d.Zone))
	p.raw(")")
}

func formatNumber(f float64) string {
	var buf [32]byte
	return string(appendNumber(buf[:0], f))
}

func functionName(name string) string {
	if isIdentifier(name) {
		return name
	}
	return string(appendQuoted(nil, name, '`'))
}

func isIdentifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func appendQuoted(dst []byte, s string, quote byte) []byte {
	dst = append(dst, quote)
	start := 0
	for i := range len(s) {
		e := escapeOf(s[i], quote)
		if e == 0 {
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, '\\', e)
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, quote)
}

func escapeOf(c, quote byte) byte {
	switch c {
	case '\b':
		return 'b'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	case '\n':
		return 'n'
	case '\t':
		return 't'
	case 0:
		return '0'
	case '\v':
		return 'v'
	case '\\', quote:
		return c
	}
	return 0
}
