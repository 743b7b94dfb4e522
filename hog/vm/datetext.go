package vm

import (
	"strings"
	"time"
)

// ParseDateText reads date-like text: YYYY-MM-DD, optionally a time of day, optionally a zone. Without a zone in the text
// it means the given one. Fractions of a second are cut to milliseconds.
func ParseDateText(text string, zone *time.Location) (time.Time, bool) {
	p := dateParser{s: strings.TrimFunc(text, isSpace)}
	year, month, day := p.digits(4), p.sep('-').digits(2), p.sep('-').digits(2)
	if p.bad || year == 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return time.Time{}, false
	}
	var hour, minute, second, milli int
	if p.one("Tt ") {
		hour, minute = p.digits(2), p.sep(':').digits(2)
		if p.one(":") {
			second = p.digits(2)
			if p.one(".,") {
				milli = p.fraction()
			}
		}
		zone = p.zone(zone)
	}
	if p.bad || p.s != "" || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return WallTime(time.Date(year, time.Month(month), day, hour, minute, second, milli*1e6, time.UTC), zone), true
}

// WallTime is the instant at which clocks in the zone show the date and time that t shows in UTC. A time that clocks leave
// out is as much later; of one that they show twice it is the first.
func WallTime(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	at := time.Date(year, month, day, hour, minute, second, t.Nanosecond(), zone)
	_, offset := at.Zone()
	if missing := t.Unix() - at.Unix() - int64(offset); missing > 0 {
		return at.Add(time.Duration(missing) * time.Second)
	}
	return at
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

type dateParser struct {
	s   string
	bad bool
}

func (p *dateParser) one(set string) bool {
	if p.s == "" || strings.IndexByte(set, p.s[0]) < 0 {
		return false
	}
	p.s = p.s[1:]
	return true
}

func (p *dateParser) sep(c byte) *dateParser {
	p.bad = !p.one(string(c)) || p.bad
	return p
}

func (p *dateParser) digits(n int) int {
	if len(p.s) < n {
		p.bad = true
		return 0
	}
	v := 0
	for i := range n {
		if p.s[i]-'0' > 9 {
			p.bad = true
			return 0
		}
		v = v*10 + int(p.s[i]-'0')
	}
	p.s = p.s[n:]
	return v
}

// fraction reads 1 to 9 digits as milliseconds.
func (p *dateParser) fraction() int {
	milli, n := 0, 0
	for ; n < len(p.s) && p.s[n]-'0' <= 9; n++ {
		if n < 3 {
			milli = milli*10 + int(p.s[n]-'0')
		}
	}
	p.bad = p.bad || n == 0 || n > 9
	p.s = p.s[n:]
	for ; n < 3; n++ {
		milli *= 10
	}
	return milli
}

func (p *dateParser) zone(zone *time.Location) *time.Location {
	if p.one("Zz") {
		return time.UTC
	}
	if p.s == "" || p.s[0] != '+' && p.s[0] != '-' {
		return zone
	}
	sign := 1
	if p.s[0] == '-' {
		sign = -1
	}
	p.s = p.s[1:]
	hours, minutes := p.digits(2), 0
	if p.s != "" {
		p.one(":")
		minutes = p.digits(2)
	}
	p.bad = p.bad || hours > 23 || minutes > 59
	return time.FixedZone("", sign*(hours*3600+minutes*60))
}
