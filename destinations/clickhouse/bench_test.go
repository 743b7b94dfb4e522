//go:build unix

package clickhouse

import (
	"context"
	"flag"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

func source() *pipelinetest.Traffic {
	return pipelinetest.NewTraffic(time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC))
}

// lanes and batchEvents are what a full queue hands over: a batch of each lane at a time.
const lanes, batchEvents = 8, 10_000

// BenchmarkSend sends events as a full queue does, to the engine on the same machine. Over the native protocol a part of the engine's time goes to
// its front, which copies blocks value by value.
func BenchmarkSend(b *testing.B) {
	for _, protocol := range clickhouse.Shared(b).Protocols() {
		b.Run(protocol, func(b *testing.B) { benchmarkSend(b, protocol) })
	}
}

func benchmarkSend(b *testing.B, protocol string) {
	for _, json := range []string{"off", "on"} {
		b.Run("json "+json, func(b *testing.B) {
			const batches = 5 * lanes
			w := openedOver(b, protocol, func(c *Config) { c.JSON = json })
			s := source()
			b.ReportAllocs()
			bytes, cpu := 0, pipelinetest.Meter{Server: clickhouse.Shared(b).CPU}
			for b.Loop() {
				b.StopTimer()
				queue := make(chan []pipeline.Event, batches)
				for range batches {
					events := s.Events(b, batchEvents)
					for i := range events {
						bytes += events[i].Size()
					}
					queue <- events
				}
				close(queue)
				b.StartTimer()
				cpu.Start(b)
				if err := sending(w, queue).Wait(); err != nil {
					b.Fatal(err)
				}
				cpu.Stop(b)
			}
			cpu.Report(b, b.N*batches*batchEvents, "event")
			b.ReportMetric(float64(bytes)/float64(b.N*batches*batchEvents), "bytes/event")
		})
	}
}

// sending sends what is in a queue until it is closed, in all lanes at once.
func sending(w *Warehouse, queue <-chan []pipeline.Event) *errgroup.Group {
	group := new(errgroup.Group)
	for range lanes {
		group.Go(func() error {
			for events := range queue {
				if err := w.Send(context.Background(), events); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group
}

// BenchmarkBlock is the part of a Send that is this process's: events into columns.
func BenchmarkBlock(b *testing.B) {
	events := source().Events(b, blockEvents)
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

var storageEvents = flag.Int("storage.events", 1_000_000, "how many events BenchmarkStorage stores")

func BenchmarkMerge(b *testing.B) {
	pipelinetest.BenchmarkMerge(b, func() pipeline.Warehouse { return open(b, newConfig(clickhouse.Shared(b).Database(b))) }, clickhouse.Shared(b).CPU)
}

// BenchmarkStorage compares what a million events take on disk with two tables that a person would write by hand for the very same events: one with
// the text of the properties, and one with a column of its own type for every property and no text.
func BenchmarkStorage(b *testing.B) {
	for b.Loop() {
		for _, json := range []string{"off", "on"} {
			w := opened(b, func(c *Config) { c.JSON = json })
			s := source()
			for range *storageEvents / blockEvents {
				mustSend(b, w, s.Events(b, blockEvents))
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
