//go:build unix

package duckdb

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// eventSource makes events of about 600 bytes a line with UUIDs that nothing else has, one every 100 microseconds of event time.
type eventSource struct {
	rand    *rand.Rand
	ordered bool // UUIDs of version 7; otherwise 4, which tell nothing about where a duplicate could be
	late    int  // every so manieth event is up to 30 days late; 0 is none
	at      time.Time
	n       int
}

func (s *eventSource) batch(size int) []pipeline.Event {
	events := make([]pipeline.Event, size)
	for i := range events {
		s.n++
		s.at = s.at.Add(100 * time.Microsecond)
		at := s.at
		if s.late > 0 && s.n%s.late == 0 {
			at = at.Add(-time.Duration(s.rand.IntN(30*24)) * time.Hour)
		}
		events[i] = pipeline.Event{
			UUID: s.uuid(at), Name: []string{"$pageview", "$autocapture", "purchase"}[s.rand.IntN(3)],
			DistinctID: fmt.Sprintf("user-%06d", s.rand.IntN(100_000)), Source: "web", Timestamp: at, ReceivedAt: s.at,
			Properties: s.properties(),
		}
	}
	return events
}

func (s *eventSource) properties() pipeline.Properties {
	return fmt.Appendf(nil, `{"$current_url":"https://example.com/products/%d?ref=%x","$browser":"Chrome","$browser_version":%d,"$os":"Mac OS X",`+
		`"$session_id":"%x-%x","$window_id":"%x","$screen_width":%d,"$lib":"web","$lib_version":"1.%d.0","$host":"example.com",`+
		`"amount":%d.%02d,"currency":"EUR","plan":"professional","items":[{"sku":"A-%d","quantity":%d},{"sku":"B-%d","quantity":1}],"referrer":"https://www.example.org/"}`,
		s.rand.IntN(1e4), s.rand.Uint32(), 100+s.rand.IntN(30), s.rand.Uint64(), s.rand.Uint32(), s.rand.Uint64(), 1000+s.rand.IntN(2000),
		s.rand.IntN(300), s.rand.IntN(500), s.rand.IntN(100), s.rand.IntN(1e5), 1+s.rand.IntN(9), s.rand.IntN(1e5))
}

func (s *eventSource) uuid(at time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], s.rand.Uint64()&^0xF000|0x4000)
	if s.ordered {
		binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMilli())<<16|0x7000|uint64(s.rand.IntN(4096)))
	}
	binary.BigEndian.PutUint64(b[8:], s.rand.Uint64()>>2|1<<63)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

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
			s := &eventSource{rand: rand.New(rand.NewPCG(1, 2)), ordered: bench.ordered, late: bench.late}
			s.at = time.Now().Add(-time.Duration(bench.rows) * 100 * time.Microsecond)
			for n := 0; n < bench.rows; n += 50_000 {
				mustSend(b, w, s.batch(50_000))
			}
			b.ReportAllocs()
			bytes, longest, cpu := 0, time.Duration(0), time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				events := s.batch(size)
				for i := range events {
					bytes += events[i].Size()
				}
				b.StartTimer()
				began, cpuBegan := time.Now(), cpuTime(b)
				mustSend(b, w, events)
				longest = max(longest, time.Since(began))
				cpu += cpuTime(b) - cpuBegan
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(bytes)/float64(b.N*size), "bytes/event")
			b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
			b.ReportMetric(float64(cpu.Microseconds())/float64(b.N*size), "cpu-us/event")
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

// cpuTime is the processor time that the process has used on all cores. It tells more than the clock on a machine that others use too.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkMerge merges loads of 1,000 records with 20 fields into a table of 100,000, half of them changed and half new.
func BenchmarkMerge(b *testing.B) {
	w := open(b, filepath.Join(b.TempDir(), "warehouse.duckdb"))
	defer closed(b, w)
	version := int64(0)
	load := func(from, to int) pipeline.Load {
		version++
		l := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(`{"page":1}`)}
		for n := from; n < to; n++ {
			var data strings.Builder
			fmt.Fprintf(&data, `{"id":"in_%d","amount":%d,"version":%d,"lines":{"data":[{"id":"il_1"}]}`, n, n*100, version)
			for f := range 16 {
				fmt.Fprintf(&data, `,"field_%d":"value %d"`, f, n)
			}
			l.Records = append(l.Records, pipeline.Record{
				Stream: "invoices", Key: fmt.Sprintf("in_%d", n), Version: version, At: time.Now(), Data: []byte(data.String() + "}"),
			})
		}
		return l
	}
	have := 100_000
	for n := 0; n < have; n += 10_000 {
		mustMerge(b, w, load(n, n+10_000))
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		l := load(have-500, have+500)
		have += 500
		b.StartTimer()
		mustMerge(b, w, l)
	}
	b.ReportMetric(float64(b.N*1000)/b.Elapsed().Seconds(), "records/s")
}

func mustMerge(b *testing.B, w *Warehouse, load pipeline.Load) {
	b.Helper()
	if _, err := w.Merge(context.Background(), load); err != nil {
		b.Fatal(err)
	}
}
