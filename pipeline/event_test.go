package pipeline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

const line = `{"uuid":"0198c5a0-0000-7000-8000-000000000001","event":"purchase","distinct_id":"u\u00e9","timestamp":"2026-08-20T10:00:00.123Z","received_at":"2026-08-20T10:00:01.000Z","source":"web","properties":{"amount":12.50,"big":12345678901234567890}}`

func TestEventRoundTrip(t *testing.T) {
	e, err := pipeline.ParseEvent([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "purchase" || e.DistinctID != "ué" || e.Source != "web" || !e.Timestamp.Equal(time.Date(2026, 8, 20, 10, 0, 0, 123e6, time.UTC)) {
		t.Errorf("decoded envelope is %+v", e)
	}
	if got := string(e.AppendJSON(nil)); got != line {
		t.Errorf("an untouched event is not copied byte for byte\n got %s\nwant %s", got, line)
	}
}

func TestEventChanges(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*pipeline.Event)
		want   string
	}{
		"name":        {func(e *pipeline.Event) { e.Name = "sale" }, `"event":"sale"`},
		"distinct id": {func(e *pipeline.Event) { e.DistinctID = "v\n" }, `"distinct_id":"v\n"`},
		"time":        {func(e *pipeline.Event) { e.Timestamp = e.Timestamp.Add(time.Millisecond) }, `"timestamp":"2026-08-20T10:00:00.124Z"`},
		"set":         {func(e *pipeline.Event) { e.Properties = e.Properties.Set([]byte(`true`), "a", "b") }, `"properties":{"amount":12.50,"big":12345678901234567890,"a":{"b":true}}`},
		"delete":      {func(e *pipeline.Event) { e.Properties = e.Properties.Delete("amount") }, `"properties":{"big":12345678901234567890}`},
		"same length": {func(e *pipeline.Event) { e.Properties = e.Properties.Set([]byte(`12.51`), "amount") }, `"amount":12.51`},
		"newlines":    {func(e *pipeline.Event) { e.Properties = pipeline.Properties("{\n\"a\":\r\n1}") }, `"properties":{ "a":  1}}`},
		"none":        {func(e *pipeline.Event) { e.Properties = nil }, `"properties":{}}`},
	} {
		e, err := pipeline.ParseEvent([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		c.change(&e)
		got := string(e.AppendJSON(nil))
		if !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s\n got %s\nwant in it %s", name, got, c.want)
		}
		again, err := pipeline.ParseEvent([]byte(got))
		if err != nil || string(again.AppendJSON(nil)) != got {
			t.Errorf("%s: the new line does not round-trip: %v", name, err)
		}
	}
}

// TestChangedProperties changes the properties alone: everything around them stays as it was spelled, and the last of the same keys counts.
func TestChangedProperties(t *testing.T) {
	const uuid = `"uuid":"0198c5a0-0000-7000-8000-000000000001"`
	for _, c := range [][2]string{
		{`{` + uuid + `,"event":"a\u0062","distinct_id":"d", "timestamp":"2026-08-20T12:00:00+02:00","new":[1], "properties" : {"a":1} , "more":{}}`, ` : {"a":1,"b":2} , "more":{}}`},
		{`{"properties":{"a":1},` + uuid + `,"event":"e","distinct_id":"d","properties":{}}`, `{"properties":{"a":1},` + uuid + `,"event":"e","distinct_id":"d","properties":{"b":2}}`},
		{`{` + uuid + `,"event":"e","distinct_id":"d"}`, `"properties":{"b":2}}`},
	} {
		raw := append([]byte(c[0]), "\nthe next line"...)
		e, err := pipeline.ParseEvent(raw[:len(c[0])])
		if err != nil {
			t.Fatal(err)
		}
		e.Properties = e.Properties.Set([]byte(`2`), "b")
		got := string(e.AppendJSON([]byte("before ")))
		if !strings.HasPrefix(got, "before {") || !strings.HasSuffix(got, c[1]) || strings.Contains(got, "next line") {
			t.Errorf("%s\n got %s\nwant the end %s", c[0], got, c[1])
		}
		if head, _, ok := strings.Cut(c[0], ` : {"a":1} `); ok && !strings.HasPrefix(got, "before "+head) {
			t.Errorf("%s\n got %s\nwant its head as it was", c[0], got)
		}
		again, err := pipeline.ParseEvent([]byte(strings.TrimPrefix(got, "before ")))
		if err != nil || again.Name != e.Name || !again.Timestamp.Equal(e.Timestamp) || string(again.Properties) != string(e.Properties) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", got, again, err, e)
		}
	}
}

