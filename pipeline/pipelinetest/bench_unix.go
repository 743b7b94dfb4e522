//go:build unix

package pipelinetest

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// CPUTime is the processor time that this process has used on all cores. It tells more than the clock on a machine that others use too.
func CPUTime(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Meter adds up processor time, here and at a store's server.
type Meter struct {
	Server func() time.Duration // what the server has used; nil for a store in this process

	here, there           time.Duration
	beganHere, beganThere time.Duration
}

// Start begins a part that counts.
func (m *Meter) Start(b *testing.B) {
	b.Helper()
	m.beganHere, m.beganThere = CPUTime(b), m.server()
}

// Stop ends it.
func (m *Meter) Stop(b *testing.B) {
	b.Helper()
	m.here += CPUTime(b) - m.beganHere
	m.there += m.server() - m.beganThere
}

// Add adds what another process has used that counts as this one.
func (m *Meter) Add(used time.Duration) { m.here += used }

func (m *Meter) server() time.Duration {
	if m.Server == nil {
		return 0
	}
	return m.Server()
}

// Report reports n things a second of the benchmark's time, and what each took of the processors.
func (m *Meter) Report(b *testing.B, n int, thing string) {
	b.Helper()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), thing+"s/s")
	b.ReportMetric(float64(m.here.Microseconds())/float64(n), "cpu-us/"+thing)
	if m.Server != nil {
		b.ReportMetric(float64(m.there.Microseconds())/float64(n), "server-cpu-us/"+thing)
	}
}

// The records of BenchmarkMerge.
const (
	mergeRecords = 1_000_000
	mergeLoad    = 10_000
)

// BenchmarkMerge merges a million new records of 20 fields into an empty warehouse, in loads of 10,000, and then new states of one in five of
// them. An operation is all of that; the rate counts both.
func BenchmarkMerge(b *testing.B, open func() pipeline.Warehouse, server func() time.Duration) {
	m := Meter{Server: server}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		w := open()
		for from := 0; from < mergeRecords*6/5; from += mergeLoad {
			first, version := from, int64(1)
			if from >= mergeRecords { // every fifth load of those before once more
				first, version = 5*(from-mergeRecords), 2
			}
			load := Invoices(first, version)
			b.StartTimer()
			m.Start(b)
			_, err := w.Merge(b.Context(), load)
			m.Stop(b)
			b.StopTimer()
			if err != nil {
				b.Fatal(err)
			}
		}
		if c, ok := w.(pipeline.Closer); ok {
			if err := c.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
	}
	m.Report(b, b.N*mergeRecords*6/5, "record")
}

// Invoices is a load of 10,000 records with 20 fields each: those from a number on, in a version.
func Invoices(from int, version int64) pipeline.Load {
	l := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(`{"page":1}`)}
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)
	for n := from; n < from+mergeLoad; n++ {
		data := fmt.Appendf(nil, `{"id":"in_%d","amount":%d,"version":%d,"lines":{"data":[{"id":"il_1"}]}`, n, n*100, version)
		for f := range 16 {
			data = fmt.Appendf(data, `,"field_%d":"value %d"`, f, n)
		}
		l.Records = append(l.Records, pipeline.Record{Stream: "invoices", Key: fmt.Sprintf("in_%d", n), Version: version, At: at, Data: append(data, '}')})
	}
	return l
}
