package chaos

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// Twenty destinations, of which five fail in five ways for good. The times from client to receiver of the others are compared with those of
// a run without failures, and of a second one, which shows how far two equal runs differ.
func TestIsolation(t *testing.T) {
	if *rounds == 0 {
		t.Parallel()
	}
	first := latencies(t, "healthy", false)
	second := latencies(t, "healthy again", false)
	failing := latencies(t, "failing", true)
	ratio := func(a, b time.Duration) float64 { return float64(a) / float64(b) }
	t.Logf("p99 of the healthy ones: %s, again %s (ratio %.2f), with five others failing %s (ratio %.2f to the first, %.2f to the second); p50 %s, %s, %s",
		first[1], second[1], ratio(second[1], first[1]), failing[1], ratio(failing[1], first[1]), ratio(failing[1], second[1]), first[0], second[0], failing[0])
	// The bound is wide because machines that run tests are noisy; a destination that waits for another waits for seconds.
	if worst := 3*max(first[1], second[1]) + 200*time.Millisecond; failing[1] > worst {
		t.Errorf("p99 of the healthy destinations\n got %s\nwant at most %s", failing[1], worst)
	}
}

// latencies are the median and the 99th percentile of fifteen healthy destinations.
func latencies(t *testing.T, name string, failing bool) [2]time.Duration {
	t.Helper()
	ledger := oracle.NewLedger(*seed)
	hooks := make([]*oracle.Receiver, 20)
	var list strings.Builder
	faults := failures(t)
	for i := range hooks {
		hooks[i] = oracle.NewReceiver()
		front := new(atomic.Pointer[http.Handler])
		var h http.Handler = hooks[i]
		front.Store(&h)
		url := serve(t, "127.0.0.1", front)
		if failing && i < len(faults) {
			hooks[i].Break(faults[i])
		}
		if failing && i == len(faults) {
			url = stalls(t)
		}
		fmt.Fprintf(&list, "      - webhook: {name: d%d, url: %q}\n", i, url)
	}
	p := rig.NewPrickle(t, prickleBinary, t.TempDir(), map[string]string{
		"prickle.yaml": "capture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines:\n  main:\n    destinations:\n" + list.String(),
	})
	p.Start()
	events := 150
	if *rounds > 0 {
		events = 1000
	}
	enough := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	all := clients(ledger, p.URL)[3:]
	done := make(chan struct{}, len(all))
	for _, c := range all {
		c.Pace = 400 * time.Millisecond
		go func() {
			c.Run(ctx, enough)
			done <- struct{}{}
		}()
	}
	if err := ledger.Await(ctx, events); err != nil {
		t.Fatal(err)
	}
	close(enough)
	for range all {
		<-done
	}
	var times []time.Duration
	for _, h := range hooks[len(faults)+1:] {
		rig.Eventually(t, name+": every healthy destination has everything", func() (bool, string) {
			return h.Arrived() >= ledger.Acknowledged(), fmt.Sprintf("%d of %d", h.Arrived(), ledger.Acknowledged())
		})
		arrivals, _, _ := h.Seen()
		for _, a := range arrivals {
			times = append(times, a.At.Sub(ledger.Find(a.ID).Handed))
		}
	}
	p.Kill()
	slices.Sort(times)
	return [2]time.Duration{times[len(times)/2], times[len(times)*99/100]}
}

// failures are four ways to fail for good; stalls is the fifth.
func failures(t *testing.T) []oracle.Fault {
	hangs := &rig.Hangs{Release: make(chan struct{})}
	t.Cleanup(func() { close(hangs.Release) })
	return []oracle.Fault{hangs.Fault, rig.Drips, rig.Limits(time.Second), rig.Resets}
}

// stalls is the URL of a server that takes connections and never begins to speak TLS.
func stalls(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return "https://" + l.Addr().String()
}
