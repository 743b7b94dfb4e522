package parquet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

// benchEvents are n events of about 600 bytes with 18 properties.
func benchEvents(n int) []pipeline.Event {
	events := make([]pipeline.Event, n)
	for i := range events {
		at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond)
		text := fmt.Sprintf(`{"$lib":"web","$lib_version":"1.2.%d","$browser":"Chrome","$os":"Mac OS X","$device_type":"Desktop","$host":"shop.example","$pathname":"/p/%d",`+
			`"$session_id":"%s","$current_url":"https://shop.example/p/%d?ref=%d","utm_source":"news","utm_campaign":"august","plan":"pro","amount":%d.5,"currency":"eur","items":%d,"cart":"%x","note":"%s","first":%t}`,
			i%9, i%500, uuid.NewString(), i%500, i, i%1000, i%7, i*7919, strings.Repeat("lorem ipsum ", 6), i%2 == 0)
		events[i] = pipeline.Event{UUID: uuid.NewString(), Name: "purchase", DistinctID: fmt.Sprintf("user-%d", i%5000), Source: "web", Timestamp: at, ReceivedAt: at, Properties: pipeline.Properties(text)}
	}
	return events
}

// BenchmarkSend is a full piece, synced to disk; an op is an event.
func BenchmarkSend(b *testing.B) {
	const batch = 10_000
	events := benchEvents(batch)
	l := New(Config{Path: b.TempDir(), Partition: Day, File: FileConfig{Bytes: 128 << 20, Every: time.Hour}}, pipeline.Env{})
	if err := l.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	size := 0
	for i := range events {
		size += events[i].Size()
	}
	b.SetBytes(int64(size / batch))
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += batch {
		if err := l.Send(b.Context(), events[:min(batch, b.N-n)]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkCompact puts pieces of 10,000 events together; an op is an event.
func BenchmarkCompact(b *testing.B) {
	const batch = 10_000
	l := New(Config{Path: b.TempDir(), Partition: Day, File: FileConfig{Bytes: 128 << 20, Every: time.Hour}}, pipeline.Env{})
	if err := l.Open(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for n := 0; n < b.N; n += batch {
		if err := l.Send(b.Context(), benchEvents(min(batch, b.N-n))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := l.Compact(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
