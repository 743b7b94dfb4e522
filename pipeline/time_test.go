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

// TestParseTime compares the short way to read times with the general one: both read the same texts, and to the same times.
func TestParseTime(t *testing.T) {
	for _, text := range []string{
		"2026-08-20T10:00:00.123Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2024-02-29T00:00:00.001Z", "2023-02-29T00:00:00.000Z",
		"2026-04-31T00:00:00.000Z", "2026-00-10T00:00:00.000Z", "2026-13-10T00:00:00.000Z", "2026-01-00T00:00:00.000Z", "2026-01-32T00:00:00.000Z",
		"2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z", "2026-08-20t10:00:00.123Z", "2026-08-20T10:00:00,123Z",
		"2026-08-20T10:00:00.123z", "2026-08-20T10:00:00.12Z", "2026-08-20T10:00:00Z", "2026-08-20T10:00:00+02:00", "2026-08-20T10:00:00.1-05:00", "2026x08-20T10:00:00.123Z",
		"+026-08-20T10:00:00.123Z", "2026-08-20T1a:00:00.123Z", "",
	} {
		want, wantErr := time.Parse(time.RFC3339Nano, text)
		got, err := parseTime("t", []byte(`"`+text+`"`), nil)
		if (err != nil) != (wantErr != nil) || err == nil && got != want.UTC() {
			t.Errorf("%s\n got %v, %v\nwant %v, %v", text, got, err, want.UTC(), wantErr)
		}
		if short, ok := parseFormat(text); ok && (wantErr != nil || short != want.UTC()) {
			t.Errorf("%s, the short way\n got %v\nwant %v, %v", text, short, want.UTC(), wantErr)
		}
	}
	if _, ok := parseFormat("2026-08-20T10:00:00.123Z"); !ok {
		t.Error("what AppendTime writes is not read the short way")
	}
}
