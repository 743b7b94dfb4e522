package stdlib

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

func dateParts() []Function {
	return []Function{
		{Name: "toStartOfDay", Min: 1, Max: 2, Doc: "The start of the day.", Func: startOf("toStartOfDay", "day"), Examples: []Example{{"toStartOfDay(toDate('2024-05-01'))", "DateTime(1714521600.0, 'UTC')"}, {"toStartOfDay(toDateTime(90000))", "DateTime(86400.0, 'UTC')"}}},
		{Name: "toStartOfHour", Min: 1, Max: 1, Doc: "The start of the hour.", Func: startOf("toStartOfHour", "hour"), Examples: []Example{{"toStartOfHour(toDateTime(3700))", "DateTime(3600.0, 'UTC')"}, {"toStartOfHour(toDate('2024-05-01'))", "DateTime(1714521600.0, 'UTC')"}}},
		{Name: "toStartOfMonth", Min: 1, Max: 1, Doc: "The start of the month.", Func: startOf("toStartOfMonth", "month"), Examples: []Example{{"toStartOfMonth(toDate('2024-05-09'))", "DateTime(1714521600.0, 'UTC')"}, {"toStartOfMonth(toDateTime(-1))", "DateTime(-2678400.0, 'UTC')"}}},
		{Name: "toStartOfWeek", Min: 1, Max: 2, Doc: "The Monday of the week.", Func: startOf("toStartOfWeek", "week"), Examples: []Example{{"toStartOfWeek(toDate('2024-05-01'))", "DateTime(1714348800.0, 'UTC')"}, {"toStartOfWeek(toDate('2024-05-05'))", "DateTime(1714348800.0, 'UTC')"}}},
		{Name: "extract", Min: 2, Max: 2, Doc: "The year, month, day, hour, minute or second.", Func: extract, Examples: []Example{{"extract('month', toDate('2024-05-01'))", "5"}, {"extract('second', toDateTime(61.9))", "1"}}},
		{Name: "toYear", Min: 1, Max: 1, Doc: "The year.", Func: part(func(t time.Time) int { return t.Year() }), Examples: []Example{{"toYear(toDate('2024-05-01'))", "2024"}, {"toYear('x')", "NaN"}}},
		{Name: "toMonth", Min: 1, Max: 1, Doc: "The month, 1 to 12.", Func: part(func(t time.Time) int { return int(t.Month()) }), Examples: []Example{{"toMonth(toDate('2024-05-01'))", "5"}, {"toMonth(toDateTime(-1))", "12"}}},
		{Name: "toYYYYMM", Min: 1, Max: 1, Doc: "Year and month as one number.", Func: part(func(t time.Time) int { return t.Year()*100 + int(t.Month()) }), Examples: []Example{{"toYYYYMM(toDate('2024-05-01'))", "202405"}, {"toYYYYMM(toDateTime(0))", "197001"}}},
		{Name: "toIntervalDay", Min: 1, Max: 1, Doc: "An interval of days.", Func: interval("day"), Examples: []Example{{"toIntervalDay(2)", "{'__hogInterval__': true, 'value': 2, 'unit': 'day'}"}, {"toIntervalDay(null)", "{'__hogInterval__': true, 'value': null, 'unit': 'day'}"}}},
		{Name: "toIntervalHour", Min: 1, Max: 1, Doc: "An interval of hours.", Func: interval("hour"), Examples: []Example{{"toIntervalHour(2)", "{'__hogInterval__': true, 'value': 2, 'unit': 'hour'}"}, {"toIntervalHour(null)", "{'__hogInterval__': true, 'value': null, 'unit': 'hour'}"}}},
		{Name: "toIntervalMinute", Min: 1, Max: 1, Doc: "An interval of minutes.", Func: interval("minute"), Examples: []Example{{"toIntervalMinute(2)", "{'__hogInterval__': true, 'value': 2, 'unit': 'minute'}"}, {"toIntervalMinute('x')", "{'__hogInterval__': true, 'value': 'x', 'unit': 'minute'}"}}},
		{Name: "toIntervalMonth", Min: 1, Max: 1, Doc: "An interval of months.", Func: interval("month"), Examples: []Example{{"toIntervalMonth(2)", "{'__hogInterval__': true, 'value': 2, 'unit': 'month'}"}, {"toIntervalMonth(-1)", "{'__hogInterval__': true, 'value': -1, 'unit': 'month'}"}}},
		{Name: "formatDateTime", Min: 2, Max: 3, Doc: "The datetime in a format of % codes, in a zone.", Func: formatDateTime, Examples: []Example{{"formatDateTime(toDateTime('2024-05-01T10:20:30'), '%Y-%m-%d %H:%i:%S')", "'2024-05-01 10:20:30'"}, {"formatDateTime(toDateTime(0), '100%')", "'100'"}}},
	}
}

