package capture

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/segment"
)

// Allowance is how much may come in by a key or a webhook. The zero Allowance has no limits.
type Allowance struct {
	// Rate is how many events a second may come in, in each process.
	Rate Rate `yaml:"rate"`
	// Burst is how many may come at once after a pause; 0 is one second's worth of Rate.
	Burst int `yaml:"burst"`
	// Quota is how many events may come in in a day or month, in all processes together.
	Quota Quota `yaml:"quota"`
}

// Validate reports settings that do not go together.
func (a *Allowance) Validate() error {
	switch {
	case a.Burst < 0:
		return mistake("burst: want more than 0, got %d", "", a.Burst)
	case a.Burst > 0 && a.Rate == 0:
		return mistake("burst has no meaning without rate", "add rate: 500/s, or leave burst out")
	}
	return nil
}

// Rate is a number of events a second, written "500/s" or "2K/s". 0 is no limit.
type Rate int64

// UnmarshalText reads a Rate that is more than 0.
func (r *Rate) UnmarshalText(text []byte) error {
	count, unit, _ := strings.Cut(string(text), "/")
	n, ok := parseCount(count)
	switch {
	case !ok || strings.TrimSpace(unit) != "s":
		return mistake("want events a second", "write it like 500/s or 2K/s; for longer times there is quota")
	case n == 0:
		return mistake("want more than 0", "leave it out for no limit")
	case n > math.MaxInt32:
		return mistake("want less", "leave it out for no limit")
	}
	*r = Rate(n)
	return nil
}

// Values of Quota.Per.
const (
	PerDay   = "day"
	PerMonth = "month"
)

// Quota is a number of events in a calendar day or month of UTC, written "10M/month" or "500K/day". The zero Quota is no limit.
type Quota struct {
	Events int64
	Per    string // PerDay or PerMonth
}

// UnmarshalText reads a Quota of more than 0 events.
func (q *Quota) UnmarshalText(text []byte) error {
	count, per, _ := strings.Cut(string(text), "/")
	n, ok := parseCount(count)
	per = strings.TrimSpace(per)
	switch {
	case !ok || per != PerDay && per != PerMonth:
		return mistake("want events a day or a month", "write it like 10M/month or 500K/day")
	case n == 0:
		return mistake("want more than 0", "leave it out for no limit")
	}
	*q = Quota{n, per}
	return nil
}

// String is the quota for people, such as "10000000 events a month".
func (q Quota) String() string { return fmt.Sprintf("%d events a %s", q.Events, q.Per) }

// period returns the name of the period that now falls in, such as "2026-03" or "2026-03-01", with its beginning and its end.
func (q Quota) period(now time.Time) (name string, from, to time.Time) {
	year, month, day := now.UTC().Date()
	if q.Per == PerDay {
		from = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		return from.Format(time.DateOnly), from, from.AddDate(0, 0, 1)
	}
	from = time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return from.Format("2006-01"), from, from.AddDate(0, 1, 0)
}

// parseCount reads a whole number with K, M or G for thousands, millions and thousand millions.
func parseCount(text string) (n int64, ok bool) {
	text = strings.TrimSpace(text)
	unit := int64(1)
	if end := len(text) - 1; end > 0 {
		if known, is := map[byte]int64{'K': 1e3, 'M': 1e6, 'G': 1e9}[text[end]]; is {
			unit, text = known, text[:end]
		}
	}
	number, err := strconv.ParseUint(text, 10, 63)
	if err != nil || int64(number) > math.MaxInt64/unit {
		return 0, false
	}
	return int64(number) * unit, true
}

// Validate reports settings that do not go together.
func (k *Key) Validate() error {
	if err := k.Allowance.Validate(); err != nil {
		return err
	}
	switch {
	case k.Origins != nil && len(k.Origins) == 0:
		return mistake("origins is empty", "leave it out to let every page send, or name the origins of your pages")
	case k.Endpoints != nil && len(k.Endpoints) == 0:
		return mistake("endpoints is empty", "leave it out for all")
	case k.segment() != (segment.Settings{}) && k.Endpoints != nil && !slices.Contains(k.Endpoints, EndpointSegment) && !slices.Contains(k.Endpoints, EndpointImport):
		return mistake("identified_only, group_type and keep_context are about messages of Segment and RudderStack, which the key is not for",
			"add segment to endpoints, or leave them out")
	case strings.TrimSpace(k.GroupType) != k.GroupType:
		return mistake("group_type has blanks around it", "")
	}
	return nil
}

func (k *Key) segment() segment.Settings {
	return segment.Settings{IdentifiedOnly: k.IdentifiedOnly, GroupType: k.GroupType, KeepContext: k.KeepContext}
}
