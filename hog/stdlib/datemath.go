package stdlib

import (
	"math"
	"time"

	"github.com/prickle-dev/prickle/hog/vm"
)

func dateAdd(c *vm.Call, args []vm.Value) (vm.Value, error) {
	unit, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	return move(c, unit, args[1], args[2])
}

func addDays(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return move(c, "day", args[1], args[0])
}

// maxMove bounds how far dates are moved; a million years is beyond what they can show.
const maxMove = 3.2e13

// move adds units to a date or datetime, which keeps its type.
func move(c *vm.Call, unit string, count, v vm.Value) (vm.Value, error) {
	n := c.Number(count)
	switch unit {
	case "second", "minute", "hour", "day", "week", "month", "year":
	default:
		return vm.Null(), vm.Errorf(vm.KindData, "Unsupported interval unit: %s", unit)
	}
	if v.Kind() != vm.KindDateTime && v.Kind() != vm.KindDate {
		return vm.Null(), vm.Errorf(vm.KindType, "Expected a Date or DateTime, got %s", v.Kind())
	}
	// Weeks and years are multiplied first, which makes a number of anything.
	s, isText := count.AsString()
	odd := (isText && s == "" || count.Kind() == vm.KindBool) && unit != "week" && unit != "year"
	if math.IsInf(n, 0) || n != n || odd {
		return vm.Null(), vm.Errorf(vm.KindData, "Invalid unit value %s", vm.HostString(count))
	}
	t, ok := timeOf(v)
	ok = ok && math.Abs(n) < maxMove
	moved := 0.0
	if ok {
		moved = add(t, unit, n)
		ok = math.Abs(moved) <= 1000*maxEpoch
	}
	if d, isDateTime := v.AsDateTime(); isDateTime {
		if !ok {
			return vm.NewDateTime(math.NaN(), d.Zone), nil
		}
		return vm.NewDateTime(moved/1000, d.Zone), nil
	}
	if !ok {
		return vm.NewDate(math.NaN(), math.NaN(), math.NaN()), nil
	}
	return dateOf(time.UnixMilli(int64(moved)).In(t.Location())), nil
}

// add is a time moved by some units, in milliseconds since 1970. What the units have of parts of milliseconds is kept.
func add(t time.Time, unit string, n float64) float64 {
	switch unit {
	case "second":
		return float64(t.UnixMilli()) + parts(n*1000)
	case "minute":
		return float64(t.UnixMilli()) + parts(n*60_000)
	case "hour":
		return float64(t.UnixMilli()) + parts(n*3_600_000)
	case "week":
		n *= 7
	case "year":
		n *= 12
	}
	// Whole days and months go by the calendar; what is left over is a part of 24 hours, or of 30 days.
	whole, part := math.Modf(n)
	if unit == "month" || unit == "year" {
		t, part = addMonths(t, int(whole)), part*30
	} else {
		t = moveDays(t, int(whole))
	}
	return float64(t.UnixMilli()) + parts(part*86_400_000)
}

// parts is a number of milliseconds with what it has of parts of one, rounded as the reference does it.
func parts(ms float64) float64 {
	whole := math.Trunc(ms)
	return whole + (ms*1000-whole*1000)/1000
}

// moveDays keeps the time of day.
func moveDays(t time.Time, n int) time.Time {
	hour, minute, second := t.Clock()
	return near(t, time.Date(t.Year(), t.Month(), t.Day()+n, hour, minute, second, t.Nanosecond(), time.UTC))
}

// near is the instant at which clocks in the zone of t show the time wall; of one that they show twice it is the one with
// the same offset as t.
func near(t, wall time.Time) time.Time {
	_, offset := t.Zone()
	same := wall.Add(-time.Duration(offset) * time.Second).In(t.Location())
	if _, now := same.Zone(); now == offset {
		return same
	}
	return vm.WallTime(wall, t.Location())
}

// addMonths keeps the day, or takes the last one of a month that is shorter.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	hour, minute, second := t.Clock()
	return near(t, time.Date(first.Year(), first.Month(), min(t.Day(), last),
		hour, minute, second, t.Nanosecond(), time.UTC))
}

func dateDiff(c *vm.Call, args []vm.Value) (vm.Value, error) {
	unit, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	a, ok := timeOf(args[1])
	b, ok2 := timeOf(args[2])
	elapsed := float64(b.UnixMilli()-a.UnixMilli()) / 1000
	if !ok || !ok2 {
		elapsed = math.NaN()
	} else if unit != "day" && c.ReferenceDefects() {
		elapsed = looselyElapsed(a, b)
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

// looselyElapsed is the seconds from a to b as the reference counts them: with whole years of 365 days, then whole months
// of 30.
func looselyElapsed(a, b time.Time) float64 {
	if b.Before(a) {
		return -looselyElapsed(b, a)
	}
	months := (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
	if addMonths(a, months).After(b) {
		months--
	}
	rest := float64(b.UnixMilli()-addMonths(a, months).UnixMilli()) / 1000
	return rest + secondsPerDay*float64(months/12*365+months%12*30)
}

func dateTrunc(c *vm.Call, args []vm.Value) (vm.Value, error) {
	unit, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
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
	return vm.NewDateTime(epoch(near(t, time.Date(year, month, day, hour, minute, 0, 0, time.UTC))), name), nil
}
