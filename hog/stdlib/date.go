package stdlib

import (
	"math"
	"sync"
	"time"
	_ "time/tzdata" // zones are the same on every machine

	"github.com/prickle-dev/prickle/hog/vm"
)

func dates() []Function {
	return []Function{
		{Name: "now", Min: 0, Max: 1, Doc: "The time, in UTC.", Func: now},
		{Name: "today", Min: 0, Max: 0, Doc: "The date in UTC.", Func: today},
		{Name: "toDateTime", Min: 1, Max: 2, Doc: "The datetime of epoch seconds or of a text, in a zone.", Func: toDateTime, Examples: ex("toDateTime('2024-05-01 10:00:00')", "DateTime(1714557600.0, 'UTC')")},
		{Name: "toDate", Min: 1, Max: 1, Doc: "The date of epoch seconds or of a text.", Func: toDate, Examples: ex("toDate('2024-05-01')", "Date(2024, 5, 1)")},
		{Name: "toUnixTimestamp", Min: 1, Max: 2, Doc: "Seconds since 1970.", Func: unixTimestamp(1), Examples: ex("toUnixTimestamp('2024-05-01')", "1714521600")},
		{Name: "toUnixTimestampMilli", Min: 1, Max: 2, Doc: "Milliseconds since 1970.", Func: unixTimestamp(1000), Examples: ex("toUnixTimestampMilli('2024-05-01')", "1714521600000")},
		{Name: "fromUnixTimestamp", Min: 1, Max: 1, Doc: "The datetime of epoch seconds.", Func: fromUnix(1), Examples: ex("fromUnixTimestamp(1.5)", "DateTime(1.5, 'UTC')")},
		{Name: "fromUnixTimestampMilli", Min: 1, Max: 1, Doc: "The datetime of epoch milliseconds.", Func: fromUnix(1000), Examples: ex("fromUnixTimestampMilli(1500)", "DateTime(1.5, 'UTC')")},
		{Name: "toTimeZone", Min: 2, Max: 2, Doc: "The same instant shown in another zone.", Func: toTimeZone, Examples: ex("toString(toTimeZone(toDateTime(0), 'Europe/Berlin'))", "'1970-01-01T01:00:00.000+01:00'")},
		{Name: "dateAdd", Min: 3, Max: 3, Doc: "The date or datetime moved by so many units.", Func: dateAdd, Examples: ex("dateAdd('month', 1, toDate('2024-01-31'))", "Date(2024, 2, 29)")},
		{Name: "addDays", Min: 2, Max: 2, Doc: "The date or datetime moved by so many days.", Func: addDays, Examples: ex("addDays(toDate('2024-02-28'), 2)", "Date(2024, 3, 1)")},
		{Name: "dateDiff", Min: 3, Max: 3, Doc: "How many units lie between two dates.", Func: dateDiff, Examples: ex("dateDiff('day', toDate('2024-02-28'), toDate('2024-03-01'))", "2")},
		{Name: "dateTrunc", Min: 2, Max: 3, Doc: "The datetime at the start of its year, month, day, hour or minute.", Func: dateTrunc, Examples: ex("dateTrunc('hour', toDateTime('2024-05-01T10:20:30'))", "DateTime(1714557600.0, 'UTC')")},
	}
}

var zones sync.Map // name to *time.Location, or nil for names that are no zone

// zone is the location of a zone name.
func zone(name string) (*time.Location, bool) {
	if name == "UTC" {
		return time.UTC, true
	}
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location), true
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, false
	}
	zones.Store(name, loc)
	return loc, true
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
		return dateOf(time.Unix(int64(math.Floor(f)), 0).UTC()), nil
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
		return vm.NewDateTime(vm.ToNumber(args[0])/scale, "UTC"), nil
	}
}

func toTimeZone(c *vm.Call, args []vm.Value) (vm.Value, error) {
	d, ok := args[0].AsDateTime()
	if !ok {
		return vm.Null(), vm.Errorf(vm.KindType, "Expected a DateTime")
	}
	return vm.NewDateTime(d.Epoch, vm.HostString(args[1])), nil
}
