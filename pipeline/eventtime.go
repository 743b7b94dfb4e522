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
	if len(s) != len(TimeFormat) {
		return time.Time{}, false
	}
	ok := true
	for i := range len(s) {
		if c := TimeFormat[i]; c >= '0' && c <= '9' {
			ok = ok && s[i]-'0' < 10
		} else {
			ok = ok && s[i] == c
		}
	}
	if !ok {
		return time.Time{}, false
	}
	two := func(i int) int { return int(s[i]-'0')*10 + int(s[i+1]-'0') }
	month, day, hour, minute, second := two(5), two(8), two(11), two(14), two(17)
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	ms := two(20)*10 + int(s[22]-'0')
	t := time.Date(two(0)*100+two(2), time.Month(month), day, hour, minute, second, ms*1e6, time.UTC)
	return t, t.Day() == day
}
