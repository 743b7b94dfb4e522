package clickhouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

// rounds is how often something is tried at random: a few times, or many with PRICKLE_TEST_TORTURE.
func rounds(few, many int) int {
	if os.Getenv("PRICKLE_TEST_TORTURE") != "" {
		return many
	}
	return few
}

// untilSent sends a batch as deliver does: again and again, until it is acknowledged.
func untilSent(ctx context.Context, w *Warehouse, events []pipeline.Event) error {
	for {
		err := w.Send(ctx, events)
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func wantExactly(t *testing.T, w *Warehouse, events []pipeline.Event) {
	t.Helper()
	var want []string
	for _, e := range events {
		want = append(want, e.UUID+"|"+string(e.Properties))
	}
	got := pipelinetest.Table(t, w, "SELECT uuid, properties FROM events ORDER BY uuid")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%.2000s", diff)
	}
}

// The engine dies when a block is stored and before it says so, and comes back.
func TestKilledBeforeTheAnswer(t *testing.T) { overBoth(t, testKilledBeforeTheAnswer) }

func testKilledBeforeTheAnswer(t *testing.T, protocol string) {
	for name, again := range map[string]func(*Warehouse) error{
		"same block": func(w *Warehouse) error { return untilSent(t.Context(), w, pipelinetest.Events(10, 30)) },
		"cut otherwise": func(w *Warehouse) error {
			for _, part := range [][2]int{{5, 15}, {15, 25}, {20, 30}} {
				if err := untilSent(t.Context(), w, pipelinetest.Events(part[0], part[1])); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := clickhouse.Start(t, "-die-after-insert", "2")
			w := open(t, newConfig(s.DatabaseOver(t, protocol)))
			defer closed(t, w)
			if err := w.Send(t.Context(), pipelinetest.Events(0, 10)); err != nil {
				t.Fatal(err)
			}
			if err := w.Send(t.Context(), pipelinetest.Events(10, 30)); err == nil {
				t.Fatal("Send to an engine that dies\n got no error\nwant one")
			} else if pipeline.IsPermanent(err) {
				t.Errorf("Send to an engine that dies\n got a permanent error: %v\nwant one to retry", err)
			}
			s.Kill()
			s.Restart(t)
			if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events"); got[0] != "30" {
				t.Fatalf("events of the block that was not answered\n got %s in all\nwant 30: the test is about a block that was stored", got[0])
			}
			if err := again(w); err != nil {
				t.Fatal(err)
			}
			wantExactly(t, w, pipelinetest.Events(0, 30))
			if name == "same block" {
				if got := pipelinetest.Table(t, w, "SELECT count(*) FROM events__rows"); got[0] != "30" {
					t.Errorf("stored rows after the same block again\n got %s\nwant 30", got[0])
				}
			}
		})
	}
}

// Lanes send while the engine is killed and started at random moments.
func TestKilledAtRandom(t *testing.T) { overBoth(t, testKilledAtRandom) }

func testKilledAtRandom(t *testing.T, protocol string) {
	s := clickhouse.Start(t)
	w := open(t, newConfig(s.DatabaseOver(t, protocol)))
	defer closed(t, w)
	const lanes, size = 4, 50
	var wg sync.WaitGroup
	stop, acknowledged := make(chan struct{}), make(chan struct{})
	sent := make([]int, lanes) // batches by lane
	for lane := range lanes {
		wg.Go(func() {
			for {
				from := (sent[lane]*lanes + lane) * size
				if err := untilSent(t.Context(), w, pipelinetest.Events(from, from+size)); err != nil {
					t.Errorf("Send: %v", err)
					return
				}
				sent[lane]++
				select {
				case acknowledged <- struct{}{}:
				case <-stop:
					return
				}
			}
		})
	}
	for range rounds(2, 30) {
		for range 2 + rand.IntN(20) {
			<-acknowledged
		}
		s.Kill()
		s.Restart(t)
	}
	close(stop)
	wg.Wait()
	var want []pipeline.Event
	for lane, batches := range sent {
		for n := range batches {
			want = append(want, pipelinetest.Events((n*lanes+lane)*size, (n*lanes+lane+1)*size)...)
		}
	}
	slices.SortFunc(want, func(a, b pipeline.Event) int { return cmpText(a.UUID, b.UUID) })
	t.Logf("%d batches", len(want)/size)
	wantExactly(t, w, want)
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Loads are merged while the engine is killed, until each went through; then the table is what the loads say, and the cursor the last one.
func TestMergeKilledAtRandom(t *testing.T) { overBoth(t, testMergeKilledAtRandom) }

func testMergeKilledAtRandom(t *testing.T, protocol string) {
	s := clickhouse.Start(t)
	w := open(t, newConfig(s.DatabaseOver(t, protocol)))
	defer closed(t, w)
	random := rand.New(rand.NewPCG(7, 7))
	want := map[string]string{}
	stop, merged, done := make(chan struct{}), make(chan struct{}), make(chan int)
	go func() {
		loads := 0
		defer func() { done <- loads }()
		for {
			load := randomLoad(random, loads, want)
			for {
				_, err := w.Merge(context.Background(), load)
				if err == nil {
					break
				}
			}
			loads++
			select {
			case merged <- struct{}{}:
			case <-stop:
				return
			}
		}
	}()
	for range rounds(2, 30) {
		for range 2 + rand.IntN(8) {
			<-merged
		}
		s.Kill()
		s.Restart(t)
	}
	close(stop)
	loads := <-done
	var lines []string
	for key, value := range want {
		lines = append(lines, key+"|"+value)
	}
	slices.Sort(lines)
	if diff := cmp.Diff(lines, pipelinetest.Table(t, w, "SELECT _sync_key, v FROM shop_items ORDER BY _sync_key")); diff != "" {
		t.Errorf("rows after %d loads (-want +got):\n%.2000s", loads, diff)
	}
	if got, err := w.Cursor(t.Context(), "shop"); string(got) != fmt.Sprint(loads-1) || err != nil {
		t.Errorf("cursor\n got %s, %v\nwant %d", got, err, loads-1)
	}
	t.Logf("%d loads", loads)
}

// randomLoad changes some keys and deletes others. The type of v changes now and then, so that columns are made anew as well.
func randomLoad(r *rand.Rand, n int, want map[string]string) pipeline.Load {
	load := pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(fmt.Sprint(n))}
	for range 20 {
		key := fmt.Sprintf("k%03d", r.IntN(200))
		record := pipeline.Record{Stream: "items", Key: key, Version: int64(n + 1), At: time.UnixMicro(int64(n))}
		value := fmt.Sprint(n)
		if n%4 == 3 {
			value = fmt.Sprintf(`{"n":%d}`, n)
		}
		if r.IntN(5) == 0 {
			record.Deleted = true
			delete(want, key)
		} else {
			record.Data = fmt.Appendf(nil, `{"v":%s}`, value)
			want[key] = value
		}
		load.Records = append(load.Records, record)
	}
	return load
}
