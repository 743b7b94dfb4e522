package wire

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// futureLimit is how far ahead of the server's clock an event may be; what is further is set to now.
const futureLimit = 23 * time.Hour

// layouts are the accepted forms beside RFC 3339 (spec 2.8), each tried with a T and with a blank. A fraction of a second may follow the
// seconds in all of them.
var layouts = []string{
	"2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05Z07",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04Z07:00",
	"2006-01-02 15:04",
	"2006-01-02",
	"2006/01/02 15:04:05",
	"2006/01/02 15:04",
	"2006/01/02",
	"1/2/2006 15:04:05", // with leading zeros as well
	"1/2/2006 15:04",
	"1/2/2006",
	"Mon, 2 Jan 2006 15:04:05 -0700",
	"Mon, 2 Jan 2006 15:04:05 GMT",
	"Mon, 2 Jan 2006 15:04:05 UTC",
	"2 Jan 2006 15:04:05 -0700",
	"2 Jan 2006 15:04:05 GMT",
}

// ParseTime reads a time from a JSON string or number, in UTC. It reports false when it is absent or in no known form.
func ParseTime(value []byte) (time.Time, bool) {
	if len(value) == 0 {
		return time.Time{}, false
	}
	s, isText := rawjson.String(value)
	if !isText {
		if rawjson.KindOf(value) != rawjson.Number {
			return time.Time{}, false
		}
		s = string(value)
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), true
	}
	s = strings.TrimSpace(s)
	if t, ok := parseUnix(s); ok {
		return t, true
	}
	if len(s) > 10 && (s[10] == 'T' || s[10] == 't') {
		s = s[:10] + " " + s[11:]
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// parseUnix reads seconds or, when the number is too large for a date of our time in seconds, milliseconds since 1970.
func parseUnix(s string) (time.Time, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e15 {
		return time.Time{}, false
	}
	if math.Abs(f) >= 1e11 {
		f /= 1000
	}
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), true
}

// Clock corrects the times that a client states.
type Clock struct {
	Now  time.Time // when the request came in
	Sent time.Time // when it was sent by the client's clock; zero when unknown
}

// Correct moves t by the difference between the server's clock and the client's.
func (c Clock) Correct(t time.Time) time.Time {
	if c.Sent.IsZero() {
		return t
	}
	return t.Add(c.Now.Sub(c.Sent))
}

// Bound replaces a time too far ahead by now, and one outside of the years 0 to 9999 by 1970.
func (c Clock) Bound(t time.Time) time.Time {
	if t.After(c.Now.Add(futureLimit)) {
		t = c.Now
	}
	if y := t.Year(); y < 0 || y > 9999 {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC()
}
