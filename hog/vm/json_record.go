package vm

import "strings"

// record is the datetime, date, interval or error that a tagged dictionary stands for, else the dictionary.
func record(d *Dict, tagged bool) Value {
	if !tagged {
		return d.Value()
	}
	field := func(name string) Value { v, _ := d.GetString(name); return v }
	is := func(mark string) bool { return field(mark).Truthy() }
	switch {
	case is(markDateTime):
		return NewDateTime(numberOr(field("dt")), HostString(field("zone")))
	case is(markDate):
		return NewDate(numberOr(field("year")), numberOr(field("month")), numberOr(field("day")))
	case is(markInterval):
		return NewInterval(field("value"), strings.Clone(HostString(field("unit"))))
	case is(markError):
		return NewError(HostString(field("type")), HostString(field("message")), field("payload"))
	}
	return d.Value()
}

// numberOr is the number, or NaN, which JSON writes as null.
func numberOr(v Value) float64 {
	if f, ok := v.AsNumber(); ok {
		return f
	}
	return nan
}
