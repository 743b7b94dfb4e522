package app

import (
	"log/slog"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

func openBus(t *testing.T, dir string) *bus.Bus {
	t.Helper()
	config := bus.DefaultConfig()
	config.Dir, config.Sync = dir, bus.SyncInterval
	b, err := bus.Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func add(t *testing.T, c *counters, key, period string, n, want int64) {
	t.Helper()
	if got, err := c.Add(t.Context(), key, period, n); got != want || err != nil {
		t.Errorf("%s %s: add %d\n got %d, %v\nwant %d", key, period, n, got, err, want)
	}
}

// Counts of several processes come together, survive a restart, and old periods do not pile up.
func TestCounters(t *testing.T) {
	dir := t.TempDir()
	b := openBus(t, dir)
	c := &counters{b.State()}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				if _, err := (&counters{b.State()}).Add(t.Context(), "web", "2026-03", 5); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	add(t, c, "web", "2026-03", 0, 200)
	add(t, c, "web", "2026-03", -20, 180)
	add(t, c, "web", "2026-02", 0, 0)
	add(t, c, "Büro & co. *", "2026-03", 1, 1)
	add(t, c, "web.eu", "2026-03", 2, 2)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = openBus(t, dir)
	defer b.Close()
	c = &counters{b.State()}
	add(t, c, "web", "2026-03", 0, 180)
	add(t, c, "Büro & co. *", "2026-03", 0, 1)
	for _, period := range []string{"2026-04", "2026-05", "2026-06", "2030-01", "2026-07"} {
		add(t, c, "web", period, 7, 7)
	}
	keys, err := b.State().Keys(t.Context(), "quota.web")
	if err != nil || len(keys) != keptPeriods {
		t.Errorf("kept\n got %v, %v\nwant %d periods", keys, err, keptPeriods)
	}
	add(t, c, "web", "1970-01", 3, 3) // of a clock that is far behind
	add(t, c, "web", "1970-01", 3, 6)
	add(t, c, "web", "2026-07", 0, 7)
	add(t, c, "web.eu", "2026-03", 0, 2)
}
