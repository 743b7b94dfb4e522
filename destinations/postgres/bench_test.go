package postgres

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
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

// processor measures processor time, here and at the server. It tells more than the clock on a machine that others use too.
type processor struct {
	server      *postgres.Server
	here, there time.Duration
	beganHere   time.Duration
	beganThere  time.Duration
}

func (p *processor) start(b *testing.B) { p.beganHere, p.beganThere = cpuTime(b), p.server.CPU() }
func (p *processor) stop(b *testing.B) {
	p.here += cpuTime(b) - p.beganHere
	p.there += p.server.CPU() - p.beganThere
}

func (p *processor) report(b *testing.B, n float64, what string) {
	b.ReportMetric(n/b.Elapsed().Seconds(), what+"s/s")
	b.ReportMetric(float64(p.here.Microseconds())/n, "cpu-us/"+what)
	b.ReportMetric(float64(p.there.Microseconds())/n, "server-cpu-us/"+what)
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// eventSource makes events of about 600 bytes a line with 18 properties and UUIDs that nothing else has.
type eventSource struct {
	rand    *rand.Rand
	ordered bool // UUIDs of version 7; otherwise 4
	at      time.Time
}

func (s *eventSource) batch(size int) []pipeline.Event {
	events := make([]pipeline.Event, size)
	for i := range events {
		s.at = s.at.Add(100 * time.Microsecond)
		events[i] = pipeline.Event{
			UUID: s.uuid(), Name: []string{"$pageview", "$autocapture", "purchase"}[s.rand.IntN(3)],
			DistinctID: fmt.Sprintf("user-%06d", s.rand.IntN(100_000)), Source: "web", Timestamp: s.at, ReceivedAt: s.at, Properties: s.properties(),
		}
	}
	return events
}

func (s *eventSource) properties() pipeline.Properties {
	return fmt.Appendf(nil, `{"$current_url":"https://example.com/products/%d?ref=%x","$pathname":"/products/%d","$browser":"Chrome","$os":"Mac OS X","$device_type":"Desktop",`+
		`"$session_id":"%x-%x","$window_id":"%x","$screen_width":%d,"$lib":"web","$lib_version":"1.%d.0","$host":"example.com","utm_source":"newsletter",`+
		`"amount":%d.%02d,"currency":"EUR","plan":"professional","items":[{"sku":"A-%d","quantity":%d}],"referrer":"https://www.example.org/","beta":true}`,
		s.rand.IntN(1e4), s.rand.Uint32(), s.rand.IntN(1e4), s.rand.Uint64(), s.rand.Uint32(), s.rand.Uint64(), 1000+s.rand.IntN(2000),
		s.rand.IntN(300), s.rand.IntN(500), s.rand.IntN(100), s.rand.IntN(1e5), 1+s.rand.IntN(9))
}

func (s *eventSource) uuid() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], s.rand.Uint64()&^0xF000|0x4000)
	if s.ordered {
		binary.BigEndian.PutUint64(b[:8], uint64(s.at.UnixMilli())<<16|0x7000|uint64(s.rand.IntN(4096)))
	}
	binary.BigEndian.PutUint64(b[8:], s.rand.Uint64()>>2|1<<63)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
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
			cpu := processor{server: server}
			s := &eventSource{rand: rand.New(rand.NewPCG(1, 2)), ordered: bench.ordered, at: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)}
			bytes := 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				var batches [lanes][]pipeline.Event
				for lane := range batches {
					batches[lane] = s.batch(size)
					for i := range batches[lane] {
						bytes += batches[lane][i].Size()
					}
				}
				b.StartTimer()
				cpu.start(b)
				var all sync.WaitGroup
				for _, events := range batches {
					all.Go(func() {
						if err := w.Send(context.Background(), events); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
				cpu.stop(b)
			}
			n := float64(b.N * size * lanes)
			cpu.report(b, n, "event")
			b.ReportMetric(float64(bytes)/n, "bytes/event")
		})
	}
}

// BenchmarkMerge merges loads of 10,000 records of 20 fields, of which one in five changes a row that is there.
func BenchmarkMerge(b *testing.B) {
	const size = 10_000
	server := benchServer(b)
	w := open(b, server.Database(b))
	defer closed(b, w)
	cpu := processor{server: server}
	r := rand.New(rand.NewPCG(1, 2))
	have, version := 0, int64(0)
	load := func() pipeline.Load {
		version++
		l := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(`{"page":1}`)}
		for i := range size {
			n := have
			if i%5 == 0 && have > size {
				n = r.IntN(have)
			} else {
				have++
			}
			var data strings.Builder
			fmt.Fprintf(&data, `{"id":"in_%d","amount":%d,"version":%d,"lines":{"data":[{"id":"il_1"}]}`, n, n*100, version)
			for f := range 16 {
				fmt.Fprintf(&data, `,"field_%d":"value %d"`, f, n)
			}
			l.Records = append(l.Records, pipeline.Record{
				Stream: "invoices", Key: fmt.Sprintf("in_%d", n), Version: version, At: time.Unix(1.75e9, 0), Data: []byte(data.String() + "}"),
			})
		}
		return l
	}
	b.ReportAllocs()
	var total pipeline.Merged
	for b.Loop() {
		b.StopTimer()
		l := load()
		b.StartTimer()
		cpu.start(b)
		m, err := w.Merge(context.Background(), l)
		cpu.stop(b)
		if err != nil {
			b.Fatal(err)
		}
		total.Inserted += m.Inserted
		total.Updated += m.Updated
	}
	cpu.report(b, float64(b.N*size), "record")
	b.ReportMetric(float64(total.Updated)/float64(total.Inserted+total.Updated)*100, "%updated")
}