func errNoDate(name string, v vm.Value) error {
	return vm.Errorf(vm.KindType, "%s: expected a date or datetime, got %s", name, v.Kind())
}

func startOf(name, unit string) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		switch args[0].Kind() {
		case vm.KindDateTime, vm.KindDate, vm.KindString:
			return truncate(unit, args[0])
		}
		return vm.Null(), errNoDate(name, args[0])
	}
}

func part(f func(time.Time) int) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		t, ok := timeOf(args[0])
		if !ok {
			return vm.Number(math.NaN()), nil
		}
		return vm.Number(float64(f(t))), nil
	}
}

func extract(c *vm.Call, args []vm.Value) (vm.Value, error) {
	var f func(time.Time) int
	name, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	switch name {
	case "year":
		f = time.Time.Year
	case "month":
		f = func(t time.Time) int { return int(t.Month()) }
	case "day":
		f = time.Time.Day
	case "hour":
		f = time.Time.Hour
	case "minute":
		f = time.Time.Minute
	case "second":
		f = time.Time.Second
	default:
		return vm.Null(), vm.Errorf(vm.KindData, "Unknown extract part: %s", name)
	}
	return part(f)(c, args[1:])
}

func interval(unit string) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		return vm.NewInterval(args[0], unit), nil
	}
}

func formatDateTime(c *vm.Call, args []vm.Value) (vm.Value, error) {
	d, ok := args[0].AsDateTime()
	if !ok {
		return vm.Null(), vm.Errorf(vm.KindType, "Expected a DateTime")
	}
	if !args[1].Truthy() {
		return vm.Null(), vm.Errorf(vm.KindArgument, "formatDateTime requires at least 2 arguments")
	}
	shown := *d
	if z := arg(args, 2); z.Truthy() {
		var err error
		if shown.Zone, err = c.HostString(z); err != nil {
			return vm.Null(), err
		}
	}
	t, ok := instant(&shown)
	if !ok {
		return vm.String("Invalid DateTime"), nil
	}
	format, err := c.HostString(args[1])
	if err != nil {
		return vm.Null(), err
	}
	if err := c.Text(len(format) * 5); err != nil {
		return vm.Null(), err
	}
	var out strings.Builder
	for {
		text, rest, ok := strings.Cut(format, "%")
		out.WriteString(text)
		if !ok || rest == "" {
			return vm.String(out.String()), nil
		}
		out.WriteString(dateCode(t, rest[0]))
		if err := c.Work(codeWork); err != nil {
			return vm.Null(), err
		}
		format = rest[1:]
	}
}

// codeWork is the bytes that one code counts as.
const codeWork = 512

var dateLayouts = map[byte]string{
	'a': "Mon", 'b': "Jan", 'C': "06", 'g': "06", 'y': "06", 'd': "02", 'D': "01/02/06", 'e': "2", 'F': "2006-01-02",
	'G': "2006", 'Y': "2006", 'h': "03", 'I': "03", 'l': "03", 'H': "15", 'k': "15", 'i': "04", 'j': "002",
	'M': "January", 'm': "01", 'c': "01", 'p': "PM", 'r': "03:04 PM", 'R': "15:04", 's': "05", 'S': "05",
	'T': "15:04:05", 'W': "Monday", 'z': "-0700",
}

// dateCode is what one % code stands for; nothing for an unknown one.
func dateCode(t time.Time, code byte) string {
	if layout, ok := dateLayouts[code]; ok {
		return t.Format(layout)
	}
	switch code {
	case 'f':
		return fmt.Sprintf("%03d", t.Nanosecond()/1e6)
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'Q':
		return fmt.Sprint((int(t.Month()) + 2) / 3)
	case 'u', 'w':
		return fmt.Sprint((int(t.Weekday())+6)%7 + 1)
	case 'V':
		_, week := t.ISOWeek()
		return fmt.Sprintf("%02d", week)
	case '%':
		return "%"
	}
	return ""
}
