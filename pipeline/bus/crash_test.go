package bus

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

const crashDirVariable = "PRICKLE_BUS_CRASH_DIR"

// appendUntilKilled is the child process of TestNothingAcknowledgedIsLost: it appends and prints what has been acknowledged.
func appendUntilKilled(dir string) int {
	config := DefaultConfig()
	config.Dir = dir
	b, err := Open(context.Background(), config, discard())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	w := b.NewWriter()
	go func() { _ = w.Run(context.Background()) }() // ends with the process
	var out sync.Mutex
	var group sync.WaitGroup
	for caller := range 8 {
		group.Go(func() {
			for n := 0; ; n++ {
				var batch []pipeline.Event
				for i := range 1 + n%20 {
					e := event(os.Getpid()*100+caller*10+i%7, n)
					e.UUID = fmt.Sprintf("%d-%d-%d-%d", os.Getpid(), caller, n, i)
					batch = append(batch, e)
				}
				if err := w.Append(context.Background(), batch); err != nil {
					continue
				}
				out.Lock()
				fmt.Printf("%d %d %d %d\n", os.Getpid(), caller, n, len(batch))
				out.Unlock()
			}
		})
	}
	group.Wait()
	return 0
}

// TestNothingAcknowledgedIsLost kills a process that appends, at random moments of its work, and looks for every event whose Append had
// returned. A kill proves nothing about power failures; for those there is sync.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	dir := t.TempDir()
	want := map[string]bool{}
	for range 6 {
		crash(t, dir, 1+rand.IntN(400), want)
	}
	list, _ := stored(t, open(t, dir).events, "events.all.>")
	have := map[string]bool{}
	for _, e := range list {
		if have[e.UUID] {
			t.Errorf("%s is stored twice", e.UUID)
		}
		have[e.UUID] = true
	}
	lost := 0
	for id := range want {
		if !have[id] {
			lost++
		}
	}
	if lost > 0 || len(want) == 0 {
		t.Errorf("%d of %d acknowledged events are lost", lost, len(want))
	}
	t.Logf("%d events acknowledged, %d stored", len(want), len(have))
}

// crash runs the child until it has reported the given number of calls, kills it, and adds what it acknowledged to want.
func crash(t *testing.T, dir string, calls int, want map[string]bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashDirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	n := 0
	for lines.Scan() {
		var pid, caller, call, count int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d %d %d", &pid, &caller, &call, &count); err != nil {
			break // a line cut off by the kill
		}
		for i := range count {
			want[fmt.Sprintf("%d-%d-%d-%d", pid, caller, call, i)] = true
		}
		if n++; n == calls {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); n < calls {
		t.Fatalf("the child ended by itself after %d calls: %v", n, err)
	}
}
