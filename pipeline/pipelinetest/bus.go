package pipelinetest

import (
	"log/slog"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Bus starts an embedded bus in a directory of its own that lives as long as the test. Writes are not synced one by one: what a
// test proves about power failures it must prove with bus.Open itself.
func Bus(t testing.TB, change ...func(*bus.Config)) *bus.Bus {
	t.Helper()
	config := bus.DefaultConfig()
	config.Dir, config.Sync = t.TempDir(), "interval"
	for _, c := range change {
		c(&config)
	}
	b, err := bus.Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close bus: %v", err)
		}
	})
	return b
}
