//go:build unix

package warehouse

import (
	"testing"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// BenchmarkRecords does what every store does with a load before it writes.
func BenchmarkRecords(b *testing.B) {
	load := pipelinetest.Invoices(0, 1)
	b.ReportAllocs()
	cpu := pipelinetest.Meter{}
	cpu.Start(b)
	for b.Loop() {
		states := Reduce(load.Records)
		var t Table
		t.Fit(nil, states)
		for i := range states {
			t.Cells(&states[i], func(int, string) {})
		}
	}
	cpu.Stop(b)
	cpu.Report(b, b.N*len(load.Records), "record")
}
