package parquet

import (
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

var trafficFrom = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

// BenchmarkSend is a full piece, synced to disk; an op is an event.
func BenchmarkSend(b *testing.B) {
	const batch = 10_000
	events := pipelinetest.NewTraffic(trafficFrom).Events(b, batch)
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
	s := pipelinetest.NewTraffic(trafficFrom)
	for n := 0; n < b.N; n += batch {
		if err := l.Send(b.Context(), s.Events(b, min(batch, b.N-n))); err != nil {
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
