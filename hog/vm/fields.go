package vm

// Fields is the fields of a record (datetime, date, interval, error) in their order, marker first; nil for any other
// value.
func Fields(v Value) (names []string, values []Value) {
	switch v.Kind() {
	case KindDateTime:
		d := v.dateTime()
		return []string{markDateTime, "dt", "zone"}, []Value{Bool(true), Number(d.Epoch), String(d.Zone)}
	case KindDate:
		d := v.date()
		return []string{markDate, "year", "month", "day"},
			[]Value{Bool(true), Number(d.Year), Number(d.Month), Number(d.Day)}
	case KindInterval:
		i := v.interval()
		return []string{markInterval, "value", "unit"}, []Value{Bool(true), i.Value, String(i.Unit)}
	case KindError:
		e := v.errorValue()
		return []string{markError, "type", "message", "payload"},
			[]Value{Bool(true), String(e.Type), String(e.Message), e.Payload}
	}
	return nil, nil
}
