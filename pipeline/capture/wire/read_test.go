package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		`"2026-03-01T11:00:00.123Z"`:       "2026-03-01T11:00:00.123Z",
		`"2026-03-01T11:00:00.123456789Z"`: "2026-03-01T11:00:00.123456789Z",
		`"2026-03-01T11:00:00.5+02:00"`:    "2026-03-01T09:00:00.5Z",
		`"2026-03-01T11:00:00+0200"`:       "2026-03-01T09:00:00Z",
		`"2026-03-01T11:00:00-07"`:         "2026-03-01T18:00:00Z",
		`"2026-03-01 11:00:00+02:00"`:      "2026-03-01T09:00:00Z",
		`"2026-03-01 11:00:00.25"`:         "2026-03-01T11:00:00.25Z",
		`"2026-03-01T11:00:00"`:            "2026-03-01T11:00:00Z",
		`"2026-03-01T11:00"`:               "2026-03-01T11:00:00Z",
		`" 2026-03-01 "`:                   "2026-03-01T00:00:00Z",
		`"2026/03/01 11:00:00"`:            "2026-03-01T11:00:00Z",
		`"03/01/2026"`:                     "2026-03-01T00:00:00Z",
		`"3/1/2026 9:05"`:                  "2026-03-01T09:05:00Z",
		`"Sun, 1 Mar 2026 11:00:00 +0200"`: "2026-03-01T09:00:00Z",
		`"Sun, 01 Mar 2026 11:00:00 GMT"`:  "2026-03-01T11:00:00Z",
		`"1772362800"`:                     "2026-03-01T11:00:00Z",
		`"1772362800123"`:                  "2026-03-01T11:00:00.123Z",
		`1772362800.5`:                     "2026-03-01T11:00:00.5Z",
		`1772362800123`:                    "2026-03-01T11:00:00.123Z",
		`"2026-03-01T11:00:00 PST"`:        "",
		`"yesterday"`:                      "",
		`"2026-13-01"`:                     "",
		`""`:                               "",
		`"NaN"`:                            "",
		`"1e300"`:                          "",
		`null`:                             "",
		`true`:                             "",
		`{}`:                               "",
		``:                                 "",
	} {
		got, ok := ParseTime([]byte(text))
		if formatted := got.Format(time.RFC3339Nano); ok != (want != "") || ok && formatted != want {
			t.Errorf("%s\n  got  %s, %v\n  want %s", text, formatted, ok, want)
		}
	}
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	slow := Clock{Now: now, Sent: now.Add(-10 * time.Minute)}
	if got, want := slow.Correct(now.Add(-11*time.Minute)), now.Add(-time.Minute); !got.Equal(want) {
		t.Errorf("correct\n  got  %s\n  want %s", got, want)
	}
	for at, want := range map[time.Time]time.Time{
		now.Add(23 * time.Hour):                     now.Add(23 * time.Hour),
		now.Add(23*time.Hour + 1):                   now,
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC):    time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(-1, 12, 31, 0, 0, 0, 0, time.UTC): time.Unix(0, 0).UTC(),
	} {
		if got := slow.Bound(at); !got.Equal(want) {
			t.Errorf("bound %s\n  got  %s\n  want %s", at, got, want)
		}
	}
}

// A long list or object is not taken apart for an id that is cut anyhow.
func TestLongIDIsCheap(t *testing.T) {
	for _, part := range []string{`{"":1},`, `[[]],`, `"é",`} {
		value := []byte("[" + strings.Repeat(part, 1<<17) + "0]")
		if n := testing.AllocsPerRun(3, func() { FullID(value) }); n > 10 {
			t.Errorf("%s: %v allocations", part, n)
		}
		if id := DistinctID(value); len([]rune(id)) != MaxNameLength || !utf8.ValidString(id) {
			t.Errorf("%s: the id is %q", part, id)
		}
	}
}

