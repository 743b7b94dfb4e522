package pipeline

import (
	"testing"
	"time"
)

// TestAppendTime compares with the general way, in other zones and years too.
func TestAppendTime(t *testing.T) {
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	for _, in := range []time.Time{
		at, at.Add(123 * time.Millisecond), at.Add(999999999), at.Add(1), at.In(time.FixedZone("", 5400)), {}, at.AddDate(8000, 0, 0), at.AddDate(-2000, 0, 0),
		time.Unix(0, 0), time.Unix(-1, 5e6),
	} {
		if got, want := string(AppendTime([]byte("at "), in)), "at "+in.UTC().Format(TimeFormat); got != want {
			t.Errorf("%v\n got %s\nwant %s", in, got, want)
		}
	}
}
