package main

import (
	"fmt"
	"math"
	"time"

	"github.com/prickle-dev/prickle/configs"
)

// whenForms is for the help of flags that take a time.
const whenForms = "a `time`: 2026-08-20T10:00:00Z, 2026-08-20 (midnight in UTC), or how long ago, such as 24h or 7d"

// checkRate refuses what is no rate of the things.
func checkRate(rate float64, things string) error {
	if rate >= 0 && !math.IsInf(rate, 1) {
		return nil
	}
	return fmt.Errorf("--rate: want a number of %s a second, or 0 for no limit, got %v", things, rate)
}

// parseWhen reads a time as the user gives it; "" is the zero time. What has no zone is in UTC.
func parseWhen(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	if d, ok := configs.ParseDuration(text); ok {
		return now.Add(-d).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("--%s %q: want a time such as 2026-08-20T10:00:00Z, a date such as 2026-08-20, or how long ago, such as 24h or 7d", flag, text)
}