func TestDistinctID(t *testing.T) {
	for value, want := range map[string]string{
		`"u1"`:                               "u1",
		`" u1 "`:                             " u1 ",
		`" \t\u2003"`:                        "",
		`""`:                                 "",
		`null`:                               "",
		``:                                   "",
		`23`:                                 "23",
		`23.40`:                              "23.40",
		`123456789012345678901`:              "123456789012345678901",
		`true`:                               "true",
		`[ "a" , 1.0 ]`:                      `["a",1.0]`,
		`{"b": "<", "a": [null]}`:            `{"a":[null],"b":"<"}`,
		`"` + strings.Repeat("é", 201) + `"`: strings.Repeat("é", 200),
		`"` + strings.Repeat("x", 200) + `"`: strings.Repeat("x", 200),
	} {
		if got := DistinctID([]byte(value)); got != want {
			t.Errorf("%s\n  got  %q\n  want %q", value, got, want)
		}
	}
}

func TestUUID(t *testing.T) {
	const canonical = "0196b2d0-0000-7000-8000-00000000000a"
	for text, want := range map[string]string{
		canonical:                                       canonical,
		"0196B2D0-0000-7000-8000-00000000000A":          canonical,
		"0196b2d00000700080000000000000" + "0a":         canonical,
		"{0196b2d0-0000-7000-8000-00000000000a}":        canonical,
		"urn:uuid:0196b2d0-0000-7000-8000-00000000000a": canonical,
		"0196b2d0-0000-7000-8000-00000000000":           "",
		"g196b2d0-0000-7000-8000-00000000000a":          "",
		"":                                              "",
	} {
		if got, _ := UUID(text); got != want {
			t.Errorf("%q\n  got  %q\n  want %q", text, got, want)
		}
	}
}

func TestMerging(t *testing.T) {
	for _, test := range []struct{ base, over, want string }{
		{`{"a":1,"b":1}`, `{"b":2,"c":2}`, `{"a":1,"b":2,"c":2}`},
		{`{"b":1,"a":1}`, `{}`, `{"b":1,"a":1}`},
		{`{}`, `{"a":1}`, `{"a":1}`},
		{`{"a":1}`, `{"\u0061":2}`, `{"a":2}`},
		{`null`, `{"a":{"b":[1, 2]}}`, `{"a":{"b":[1,2]}}`},
		{`[1]`, `7`, `{}`},
	} {
		var got, want any
		text := AppendMerged(nil, []byte(test.base), []byte(test.over))
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s under %s\n  got  %s\n  want %s", test.base, test.over, text, test.want)
		}
	}
	if got, want := string(AppendKeyUnion(nil, []byte(`{"a":1,"b":2}`), []byte(`["c",4,"d"]`), nil, []byte(`"x"`))), `["a","b","c","d"]`; got != want {
		t.Errorf("key union\n  got  %s\n  want %s", got, want)
	}
}

// Merging must not take time that grows with the product of both sizes.
func TestMergingIsLinear(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"x":1`)
	for i := range 60_000 {
		b.WriteString(`,"` + strings.Repeat("k", 1+i%7) + time.Duration(i).String() + `":1`)
	}
	object := []byte(b.String() + "}")
	start := time.Now()
	merged := AppendMerged(nil, object, object)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("merging two objects of 60,000 members took %s", took)
	}
	n := 0
	for range rawjson.Members(merged) {
		n++
	}
	if n != 60_001 {
		t.Errorf("got %d members, want 60001", n)
	}
}

// A scratch that is used again must not change events that were handed out before and copied since, and must not keep huge buffers.
func TestScratchLetsGoOfHugeBuffers(t *testing.T) {
	s := new(Scratch)
	if _, err := s.ReadBody(strings.NewReader(strings.Repeat("x", 3<<20)), -1, 4<<20); err != nil {
		t.Fatal(err)
	}
	s.Reset()
	if cap(s.body) > keepBytes {
		t.Errorf("kept a buffer of %d bytes", cap(s.body))
	}
}