func TestSizeFollowsChanges(t *testing.T) {
	e, err := pipeline.ParseEvent([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if e.Size() != len(line) {
		t.Errorf("size of an untouched event\n got %d\nwant %d", e.Size(), len(line))
	}
	e.Properties = e.Properties.Set([]byte(`"`+strings.Repeat("x", 10_000)+`"`), "pad")
	if size, real := e.Size(), len(e.AppendJSON(nil)); size < real-100 || size > real+100 {
		t.Errorf("size of an event that has grown\n got %d\nwant about %d", size, real)
	}
}

func TestParseEventErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                         "want an object with uuid, event and distinct_id",
		`[]`:                       "want an object with",
		`{"uuid":"x","event":"a"}`: "want an object with",
		strings.Replace(line, "2026-08-20T10:00:00.123Z", "yesterday", 1): `timestamp: want an RFC 3339 time, got "yesterday"`,
		strings.Replace(line, `{"amount"`, `[{"amount"`, 1):               "properties: want an object",
	} {
		if _, err := pipeline.ParseEvent([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseEvent(%.60q)\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	cause := errors.New("cause")
	wrapped := fmt.Errorf("slack: %w", pipeline.Permanent(cause))
	if !pipeline.IsPermanent(wrapped) || !errors.Is(wrapped, cause) || pipeline.IsPermanent(cause) {
		t.Error("Permanent is lost or invented by wrapping")
	}
	if d, ok := pipeline.RetryDelay(fmt.Errorf("x: %w", pipeline.RetryAfter(cause, time.Minute))); !ok || d != time.Minute {
		t.Errorf("RetryDelay\n got %v %v\nwant 1m true", d, ok)
	}
	if pipeline.Permanent(nil) != nil || pipeline.RetryAfter(nil, 1) != nil {
		t.Error("marking nil makes an error")
	}
	errs := pipeline.EventErrors(fmt.Errorf("x: %w", &pipeline.BatchError{Failed: map[int]error{1: cause, 9: cause}}), 3)
	if errs[0] != nil || !errors.Is(errs[1], cause) || errs[2] != nil {
		t.Errorf("EventErrors of a BatchError\n got %v", errs)
	}
	for _, err := range pipeline.EventErrors(cause, 2) {
		if !errors.Is(err, cause) {
			t.Errorf("EventErrors of a plain error\n got %v", err)
		}
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	s := pipeline.Secret("hunter2")
	for _, format := range []string{"%v", "%s", "%q", "%+v", "%#v", "%d", "%x"} {
		if got := fmt.Sprintf(format, s); strings.Contains(got, "hunter2") || strings.Contains(got, "68756e74657232") {
			t.Errorf("%s shows the secret: %s", format, got)
		}
		if got := fmt.Sprintf(format, struct{ K pipeline.Secret }{s}); strings.Contains(got, "hunter2") || strings.Contains(got, "68756e74657232") {
			t.Errorf("%s of a struct shows the secret: %s", format, got)
		}
	}
}

func TestCodeAt(t *testing.T) {
	c := pipeline.Code{Text: "é == 1\nand x", Pos: pipeline.Pos{File: "f", Line: 3, Col: 10}, Indent: 4}
	for offset, want := range map[int]string{0: "f:3:10", 2: "f:3:11", 8: "f:4:5", 12: "f:4:9", 99: "f:4:10", -1: "f:3:10"} {
		if got := c.At(offset).String(); got != want {
			t.Errorf("At(%d)\n got %s\nwant %s", offset, got, want)
		}
	}
}

func BenchmarkEvent(b *testing.B) {
	raw := []byte(line)
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := pipeline.ParseEvent(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	e, _ := pipeline.ParseEvent(raw)
	var buf []byte
	b.Run("copy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = e.AppendJSON(buf[:0])
		}
	})
	e.Name = "sale"
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = e.AppendJSON(buf[:0])
		}
	})
}

// LineReader reads what ParseEvent reads, and refuses what is not JSON all the way.
func TestLineReader(t *testing.T) {
	var check pipeline.LineReader
	line := []byte(`{"uuid":"u","event":"e","distinct_id":"d","timestamp":"2026-08-20T10:00:00.000Z","more":[1],"properties":{"a":"b"}}`)
	want, err := pipeline.ParseEvent(line)
	if err != nil {
		t.Fatal(err)
	}
	got, err := check.Event(line)
	if err != nil || !got.Timestamp.Equal(want.Timestamp) || got.UUID+got.Name+got.DistinctID != "ued" || string(got.Properties) != string(want.Properties) || string(got.AppendJSON(nil)) != string(line) {
		t.Errorf("\n got %+v, %v\nwant %+v", got, err, want)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = check.Event(line) }); n > 0 {
		t.Errorf("it allocates %v times", n)
	}
	if _, err := check.Event(line[:len(line)-2]); !errors.Is(err, pipeline.ErrNotJSON) {
		t.Errorf("a line that is cut off\n got %v\nwant %v", err, pipeline.ErrNotJSON)
	}
	if _, err := check.Event([]byte(`{"event":"e"}`)); err == nil || errors.Is(err, pipeline.ErrNotJSON) {
		t.Errorf("an object that is no event\n got %v\nwant what it lacks", err)
	}
}
