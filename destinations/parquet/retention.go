package parquet

import (
	"slices"
	"strings"
	"time"
)

// expired reports whether all that a partition can hold is past the retention.
func (l *Lake) expired(partition string) bool {
	if l.config.Retention == 0 {
		return false
	}
	_, text, _ := strings.Cut(partition, "/")
	by, text, _ := strings.Cut(text, "=")
	var end time.Time
	switch Partition(by) {
	case Day:
		day, err := time.Parse("2006-01-02", text)
		if err != nil {
			return false // a year that no calendar has
		}
		end = day.AddDate(0, 0, 1)
	case Month:
		month, err := time.Parse("2006-01", text)
		if err != nil {
			return false
		}
		end = month.AddDate(0, 1, 0)
	}
	return !end.IsZero() && !end.After(l.now().Add(-l.config.Retention))
}

// expire lets go of the files of partitions that are past the retention, and reports whether there were any.
func (l *Lake) expire(m *manifest) bool {
	before := len(m.Files)
	m.Files = slices.DeleteFunc(m.Files, func(f file) bool {
		if !l.expired(f.Partition) {
			return false
		}
		m.Absorbed = append(m.Absorbed, absorbed{f.Name, l.now().UTC()})
		return true
	})
	return len(m.Files) != before
}
