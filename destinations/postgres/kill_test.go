package postgres

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/postgres"
	"github.com/prickle-dev/prickle/test/tcpproxy"
)

const (
	killChild = "PRICKLE_TEST_POSTGRES_CHILD" // the address of the database
	killFrom  = "PRICKLE_TEST_POSTGRES_FROM"  // the first batch
	killAt    = "PRICKLE_TEST_POSTGRES_AT"    // the step at which the process kills itself
	killAfter = "PRICKLE_TEST_POSTGRES_AFTER" // how many such steps it does before
)

var steps = []string{"events staged", "events committed", "merge staged", "merge committed"}

// rounds is how often each way of dying is tried.
func rounds() int {
	if os.Getenv("PRICKLE_TEST_TORTURE") != "" {
		return 25
	}
	return 1
}

const batchEvents, keys = 20, 7

// batch is the nth one: half of its events are those of the batch before, as after a lost acknowledgement.
func batch(n int) []pipeline.Event {
	return pipelinetest.Events(n*batchEvents, (n+2)*batchEvents)
}

// load is the nth state of one of the keys, with a cursor that says so.
func load(n int) pipeline.Load {
	return pipeline.Load{Source: "shop", Cursor: pipeline.Cursor(fmt.Sprintf(`{"n":%d}`, n)), Records: []pipeline.Record{
		{Stream: "items", Key: fmt.Sprint("k", n%keys), Version: int64(n), At: pipelinetest.Event(n).Timestamp, Data: fmt.Appendf(nil, `{"n":%d,"f%d":true}`, n, n%3)},
	}}
}

// merged is the last load that a warehouse has, or -1.
func merged(ctx context.Context, w *Warehouse) (int, error) {
	cursor, err := w.Cursor(ctx, "shop")
	n := -1
	if cursor != nil {
		_, err = fmt.Sscanf(string(cursor), `{"n":%d}`, &n)
	}
	return n, err
}

// writeUntilKilled is the life of the child process.
func writeUntilKilled(dsn string) error {
	ctx := context.Background()
	w := New(*newConfig(dsn), pipeline.Env{})
	var from, after int
	fmt.Sscan(os.Getenv(killFrom), &from)
	fmt.Sscan(os.Getenv(killAfter), &after)
	w.step = func(name string) {
		if after--; name == os.Getenv(killAt) && after < 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := w.Open(ctx); err != nil {
		return err
	}
	for n := from; ; n++ {
		if err := w.Send(ctx, batch(n)); err != nil {
			return err
		}
		last, err := merged(ctx, w)
		if err != nil {
			return err
		}
		if _, err := w.Merge(ctx, load(last+1)); err != nil {
			return err
		}
		fmt.Println("ok", n)
	}
}

// TestWriterKilled kills a writing process before and after its commits, and wants all that it acknowledged, each event once, and rows that belong to
// the cursor.
func TestWriterKilled(t *testing.T) {
	dsn := postgres.Database(t)
	from := 0
	for round := range rounds() * len(steps) {
		last := runChild(t, dsn, from, steps[round%len(steps)], 3+round%5)
		if last < from {
			t.Fatalf("round %d: nothing was acknowledged", round)
		}
		from = last // once more, as from the queue
		w := open(t, dsn)
		wantWritten(t, w, last+1)
		closed(t, w)
	}
}

// runChild runs a child until it has killed itself, and returns the last batch that it acknowledged.
func runChild(t *testing.T, dsn string, from int, at string, after int) (last int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killChild+"="+dsn, fmt.Sprint(killFrom, "=", from), killAt+"="+at, fmt.Sprint(killAfter, "=", 4*after))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last = -1
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "ok %d", &last); err != nil {
			t.Errorf("child: %s", lines.Text())
		}
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("the child\n got %v\nwant it killed at %q", cmd.ProcessState, at)
	}
	return last
}

