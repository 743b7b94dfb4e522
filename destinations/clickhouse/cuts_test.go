package clickhouse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
	"github.com/prickle-dev/prickle/test/tcpproxy"
)

// proxied is a proxy in front of the shared server, and the DSN of a database behind it.
func proxied(t *testing.T, protocol string) (proxy *tcpproxy.Proxy, dsn string) {
	t.Helper()
	s := clickhouse.Shared(t)
	proxy = tcpproxy.Start(t, s.AddressOver(protocol))
	return proxy, strings.Replace(s.DatabaseOver(t, protocol), s.AddressOver(protocol), proxy.Addr(), 1)
}

// TestCuts writes through a proxy that cuts, half-delivers, delays and refuses connections, and wants everything exactly once at the end. Half of the
// batches come again in other blocks, as after a lost acknowledgement.
func TestCuts(t *testing.T) { overEach(t, testCuts) }

func testCuts(t *testing.T, protocol string) {
	proxy, dsn := proxied(t, protocol)
	w := open(t, newConfig(dsn))
	defer closed(t, w)
	random := rand.New(rand.NewPCG(3, 3))
	want := map[string]string{}
	const size = 20
	failures, n := 0, 0
	for seed := range rounds(2, 25) {
		proxy.Use(tcpproxy.Random(uint64(seed), tcpproxy.Chances{Refuse: 0.1, CutUp: 0.6, CutDown: 0.6, Delay: 0.1, UpTo: 20 << 10}))
		for range 10 {
			proxy.Cut() // the connections that came through
			batch := pipelinetest.Events(n*size, (n+2)*size)
			for err := w.Send(t.Context(), batch); err != nil; err = w.Send(t.Context(), batch) {
				if failures++; pipeline.IsPermanent(err) {
					t.Fatalf("Send\n got %v\nwant an error worth another try", err)
				}
			}
			load := randomLoad(random, n, want)
			for _, err := w.Merge(t.Context(), load); err != nil; _, err = w.Merge(t.Context(), load) {
				failures++
			}
			n++
		}
	}
	proxy.Use(nil)
	proxy.Cut()
	t.Logf("%d connections, %d cut, %d calls failed", proxy.Made(), proxy.Cuts(), failures)
	if failures == 0 || proxy.Cuts() == 0 {
		t.Error("nothing was cut")
	}
	wantExactly(t, w, pipelinetest.Events(0, (n+1)*size))
	var lines []string
	for key, value := range want {
		lines = append(lines, key+"|"+value)
	}
	slices.Sort(lines)
	if diff := cmp.Diff(lines, pipelinetest.Table(t, w, "SELECT _sync_key, v FROM shop_items ORDER BY _sync_key")); diff != "" {
		t.Errorf("rows (-want +got):\n%.2000s", diff)
	}
	if got, err := w.Cursor(t.Context(), "shop"); string(got) != fmt.Sprint(n-1) || err != nil {
		t.Errorf("cursor\n got %s, %v\nwant %d", got, err, n-1)
	}
}
