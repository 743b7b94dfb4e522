package stdlib

import (
	"math"
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

func dates() []Function {
	return []Function{
		{Name: "now", Min: 0, Max: 1, Doc: "The time, in UTC.", Func: now, Examples: []Example{{"typeof(now())", "'datetime'"}, {"typeof(now('ignored'))", "'datetime'"}}},
		{Name: "today", Min: 0, Max: 0, Doc: "The date in UTC.", Func: today, Examples: []Example{{"typeof(today())", "'date'"}, {"today() == today()", "true"}}},
		{Name: "toDateTime", Min: 1, Max: 2, Doc: "The datetime of epoch seconds or of a text, in a zone.", Func: toDateTime, Examples: []Example{{"toDateTime('2024-05-01 10:00:00')", "DateTime(1714557600.0, 'UTC')"}, {"toDateTime('x')", "DateTime(NaN.0, 'UTC')"}}},
		{Name: "toDate", Min: 1, Max: 1, Doc: "The date of epoch seconds or of a text.", Func: toDate, Examples: []Example{{"toDate('2024-05-01')", "Date(2024, 5, 1)"}, {"toDate('2024-02-30')", "Date(NaN, NaN, NaN)"}}},
		{Name: "toUnixTimestamp", Min: 1, Max: 2, Doc: "Seconds since 1970.", Func: unixTimestamp(1), Examples: []Example{{"toUnixTimestamp('2024-05-01')", "1714521600"}, {"toUnixTimestamp('x')", "NaN"}}},
		{Name: "toUnixTimestampMilli", Min: 1, Max: 2, Doc: "Milliseconds since 1970.", Func: unixTimestamp(1000), Examples: []Example{{"toUnixTimestampMilli('2024-05-01')", "1714521600000"}, {"toUnixTimestampMilli(toDateTime(1.5))", "1500"}}},
		{Name: "fromUnixTimestamp", Min: 1, Max: 1, Doc: "The datetime of epoch seconds.", Func: fromUnix(1), Examples: []Example{{"fromUnixTimestamp(1.5)", "DateTime(1.5, 'UTC')"}, {"fromUnixTimestamp(-1)", "DateTime(-1.0, 'UTC')"}}},
		{Name: "fromUnixTimestampMilli", Min: 1, Max: 1, Doc: "The datetime of epoch milliseconds.", Func: fromUnix(1000), Examples: []Example{{"fromUnixTimestampMilli(1500)", "DateTime(1.5, 'UTC')"}, {"fromUnixTimestampMilli(1)", "DateTime(0.001, 'UTC')"}}},
		{Name: "toTimeZone", Min: 2, Max: 2, Doc: "The same instant shown in another zone.", Func: toTimeZone, Examples: []Example{{"toString(toTimeZone(toDateTime(0), 'Europe/Berlin'))", "'1970-01-01T01:00:00.000+01:00'"}, {"toString(toTimeZone(toDateTime(0), 'nowhere'))", "null"}}},
		{Name: "dateAdd", Min: 3, Max: 3, Doc: "The date or datetime moved by so many units.", Func: dateAdd, Examples: []Example{{"dateAdd('month', 1, toDate('2024-01-31'))", "Date(2024, 2, 29)"}, {"dateAdd('hour', -1, toDateTime(0))", "DateTime(-3600.0, 'UTC')"}}},
		{Name: "addDays", Min: 2, Max: 2, Doc: "The date or datetime moved by so many days.", Func: addDays, Examples: []Example{{"addDays(toDate('2024-02-28'), 2)", "Date(2024, 3, 1)"}, {"addDays(toDateTime(0), -1)", "DateTime(-86400.0, 'UTC')"}}},
		{Name: "dateDiff", Min: 3, Max: 3, Doc: "How many units lie between two dates.", Func: dateDiff, Examples: []Example{{"dateDiff('day', toDate('2024-02-28'), toDate('2024-03-01'))", "2"}, {"dateDiff('year', toDate('2023-12-31'), toDate('2024-01-01'))", "1"}}},
		{Name: "dateTrunc", Min: 2, Max: 3, Doc: "The datetime at the start of its year, month, day, hour or minute.", Func: dateTrunc, Examples: []Example{{"dateTrunc('hour', toDateTime('2024-05-01T10:20:30'))", "DateTime(1714557600.0, 'UTC')"}, {"dateTrunc('day', toDateTime(-1))", "DateTime(-86400.0, 'UTC')"}}},
	}
}

// maxEpoch is the last second that the language's dates reach.
const maxEpoch = 8.64e12

// instant is the time of a datetime in its zone, cut to milliseconds; false for one that cannot be shown.
func instant(d *vm.DateTime) (time.Time, bool) {
	loc, ok := zone(d.Zone)
	if !ok || d.Epoch != d.Epoch || math.Abs(d.Epoch) > maxEpoch {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(math.Trunc(d.Epoch * 1000))).In(loc), true
}

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func midnight(d *vm.Date) (time.Time, bool) {
	e := d.Epoch()
	if e != e {
		return time.Time{}, false
	}
	return time.Unix(int64(e), 0).UTC(), true
}

// timeOf is the time that a datetime, a date or a text means.
func timeOf(v vm.Value) (time.Time, bool) {
	if d, ok := v.AsDateTime(); ok {
		return instant(d)
	}
	if d, ok := v.AsDate(); ok {
		return midnight(d)
	}
	if s, ok := v.AsString(); ok {
		return vm.ParseDateText(s, time.UTC)
	}
	return time.Time{}, false
}

func now(c *vm.Call, args []vm.Value) (vm.Value, error) {
	t, err := c.Now()
	if err != nil {
		return vm.Null(), err
	}
	return vm.Time(t), nil
}

func today(c *vm.Call, args []vm.Value) (vm.Value, error) {
	t, err := c.Now()
	if err != nil {
		return vm.Null(), err
	}
	return dateOf(t.UTC()), nil
}

func dateOf(t time.Time) vm.Value {
	return vm.NewDate(float64(t.Year()), float64(t.Month()), float64(t.Day()))
}

// zoneArg is the name and location of an optional zone argument; the location is nil for a name that is no zone.
func zoneArg(v vm.Value) (string, *time.Location) {
	name := "UTC"
	if s, ok := v.AsString(); ok && s != "" {
		name = s
	}
	loc, _ := zone(name)
	return name, loc
}

func toDateTime(c *vm.Call, args []vm.Value) (vm.Value, error) {
	name, loc := zoneArg(arg(args, 1))
	if f, ok := args[0].AsNumber(); ok {
		return vm.NewDateTime(f, name), nil
	}
	if s, ok := args[0].AsString(); ok && loc != nil {
		if t, ok := vm.ParseDateText(s, loc); ok {
			return vm.NewDateTime(epoch(t), name), nil
		}
	}
	return vm.NewDateTime(math.NaN(), name), nil
}

func toDate(c *vm.Call, args []vm.Value) (vm.Value, error) {
	v := args[0]
	if f, ok := v.AsNumber(); ok && math.Abs(f) <= maxEpoch {
		return dateOf(time.UnixMilli(int64(f * 1000)).UTC()), nil
	}
	if s, ok := v.AsString(); ok {
		if t, ok := vm.ParseDateText(s, time.UTC); ok {
			return dateOf(t.UTC()), nil
		}
	}
	return vm.NewDate(math.NaN(), math.NaN(), math.NaN()), nil
}

func unixTimestamp(scale float64) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		v := args[0]
		if d, ok := v.AsDateTime(); ok {
			return vm.Number(d.Epoch * scale), nil
		}
		if d, ok := v.AsDate(); ok {
			return vm.Number(d.Epoch() * scale), nil
		}
		if s, ok := v.AsString(); ok {
			_, loc := zoneArg(arg(args, 1))
			if loc == nil {
				return vm.Number(math.NaN()), nil
			}
			if t, ok := vm.ParseDateText(s, loc); ok {
				return vm.Number(epoch(t) * scale), nil
			}
		}
		return vm.Number(math.NaN()), nil
	}
}

func fromUnix(scale float64) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		return vm.NewDateTime(c.Number(args[0])/scale, "UTC"), nil
	}
}

func toTimeZone(c *vm.Call, args []vm.Value) (vm.Value, error) {
	d, ok := args[0].AsDateTime()
	if !ok {
		return vm.Null(), vm.Errorf(vm.KindType, "Expected a DateTime")
	}
	name, err := c.HostString(args[1])
	return vm.NewDateTime(d.Epoch, name), err
}
