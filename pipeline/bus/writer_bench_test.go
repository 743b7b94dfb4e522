package bus

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// BenchmarkAppend measures events acknowledged, with 100 events of 20 people a call, by callers at the same time.
func BenchmarkAppend(b *testing.B) {
	for _, mode := range []string{SyncAlways, SyncInterval} {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("sync=%s/callers=%d", mode, callers), func(b *testing.B) {
				benchmarkAppend(b, callers, func(c *Config) { c.Sync = mode })
			})
		}
	}
}

// BenchmarkLanes compares lane counts at the default setting of sync.
func BenchmarkLanes(b *testing.B) {
	for _, lanes := range []int{1, 2, 4, 8, 16, 32} {
		for _, callers := range []int{8, 64} {
			b.Run(fmt.Sprintf("lanes=%d/callers=%d", lanes, callers), func(b *testing.B) {
				benchmarkAppend(b, callers, func(c *Config) { c.Sync, c.Lanes = SyncAlways, lanes })
			})
		}
	}
}

func benchmarkAppend(b *testing.B, callers int, change func(*Config)) {
	bus := open(b, b.TempDir(), change)
	w := bus.NewWriter()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	batches := make([][]pipeline.Event, callers)
	for i := range batches {
		batches[i] = benchmarkEvents(i*20, 100, 20)
	}
	calls := make(chan struct{})
	b.ReportAllocs()
	b.ResetTimer()
	var group sync.WaitGroup
	for _, batch := range batches {
		group.Go(func() {
			for range calls {
				if err := w.Append(ctx, batch); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for b.Loop() {
		calls <- struct{}{}
	}
	close(calls)
	group.Wait()
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "events/s")
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

// benchmarkEvents are lines of about 500 bytes, as captured ones are.
func benchmarkEvents(person, count, people int) []pipeline.Event {
	out := make([]pipeline.Event, count)
	for i := range out {
		e := event(person+i%people, i)
		e.Properties = pipeline.Properties(`{"$current_url":"https://shop.example.com/product/42?ref=mail","$browser":"Chrome","$browser_version":126,"$os":"Linux","$screen_height":1080,"$screen_width":1920,"$lib":"web","$lib_version":"1.150.0","$session_id":"0198c5a0-1111-7000-8000-000000000001","plan":"pro","amount":129.5}`)
		parsed, err := pipeline.ParseEvent(e.AppendJSON(nil))
		if err != nil {
			panic(err)
		}
		out[i] = parsed
	}
	return out
}

func BenchmarkAppendFrame(b *testing.B) {
	list := benchmarkEvents(0, 100, 20)
	buffer := AppendFrame(nil, list)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendFrame(buffer[:0], list)
	}
}

func BenchmarkParseFrame(b *testing.B) {
	payload := AppendFrame(nil, benchmarkEvents(0, 100, 20))
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if f := ParseFrame(payload, 100); len(f.Events) != 100 {
			b.Fatal(len(f.Events))
		}
	}
}
