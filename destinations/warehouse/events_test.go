package warehouse

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

func TestEventRowRefuses(t *testing.T) {
	for name, change := range map[string]func(*pipeline.Event){
		"no uuid":         func(e *pipeline.Event) { e.UUID = "order-17" },
		"another form":    func(e *pipeline.Event) { e.UUID = "urn:uuid:" + e.UUID },
		"without dashes":  func(e *pipeline.Event) { e.UUID = strings.ReplaceAll(e.UUID, "-", "") },
		"36 other bytes":  func(e *pipeline.Event) { e.UUID = strings.Repeat("x", 36) },
		"far future":      func(e *pipeline.Event) { e.Timestamp = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"before the era":  func(e *pipeline.Event) { e.ReceivedAt = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) },
		"nothing (works)": func(*pipeline.Event) {},
	} {
		e := pipelinetest.Event(1)
		change(&e)
		var r EventRow
		if err := r.Set(&e, 1); (err == nil) != strings.Contains(name, "works") {
			t.Errorf("%s\n got %v", name, err)
		}
	}
}

// TestEventRowReused wants nothing of the row before in the next one.
func TestEventRowReused(t *testing.T) {
	full, empty := pipelinetest.Event(1), pipelinetest.Event(2)
	full.Properties = pipeline.Properties(`{"$browser":"x","$groups":{"a":"b"}}`)
	empty.Properties = nil
	var r EventRow
	for _, e := range []*pipeline.Event{&full, &empty} {
		if err := r.Set(e, 1); err != nil {
			t.Fatal(err)
		}
	}
	if r.Extracted != [numExtracted]string{} || string(r.Groups) != "{}" || string(r.Properties) != "{}" {
		t.Errorf("row\n got %+v\nwant that of an event without properties", r)
	}
}

// TestExtractedOnce has every property and column named once, and as many as a row has room for.
func TestExtractedOnce(t *testing.T) {
	columns := map[string]bool{}
	for _, e := range Extracted {
		columns[e.Column] = true
	}
	if len(Extracted) != numExtracted || len(columns) != numExtracted || len(extractedAt) != numExtracted {
		t.Errorf("extracted columns\n got %d, of which %d columns and %d properties differ\nwant %d", len(Extracted), len(columns), len(extractedAt), numExtracted)
	}
}

func FuzzEventRow(f *testing.F) {
	f.Add([]byte(`{"$browser":"Firefox","$os":1,"$groups":{"a":"b"},"$host":"\ud83d"}`))
	f.Add([]byte(`{"$browser":"` + strings.Repeat("ü", 1000) + `"}`))
	f.Add([]byte(`{"$groups":`))
	f.Fuzz(func(t *testing.T, properties []byte) {
		e := pipelinetest.Event(1)
		e.Properties = properties
		var r EventRow
		if err := r.Set(&e, 1); err != nil {
			t.Fatal(err)
		}
		for i, text := range r.Extracted {
			if !utf8.ValidString(text) || len(text) > longestExtracted {
				t.Errorf("%s\n got %q\nwant valid text of at most %d bytes", Extracted[i].Column, text, longestExtracted)
			}
		}
	})
}

func BenchmarkEventRow(b *testing.B) {
	e := pipelinetest.Event(1)
	e.Properties = pipeline.Properties(`{"$current_url":"https://example.com/products/17?ref=ab","$browser":"Chrome","$browser_version":120,"$os":"Mac OS X",` +
		`"$session_id":"0198-76","$window_id":"0198-77","$screen_width":1440,"$lib":"web","$lib_version":"1.2.0","$host":"example.com",` +
		`"amount":17.50,"currency":"EUR","plan":"professional","items":[{"sku":"A-1","quantity":2},{"sku":"B-2","quantity":1}],"referrer":"https://www.example.org/"}`)
	b.ReportAllocs()
	var r EventRow
	for b.Loop() {
		if err := r.Set(&e, 1); err != nil {
			b.Fatal(err)
		}
	}
}
