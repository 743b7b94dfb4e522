//go:build unix

package clickhouse

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

// eventSource makes events of about 600 bytes a line with 18 properties, one every 100 microseconds of event time, as a web site's.
type eventSource struct {
	rand *rand.Rand
	at   time.Time
}

func (s *eventSource) batch(size int) []pipeline.Event {
	events := make([]pipeline.Event, size)
	for i := range events {
		s.at = s.at.Add(100 * time.Microsecond)
		user := s.rand.IntN(100_000)
		events[i] = pipeline.Event{
			UUID: s.uuid(), Name: []string{"$pageview", "$autocapture", "purchase"}[s.rand.IntN(3)],
			DistinctID: fmt.Sprintf("user-%06d", user), Source: "web", Timestamp: s.at, ReceivedAt: s.at.Add(50 * time.Millisecond),
			Properties: s.properties(user),
		}
	}
	return events
}

func (s *eventSource) properties(user int) pipeline.Properties {
	return fmt.Appendf(nil, `{"$current_url":"https://example.com/products/%d?ref=%x","$browser":"Chrome","$browser_version":%d,"$os":"Mac OS X",`+
		`"$session_id":"%016x-%x","$window_id":"%x","$screen_width":%d,"$lib":"web","$lib_version":"1.%d.0","$host":"example.com","$pathname":"/products",`+
		`"amount":%d.%02d,"currency":"EUR","plan":"professional","items":[{"sku":"A-%d","quantity":%d},{"sku":"B-%d","quantity":1}],`+
		`"referrer":"https://www.example.org/","utm_source":"news","logged_in":%t}`,
		s.rand.IntN(1e4), s.rand.Uint32(), 100+s.rand.IntN(30), user*7919, s.rand.IntN(4), s.rand.Uint64(), 1000+s.rand.IntN(2000),
		s.rand.IntN(300), s.rand.IntN(500), s.rand.IntN(100), s.rand.IntN(1e5), 1+s.rand.IntN(9), s.rand.IntN(1e5), user%2 == 0)
}

func (s *eventSource) uuid() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.at.UnixMilli())<<16|0x7000|uint64(s.rand.IntN(4096)))
	binary.BigEndian.PutUint64(b[8:], s.rand.Uint64()>>2|1<<63)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func source() *eventSource {
	return &eventSource{rand: rand.New(rand.NewPCG(1, 2)), at: time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)}
}

// BenchmarkSend sends blocks of 50,000 events as frames bring them, to the engine on the same machine.
func BenchmarkSend(b *testing.B) {
	for _, json := range []string{"off", "on"} {
		b.Run("json "+json, func(b *testing.B) {
			w := opened(b, func(c *Config) { c.JSON = json })
			s := source()
			b.ReportAllocs()
			bytes, here, there := 0, time.Duration(0), time.Duration(0)
			server := clickhouse.Shared(b)
			for b.Loop() {
				b.StopTimer()
				events := parsed(b, s.batch(blockEvents))
				for i := range events {
					bytes += events[i].Size()
				}
				here, there = here-cpuTime(b), there-server.CPU()
				b.StartTimer()
				mustSend(b, w, events)
				here, there = here+cpuTime(b), there+server.CPU()
			}
			b.ReportMetric(float64(here.Microseconds())/float64(b.N*blockEvents), "cpu-us/event")
			b.ReportMetric(float64(there.Microseconds())/float64(b.N*blockEvents), "engine-us/event")
			b.ReportMetric(float64(b.N*blockEvents)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(bytes)/float64(b.N*blockEvents), "bytes/event")
		})
	}
}

// cpuTime is the processor time that this process has used, which tells more than the clock on a machine that others use too.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// parsed are events as they come out of a frame.
func parsed(b *testing.B, events []pipeline.Event) []pipeline.Event {
	b.Helper()
	for i := range events {
		e, err := pipeline.ParseEvent(events[i].AppendJSON(nil))
		if err != nil {
			b.Fatal(err)
		}
		events[i] = e
	}
	return events
}

// BenchmarkBlock is the part of a Send that is this process's: events into columns.
func BenchmarkBlock(b *testing.B) {
	events := source().batch(blockEvents)
	rows := make([]warehouse.EventRow, len(events))
	var block eventBlock
	b.ReportAllocs()
	for b.Loop() {
		block.reset()
		for i := range events {
			if err := rows[i].Set(&events[i], 1); err != nil {
				b.Fatal(err)
			}
			block.add(&rows[i], 1, 0)
		}
	}
	b.ReportMetric(float64(b.N*blockEvents)/b.Elapsed().Seconds(), "events/s")
}

func mustSend(b *testing.B, w *Warehouse, events []pipeline.Event) {
	b.Helper()
	if err := w.Send(context.Background(), events); err != nil {
		b.Fatal(err)
	}
}

var (
	mergeRecords  = flag.Int("merge.records", 1_000_000, "how many records BenchmarkMerge merges")
	storageEvents = flag.Int("storage.events", 1_000_000, "how many events BenchmarkStorage stores")
)