// wantWritten wants the events of at least so many batches, whole batches, each event once and as it was sent, and the rows that follow from the cursor.
func wantWritten(t *testing.T, w *Warehouse, batches int) {
	t.Helper()
	got := pipelinetest.Table(t, w, "SELECT uuid, event, distinct_id, timestamp, received_at, properties->>'n' FROM events ORDER BY uuid")
	if len(got)%batchEvents != 0 || len(got) < (batches+1)*batchEvents {
		t.Errorf("events after %d batches\n got %d\nwant %d or some batches more", batches, len(got), (batches+1)*batchEvents)
	}
	var want []string
	for n, e := range pipelinetest.Events(0, len(got)) {
		want = append(want, strings.Join([]string{e.UUID, e.Name, e.DistinctID, e.Timestamp.Format("2006-01-02T15:04:05.999Z"), e.ReceivedAt.Format("2006-01-02T15:04:05.999Z"), fmt.Sprint(n)}, "|"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%.2000s", diff)
	}
	last, err := merged(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	want = nil
	for n := max(0, last+1-keys); n <= last; n++ {
		want = append(want, fmt.Sprintf("k%d|%d", n%keys, n))
	}
	slices.Sort(want)
	if last >= 0 {
		if diff := cmp.Diff(want, pipelinetest.Table(t, w, "SELECT _sync_key, n FROM shop_items ORDER BY _sync_key")); diff != "" {
			t.Errorf("rows at the cursor %d (-want +got):\n%s", last, diff)
		}
	}
}

// TestServerKilled kills the server at each step of a transaction. What was not acknowledged is sent again when the server is back.
func TestServerKilled(t *testing.T) {
	s := postgres.Start(t)
	dsn := s.Database(t)
	w := open(t, dsn)
	defer closed(t, w)
	n := 0
	for range rounds() {
		for _, at := range steps {
			killed, lost := false, 0
			w.step = func(name string) {
				if name == at && !killed {
					killed = true
					s.Kill()
				}
			}
			for range 3 {
				for err := w.Send(t.Context(), batch(n)); err != nil; err = w.Send(t.Context(), batch(n)) {
					if pipeline.IsPermanent(err) || lost > 9 {
						t.Fatalf("Send to a killed server\n got %v\nwant an error worth another try", err)
					}
					lost++
					s.Restart(t)
				}
				last, err := merged(t.Context(), w)
				for ; err != nil; last, err = merged(t.Context(), w) {
					s.Restart(t)
				}
				if _, err := w.Merge(t.Context(), load(last+1)); err != nil {
					lost++
					s.Restart(t)
				}
				n++
			}
			if !killed || strings.HasSuffix(at, "staged") && lost == 0 {
				t.Errorf("the server was not killed at %q", at)
			}
			wantWritten(t, w, n)
		}
	}
}

// TestCuts writes through a proxy that cuts, half-delivers, delays and refuses connections, and wants everything exactly once at the end.
func TestCuts(t *testing.T) {
	s := postgres.Shared(t)
	dsn := s.Database(t)
	proxy := tcpproxy.Start(t, s.Addr())
	w := open(t, postgres.With(t, dsn, func(u *url.URL) { u.Host = proxy.Addr() }))
	failures, n := 0, 0
	for seed := range rounds() * 3 {
		proxy.Use(tcpproxy.Random(uint64(seed), tcpproxy.Chances{Refuse: 0.1, CutUp: 0.8, CutDown: 0.8, Delay: 0.1, UpTo: 40 << 10}))
		proxy.Cut()
		for range 15 {
			for err := w.Send(t.Context(), batch(n)); err != nil; err = w.Send(t.Context(), batch(n)) {
				if failures++; pipeline.IsPermanent(err) {
					t.Fatalf("Send\n got %v\nwant an error worth another try", err)
				}
			}
			for done := false; !done; {
				last, err := merged(t.Context(), w)
				if err == nil {
					_, err = w.Merge(t.Context(), load(last+1))
				}
				if done = err == nil; !done {
					failures++
				}
			}
			n++
		}
	}
	proxy.Use(nil)
	t.Logf("%d connections, %d cut, %d calls failed", proxy.Made(), proxy.Cuts(), failures)
	if failures == 0 || proxy.Cuts() == 0 {
		t.Error("nothing was cut")
	}
	wantWritten(t, w, n)
	closed(t, w)
}
