package stdlib

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

func conversions() []Function {
	return []Function{
		{Name: "toString", Min: 1, Max: 2, Doc: "The text that print shows; dates in ISO form.", Func: toString,
			Examples: []Example{{"toString(12.5)", "'12.5'"}, {"toString(['a', 1])", `'[\'a\', 1]'`}, {"toString(toDate('2024-05-01'))", "'2024-05-01'"}}},
		{Name: "toUUID", Min: 1, Max: 1, Doc: "The same as toString.", Func: toString,
			Examples: []Example{{"toUUID('018f-aa')", "'018f-aa'"}, {"toUUID(1)", "'1'"}}},
		{Name: "toInt", Min: 1, Max: 1, Doc: "The integer that the text of the value starts with, or null; seconds of a datetime, days of a date.", Func: toInt,
			Examples: []Example{{"toInt('12abc')", "12"}, {"toInt(-12.9)", "-12"}, {"toInt('x')", "null"}, {"toInt(toDate('1970-01-11'))", "10"}}},
		{Name: "toFloat", Min: 1, Max: 1, Doc: "The number that the text of the value starts with, or null; seconds of a datetime, days of a date.", Func: toFloat,
			Examples: []Example{{"toFloat('1.5abc')", "1.5"}, {"toFloat('1e3')", "1000"}, {"toFloat(null)", "null"}}},
		{Name: "typeof", Min: 1, Max: 1, Doc: "The name of the value's type.", Func: typeOf,
			Examples: []Example{{"typeof(2.0)", "'integer'"}, {"typeof(2.5)", "'float'"}, {"typeof({})", "'object'"}, {"typeof((x) -> x)", "'function'"}}},
		{Name: "tuple", Min: 0, Max: Unbounded, Doc: "A tuple of the arguments.", Func: tuple,
			Examples: []Example{{"tuple(1, 'a')", "(1, 'a')"}, {"tuple()", "tuple()"}}},
	}
}

func toString(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v := args[0]
	if d, ok := v.AsDateTime(); ok {
		t, ok := instant(d)
		if !ok {
			return vm.Null(), nil
		}
		return vm.String(isoText(t)), nil
	}
	s, err := display(c, v)
	return vm.String(s), err
}

// isoText is the time in ISO form. Years outside of 0 to 9999 have a sign and six digits.
func isoText(t time.Time) string {
	year := t.Format("2006")
	if y := t.Year(); y < 0 || y > 9999 {
		year = fmt.Sprintf("%+07d", y)
	}
	return year + t.Format("-01-02T15:04:05.000Z07:00")
}

// display is the string form that concat joins: dates and datetimes in ISO form, everything else as print shows it.
func display(c *vm.Call, v vm.Value) (string, error) {
	if d, ok := v.AsDateTime(); ok {
		if t, ok := instant(d); ok {
			return isoText(t), nil
		}
		return "", nil
	}
	if d, ok := v.AsDate(); ok {
		return pad(d.Year, 0) + "-" + pad(d.Month, 2) + "-" + pad(d.Day, 2), nil
	}
	return c.Display(v)
}

func pad(f float64, width int) string {
	s := vm.Number(f).String()
	if n := width - len(s); n > 0 {
		return strings.Repeat("0", n) + s
	}
	return s
}

const secondsPerDay = 86400

// epochOf is the number that toInt and toFloat make of dates.
func epochOf(v vm.Value) (float64, bool) {
	if d, ok := v.AsDateTime(); ok {
		return d.Epoch, true
	}
	if d, ok := v.AsDate(); ok {
		return math.Floor(d.Epoch() / secondsPerDay), true
	}
	return 0, false
}

func toInt(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if f, ok := epochOf(args[0]); ok {
		return vm.Number(math.Floor(f)), nil
	}
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	if f, ok := vm.LeadingInt(s); ok {
		return vm.Number(f), nil
	}
	return vm.Null(), nil
}

func toFloat(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if f, ok := epochOf(args[0]); ok {
		return vm.Number(f), nil
	}
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	if f, ok := vm.LeadingFloat(s); ok {
		return vm.Number(f), nil
	}
	return vm.Null(), nil
}

func typeOf(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v := args[0]
	name := v.Kind().String()
	switch v.Kind() {
	case vm.KindNumber:
		f, _ := v.AsNumber()
		name = "float"
		if f == math.Trunc(f) && !math.IsInf(f, 0) {
			name = "integer"
		}
	case vm.KindDict:
		name = "object"
		d, _ := v.AsDict()
		if _, ok := d.GetString("__hx_ast"); ok {
			name = "sql"
		}
	case vm.KindInterval:
		name = "object"
	}
	return vm.String(name), nil
}

func tuple(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return vm.NewTuple(append([]vm.Value(nil), args...)...), nil
}
