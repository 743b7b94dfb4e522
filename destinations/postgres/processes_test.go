package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
)

// Several processes write the same events, each copy with a time of its own and captured on either side of a bucket's edge, and the same records.
func TestSeveralProcesses(t *testing.T) {
	dsn := postgres.Database(t)
	const processes, rounds, size = 3, 8, 50
	edge := time.Unix(int64(bucketOf(pipelinetest.Event(0).Timestamp)+1)*int64(bucketWidth/time.Second), 0)
	var all sync.WaitGroup
	for process := range processes {
		w := open(t, dsn) // one after the other finds the tables made
		all.Go(func() {
			defer closed(t, w)
			for round := range rounds {
				events := pipelinetest.Events(round*size, (round+1)*size)
				for i := range events {
					events[i].Timestamp = events[i].Timestamp.AddDate(0, process, 0)
					events[i].ReceivedAt = edge.Add(time.Duration(process*2-1) * time.Hour)
				}
				if err := w.Send(t.Context(), events); err != nil {
					t.Errorf("Send: %v", err)
				}
				for n := range 5 {
					version := round*processes + process
					_, err := w.Merge(t.Context(), pipeline.Load{Source: "shop", Records: []pipeline.Record{
						{Stream: "items", Key: fmt.Sprint(n), Version: int64(version), Data: fmt.Appendf(nil, `{"v":%d,"f%d":1}`, version, version)},
					}})
					if err != nil {
						t.Errorf("Merge: %v", err)
					}
				}
			}
		})
	}
	all.Wait()
	w := open(t, dsn)
	defer closed(t, w)
	wantRows(t, w, "SELECT count(*), count(DISTINCT uuid) FROM events", fmt.Sprintf("%d|%d", rounds*size, rounds*size))
	wantRows(t, w, "SELECT count(*), min(v), max(v) FROM shop_items", fmt.Sprintf("5|%d|%d", rounds*processes-1, rounds*processes-1))
}

// Several processes that start at once make the tables once.
func TestSeveralStarts(t *testing.T) {
	dsn := postgres.Database(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			w := New(*newConfig(dsn), pipeline.Env{})
			if err := w.Open(t.Context()); err != nil {
				t.Errorf("Open: %v", err)
				return
			}
			closed(t, w)
		})
	}
	all.Wait()
}

// Of two processes that store copies of an event at the same moment, with other times and on either side of a bucket's edge, the second waits for the first
// and leaves its copy out.
func TestProcessesWait(t *testing.T) {
	dsn := postgres.Database(t)
	one, two := open(t, dsn), open(t, dsn)
	defer closed(t, one)
	defer closed(t, two)
	first, second := pipelinetest.Event(0), pipelinetest.Event(0)
	edge := time.Unix(int64(bucketOf(first.ReceivedAt)+1)*int64(bucketWidth/time.Second), 0)
	first.ReceivedAt, second.ReceivedAt, second.Timestamp = edge.Add(-time.Hour), edge.Add(time.Hour), second.Timestamp.Add(time.Hour)
	sent := make(chan error, 1)
	var once sync.Once
	one.step = func(string) {
		once.Do(func() {
			go func() { sent <- two.Send(t.Context(), []pipeline.Event{second}) }()
			waiting := time.NewTicker(5 * time.Millisecond)
			defer waiting.Stop()
			for pipelinetest.Table(t, one, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")[0] == "0" && len(sent) == 0 {
				<-waiting.C
			}
		})
	}
	if err := one.Send(t.Context(), []pipeline.Event{first}); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	wantRows(t, one, "SELECT count(*), count(DISTINCT uuid) FROM events", "1|1")
}
