package bus

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVariable); dir != "" {
		os.Exit(appendUntilKilled(dir))
	}
	goleak.VerifyTestMain(m)
}

// open opens a bus in dir and closes it with the test.
func open(t testing.TB, dir string, change ...func(*Config)) *Bus {
	t.Helper()
	config := DefaultConfig()
	config.Dir, config.Sync = dir, SyncInterval
	for _, c := range change {
		c(&config)
	}
	b, err := Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

// event makes an event whose UUID tells person and number.
func event(person, number int) pipeline.Event {
	at := time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC).Add(time.Duration(number) * time.Second)
	return pipeline.Event{
		UUID: fmt.Sprintf("%08d-0000-7000-8000-%012d", person, number), Name: "step", DistinctID: fmt.Sprintf("person-%d", person), Source: "web",
		Timestamp: at, ReceivedAt: at, Properties: pipeline.Properties(`{"n":` + fmt.Sprint(number) + `}`),
	}
}

func events(person, count int) []pipeline.Event {
	out := make([]pipeline.Event, count)
	for i := range out {
		out[i] = event(person, i)
	}
	return out
}

func uuids(events []pipeline.Event) string {
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s\n", e.UUID)
	}
	return b.String()
}

// eventually polls until ok returns "" and fails with what it said last.
func eventually(t testing.TB, ok func() string) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		why := ok()
		if why == "" {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("still not after 20 s: %s", why)
		}
	}
}
