package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

const month = 30 * 24 * time.Hour

// aging is a warehouse of which rows go a month after the time in created, with a clock that begins at 1 August 2026.
func aging(t *testing.T, dsn string) (*Warehouse, *atomic.Int64) {
	t.Helper()
	var now atomic.Int64
	now.Store(august.UnixMicro())
	c := newConfig(dsn)
	c.Tables = warehouse.Retentions{"shop_items": {Rows: month, By: "created"}}
	return openWith(t, c, func() time.Time { return time.UnixMicro(now.Load()).UTC() }), &now
}

var august = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)

// states is a load of numbered keys, which is a part of the table.
func states(from, to int, version int64, created time.Time) pipeline.Load {
	load := pipeline.Load{Source: "shop", Streams: []pipeline.Stream{{Name: "items", Columns: []pipeline.Column{{Name: "created", Type: pipeline.Instant}}}}}
	for i := from; i < to; i++ {
		load.Records = append(load.Records, pipeline.Record{
			Stream: "items", Key: fmt.Sprintf("ann%d@example.com", i), Version: version, At: august,
			Data: fmt.Appendf(nil, `{"created":%q,"v":%d,"key":1,"last":1,"past":1,"p":1,"s":"x"}`, created.Format(time.RFC3339), version),
		})
	}
	return load
}

func mergeAll(t *testing.T, w *Warehouse, loads ...pipeline.Load) {
	t.Helper()
	for _, load := range loads {
		if _, err := w.Merge(t.Context(), load); err != nil {
			t.Fatal(err)
		}
	}
}

// What is past its retention goes from the parts, with all states of the key; the statements that the server keeps name no key; and a night on which
// nothing is due writes nothing.
func TestRetentionInParts(t *testing.T) {
	w, now := aging(t, clickhouse.Shared(t).Database(t))
	defer closed(t, w)
	young := august.Add(2 * month)
	mergeAll(t, w, states(0, 100, 1, young), states(1000, 26_000, 1, august), states(0, 50, 2, august), states(0, 50, 3, august), states(50, 60, 2, august),
		states(50, 60, 3, young))
	now.Store(august.Add(month + time.Hour).UnixMicro())
	if err := w.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOne(t, w, "SELECT count(), min(v), max(v) FROM shop_items", "50|1|3")
	wantOne(t, w, "SELECT sum(rows), max(has_lightweight_delete) FROM system.parts WHERE database = currentDatabase() AND table = 'shop_items__rows' AND active", "50|0")
	wantOne(t, w, "SELECT count() > 0, countIf(command LIKE '%ann%') FROM system.mutations WHERE database = currentDatabase()", "1|0")
	mutations := "SELECT count() FROM system.mutations WHERE database = currentDatabase()"
	before := pipelinetest.Table(t, w, mutations)
	if err := w.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOne(t, w, mutations, before[0])
}

func wantOne(t *testing.T, w *Warehouse, query, want string) {
	t.Helper()
	if got := pipelinetest.Table(t, w, query); len(got) != 1 || got[0] != want {
		t.Errorf("%s\n got %v\nwant %s", query, got, want)
	}
}

// The engine dies while rows go, and what comes back shows no older state of them.
func TestKilledRetaining(t *testing.T) {
	s := clickhouse.Start(t)
	w, now := aging(t, s.Database(t))
	defer closed(t, w)
	young := august.Add(1000 * month)
	mergeAll(t, w, states(0, 20_000, 1, young))
	n := 0
	for range rounds(3, 30) {
		for range 4 { // parts
			mergeAll(t, w, states(n, n+100, 2, time.UnixMicro(now.Load())))
			n += 100
		}
		now.Add((month + time.Hour).Microseconds())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = w.Compact(t.Context()) // which may have come to its end
		}()
		select {
		case <-time.After(time.Duration(rand.IntN(200)) * time.Millisecond):
		case <-done:
		}
		s.Kill()
		<-done
		s.Restart(t)
		wantOne(t, w, fmt.Sprintf("SELECT countIf(v = 1), countIf(v = 2) <= %d FROM shop_items", n), fmt.Sprintf("%d|1", 20_000-n))
	}
	if err := w.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOne(t, w, "SELECT count(), max(v) FROM shop_items__all", fmt.Sprintf("%d|1", 20_000-n))
}
