package stdlib

import (
	"math"
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

func dateAdd(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return move(vm.HostString(args[0]), args[1], args[2])
}

func addDays(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return move("day", args[1], args[0])
}

// maxMove bounds how far dates are moved; a million years is beyond what they can show.
const maxMove = 3.2e13

// move adds units to a date or datetime, which keeps its type.
func move(unit string, count, v vm.Value) (vm.Value, error) {
	n := vm.ToNumber(count)
	switch unit {
	case "second", "minute", "hour", "day", "week", "month", "year":
	default:
		return vm.Null(), vm.Errorf(vm.KindData, "Unsupported interval unit: %s", unit)
	}
	if v.Kind() != vm.KindDateTime && v.Kind() != vm.KindDate {
		return vm.Null(), vm.Errorf(vm.KindType, "Expected a Date or DateTime, got %s", v.Kind())
	}
	if n != n {
		return vm.Null(), vm.Errorf(vm.KindData, "Invalid unit value %s", vm.HostString(count))
	}
	t, ok := timeOf(v)
	ok = ok && math.Abs(n) < maxMove
	if ok {
		t = add(t, unit, n)
	}
	if d, isDateTime := v.AsDateTime(); isDateTime {
		if !ok {
			return vm.NewDateTime(math.NaN(), d.Zone), nil
		}
		return vm.NewDateTime(epoch(t), d.Zone), nil
	}
	if !ok {
		return vm.NewDate(math.NaN(), math.NaN(), math.NaN()), nil
	}
	return dateOf(t), nil
}

func add(t time.Time, unit string, n float64) time.Time {
	switch unit {
	case "second":
		return time.UnixMilli(t.UnixMilli() + int64(n*1000)).In(t.Location())
	case "minute":
		return time.UnixMilli(t.UnixMilli() + int64(n*60_000)).In(t.Location())
	case "hour":
		return time.UnixMilli(t.UnixMilli() + int64(n*3_600_000)).In(t.Location())
	case "week":
		return t.AddDate(0, 0, int(n)*7)
	case "month":
		return addMonths(t, int(n))
	case "year":
		return addMonths(t, int(n)*12)
	}
	return t.AddDate(0, 0, int(n))
}

// addMonths keeps the day, or takes the last one of a month that is shorter.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return time.Date(first.Year(), first.Month(), min(t.Day(), last),
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

func dateDiff(c *vm.Call, args []vm.Value) (vm.Value, error) {
	unit := vm.HostString(args[0])
	a, ok := timeOf(args[1])
	b, ok2 := timeOf(args[2])
	elapsed := float64(b.UnixMilli()-a.UnixMilli()) / 1000
	if !ok || !ok2 {
		elapsed = math.NaN()
	}
	months := float64((b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month()))
	if elapsed != elapsed {
		months = elapsed
	}
	diff := 0.0
	switch unit {
	case "second":
		diff = math.Floor(elapsed)
	case "minute":
		diff = math.Floor(elapsed / 60)
	case "hour":
		diff = math.Floor(elapsed / 3600)
	case "day":
		diff = math.Floor(elapsed / secondsPerDay)
	case "week":
		diff = math.Floor(elapsed / secondsPerDay / 7)
	case "month":
		diff = months
	case "year":
		diff = months
		if months == months {
			diff = float64(b.Year() - a.Year())
		}
	default:
		return vm.Null(), vm.Errorf(vm.KindData, "Unsupported unit for dateDiff: %s", unit)
	}
	return vm.Number(diff), nil
}

func dateTrunc(c *vm.Call, args []vm.Value) (vm.Value, error) {
	unit := vm.HostString(args[0])
	if args[1].Kind() != vm.KindDateTime {
		return vm.Null(), vm.Errorf(vm.KindType, "Expected a DateTime for dateTrunc")
	}
	if unit == "week" {
		return vm.Null(), errTruncUnit(unit)
	}
	return truncate(unit, args[1])
}

func errTruncUnit(unit string) error {
	return vm.Errorf(vm.KindData, "Unsupported unit for dateTrunc: %s", unit)
}

// truncate cuts a datetime or date in its zone.
func truncate(unit string, v vm.Value) (vm.Value, error) {
	name := "UTC"
	if d, ok := v.AsDateTime(); ok {
		name = d.Zone
	}
	t, ok := timeOf(v)
	year, month, day := t.Date()
	hour, minute := t.Hour(), t.Minute()
	switch unit {
	case "year":
		month, day, hour, minute = 1, 1, 0, 0
	case "month":
		day, hour, minute = 1, 0, 0
	case "week":
		day, hour, minute = day-(int(t.Weekday())+6)%7, 0, 0
	case "day":
		hour, minute = 0, 0
	case "hour":
		minute = 0
	case "minute":
	default:
		return vm.Null(), errTruncUnit(unit)
	}
	if !ok {
		return vm.NewDateTime(math.NaN(), name), nil
	}
	return vm.NewDateTime(epoch(time.Date(year, month, day, hour, minute, 0, 0, t.Location())), name), nil
}
