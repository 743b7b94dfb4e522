package pipeline

import (
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// TimeFormat is how times are written in event lines: RFC 3339 in UTC with exactly three decimals, so that text order is time order.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// AppendTime appends t in TimeFormat. It is several times faster than the general t.AppendFormat.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, TimeFormat)
	}
	hour, minute, second := t.Clock()
	ms := t.Nanosecond() / 1e6
	return append(dst,
		digit(year/1000), digit(year/100), digit(year/10), digit(year), '-', digit(int(month)/10), digit(int(month)), '-', digit(day/10), digit(day), 'T',
		digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':', digit(second/10), digit(second), '.',
		digit(ms/100), digit(ms/10), digit(ms), 'Z')
}

// digit is the last decimal digit of n.
func digit(n int) byte { return '0' + byte(n%10) }

func parseTime(name string, value []byte, prior error) (time.Time, error) {
	s, _ := rawjson.String(value)
	if t, ok := parseFormat(s); ok {
		return t, prior
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errors.Join(prior, fmt.Errorf("%s: want an RFC 3339 time, got %s", name, value))
	}
	return t.UTC(), prior
}

// parseFormat is the short way to read what AppendTime writes. It reports false for everything else, and for dates that do not exist.
func parseFormat(s string) (time.Time, bool) {
	if len(s) != len(TimeFormat) || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != '.' || s[23] != 'Z' {
		return time.Time{}, false
	}
	digits := true
	one := func(i int) int {
		n := int(s[i]) - '0'
		digits = digits && 0 <= n && n <= 9
		return n
	}
	two := func(i int) int { return 10*one(i) + one(i+1) }
	year, month, day := 100*two(0)+two(2), two(5), two(8)
	hour, minute, second, ms := two(11), two(14), two(17), 10*two(20)+one(22)
	if !digits || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, ms*1e6, time.UTC)
	return t, day <= 28 || t.Day() == day // all months have 28 days
}