// BenchmarkMerge merges a million records with twelve fields into an empty table, in loads of 50,000, then a fifth of them changed.
func BenchmarkMerge(b *testing.B) {
	const size = 50_000
	all := *mergeRecords
	records := func(from, to, version int) pipeline.Load {
		l := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(`{"page":1}`)}
		for n := from; n < to; n++ {
			data := fmt.Appendf(nil, `{"id":"in_%d","amount":%d,"version":%d,"lines":{"data":[{"id":"il_1"}]}`, n, n*100, version)
			for f := range 8 {
				data = fmt.Appendf(data, `,"field_%d":"value %d"`, f, n)
			}
			l.Records = append(l.Records, pipeline.Record{
				Stream: "invoices", Key: fmt.Sprintf("in_%d", n), Version: int64(version), At: time.Now(), Data: append(data, '}'),
			})
		}
		return l
	}
	server := clickhouse.Shared(b)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		w := opened(b)
		took, here, there := time.Duration(0), time.Duration(0), time.Duration(0)
		for version, upTo := range []int{all, all / 5} {
			for n := 0; n < upTo; n += size {
				l := records(n, n+size, version+1)
				began := time.Now()
				here, there = here-cpuTime(b), there-server.CPU()
				b.StartTimer()
				if _, err := w.Merge(context.Background(), l); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				took += time.Since(began)
				here, there = here+cpuTime(b), there+server.CPU()
			}
		}
		b.ReportMetric(float64(all+all/5)/took.Seconds(), "records/s")
		b.ReportMetric(float64(here.Microseconds())/float64(all+all/5), "cpu-us/record")
		b.ReportMetric(float64(there.Microseconds())/float64(all+all/5), "engine-us/record")
		b.StartTimer()
	}
}

// BenchmarkStorage compares what a million events take on disk with two tables that a person would write by hand for the very same events: one with
// the text of the properties, and one with a column of its own type for every property and no text.
func BenchmarkStorage(b *testing.B) {
	for b.Loop() {
		for _, json := range []string{"off", "on"} {
			w := opened(b, func(c *Config) { c.JSON = json })
			s := source()
			for range *storageEvents / blockEvents {
				mustSend(b, w, s.batch(blockEvents))
			}
			statements := []string{"OPTIMIZE TABLE events__rows FINAL"}
			for name, query := range byHand {
				statements = append(statements, "CREATE TABLE "+name+" ENGINE = MergeTree ORDER BY (event, toDate(timestamp), distinct_id, timestamp) AS "+query,
					"OPTIMIZE TABLE "+name+" FINAL")
			}
			if err := w.exec(context.Background(), statements...); err != nil {
				b.Fatal(err)
			}
			ours := size(b, w, eventsRows)
			b.ReportMetric(ours/float64(*storageEvents), "MB/million/json-"+json)
			for name := range byHand {
				b.ReportMetric(ours/size(b, w, name), "x-"+name+"/json-"+json)
			}
		}
	}
}

var byHand = map[string]string{
	"with_text": `SELECT uuid, event, distinct_id, timestamp, properties, received_at FROM events`,
	"typed": `SELECT uuid, event, distinct_id, timestamp, received_at,
		JSONExtractString(properties, '$current_url') AS url, toLowCardinality(JSONExtractString(properties, '$browser')) AS browser,
		JSONExtract(properties, '$browser_version', 'UInt16') AS browser_version, toLowCardinality(JSONExtractString(properties, '$os')) AS os,
		JSONExtractString(properties, '$session_id') AS session_id, JSONExtractString(properties, '$window_id') AS window_id,
		JSONExtract(properties, '$screen_width', 'UInt16') AS screen_width, toLowCardinality(JSONExtractString(properties, '$lib')) AS lib,
		toLowCardinality(JSONExtractString(properties, '$lib_version')) AS lib_version, toLowCardinality(JSONExtractString(properties, '$host')) AS host,
		toLowCardinality(JSONExtractString(properties, '$pathname')) AS path, JSONExtract(properties, 'amount', 'Decimal(18, 2)') AS amount,
		toLowCardinality(JSONExtractString(properties, 'currency')) AS currency, toLowCardinality(JSONExtractString(properties, 'plan')) AS plan,
		JSONExtractRaw(properties, 'items') AS items, toLowCardinality(JSONExtractString(properties, 'referrer')) AS referrer,
		toLowCardinality(JSONExtractString(properties, 'utm_source')) AS utm_source, JSONExtractBool(properties, 'logged_in') AS logged_in FROM events`,
}

// size is what a table takes on disk, in bytes.
func size(b *testing.B, w *Warehouse, table string) float64 {
	b.Helper()
	var n uint64
	err := w.conn.QueryRow(context.Background(), "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND active AND table = ?", table).Scan(&n)
	if err != nil || n == 0 {
		b.Fatalf("size of %s: %d, %v", table, n, err)
	}
	return float64(n)
}
