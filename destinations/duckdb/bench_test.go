//go:build unix

package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// BenchmarkSend sends batches of 5,000 events one after the other, to an empty table and to one that holds two million events of the last
// two days, the worst case for the search for duplicates.
func BenchmarkSend(b *testing.B) {
	for _, bench := range []struct {
		name    string
		rows    int
		ordered bool
		late    int
	}{
		{"empty", 0, true, 0},
		{"2M rows/uuid v7", 2_000_000, true, 0},
		{"2M rows/uuid v4", 2_000_000, false, 0},
		{"2M rows/uuid v4/late", 2_000_000, false, 100},
	} {
		b.Run(bench.name, func(b *testing.B) {
			const size = 5000
			path := filepath.Join(b.TempDir(), "warehouse.duckdb")
			w := open(b, path)
			defer closed(b, w)
			s := pipelinetest.NewTraffic(time.Now().Add(-time.Duration(bench.rows) * 100 * time.Microsecond))
			s.Random, s.Late = !bench.ordered, bench.late
			for n := 0; n < bench.rows; n += 50_000 {
				mustSend(b, w, s.Events(b, 50_000))
			}
			b.ReportAllocs()
			bytes, longest, cpu := 0, time.Duration(0), pipelinetest.Meter{}
			for b.Loop() {
				b.StopTimer()
				events := s.Events(b, size)
				for i := range events {
					bytes += events[i].Size()
				}
				b.StartTimer()
				began := time.Now()
				cpu.Start(b)
				mustSend(b, w, events)
				longest = max(longest, time.Since(began))
				cpu.Stop(b)
			}
			cpu.Report(b, b.N*size, "event")
			b.ReportMetric(float64(bytes)/float64(b.N*size), "bytes/event")
			b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
			b.ReportMetric(peakRSS(b), "peak-MB")
		})
	}
}

func mustSend(b *testing.B, w *Warehouse, events []pipeline.Event) {
	b.Helper()
	if err := w.Send(context.Background(), events); err != nil {
		b.Fatal(err)
	}
}

// peakRSS is the most memory that the process has had so far, all benchmarks before included; 0 where the system does not tell.
func peakRSS(b *testing.B) float64 {
	b.Helper()
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kb); err == nil {
			return kb / 1024
		}
	}
	return 0
}

func BenchmarkMerge(b *testing.B) {
	pipelinetest.BenchmarkMerge(b, func() pipeline.Warehouse { return open(b, filepath.Join(b.TempDir(), "warehouse.duckdb")) }, nil)
}
