//go:build unix

package postgres

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

// benchServer is a server that syncs what it commits, as a real one does.
func benchServer(b *testing.B) *postgres.Server {
	b.Helper()
	if os.Getenv("PRICKLE_TEST_POSTGRES") != "" {
		return postgres.Shared(b)
	}
	return postgres.Start(b, "fsync=on", "shared_buffers=256MB", "max_wal_size=2GB")
}

// BenchmarkSend sends 5,000 events a call from four lanes at once, which share transactions.
func BenchmarkSend(b *testing.B) {
	for _, bench := range []struct {
		name    string
		ordered bool
	}{{"uuid v7", true}, {"uuid v4", false}} {
		b.Run(bench.name, func(b *testing.B) {
			const size, lanes = 5000, 4
			server := benchServer(b)
			w := open(b, server.Database(b))
			defer closed(b, w)
			cpu := pipelinetest.Meter{Server: server.CPU}
			s := pipelinetest.NewTraffic(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))
			s.Random = !bench.ordered
			bytes := 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				var batches [lanes][]pipeline.Event
				for lane := range batches {
					batches[lane] = s.Events(b, size)
					for i := range batches[lane] {
						bytes += batches[lane][i].Size()
					}
				}
				b.StartTimer()
				cpu.Start(b)
				var all sync.WaitGroup
				for _, events := range batches {
					all.Go(func() {
						if err := w.Send(context.Background(), events); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
				cpu.Stop(b)
			}
			cpu.Report(b, b.N*size*lanes, "event")
			b.ReportMetric(float64(bytes)/float64(b.N*size*lanes), "bytes/event")
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	server := benchServer(b)
	pipelinetest.BenchmarkMerge(b, func() pipeline.Warehouse { return open(b, server.Database(b)) }, server.CPU)
}
