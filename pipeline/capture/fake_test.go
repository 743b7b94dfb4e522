package capture

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// memoryLog keeps events as a real log does: as lines of its own, so that reuse of capture's memory would show.
type memoryLog struct {
	mu     sync.Mutex
	lines  [][]byte
	fail   error
	before func(ctx context.Context) error
}

func (l *memoryLog) Append(ctx context.Context, events []pipeline.Event) error {
	if l.before != nil {
		if err := l.before(ctx); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	for i := range events {
		l.lines = append(l.lines, events[i].AppendJSON(nil))
	}
	return nil
}

// take returns what was appended since the last call.
func (l *memoryLog) take(t *testing.T) []pipeline.Event {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var events []pipeline.Event
	for _, line := range l.lines {
		e, err := pipeline.ParseEvent(line)
		if err != nil {
			t.Fatalf("stored line does not parse: %v\n%s", err, line)
		}
		events = append(events, e)
	}
	l.lines = nil
	return events
}

const projectToken = "phc_test_project_key_0001"

func testConfig() Config {
	c := DefaultConfig()
	c.Listen = "127.0.0.1:0"
	c.Keys = []Key{
		{Name: "posthog", Token: projectToken},
		{Name: "wk1", Token: "wk_test_0001"},
		{Name: "wk2", Token: "wk_test_0002"},
		{Name: "wk3", Token: "wk_test_0003"},
	}
	return c
}

// fixture is a server with a memory log and a clock that the test sets.
type fixture struct {
	*Server
	log    *memoryLog
	counts *memoryCounters
	salts  *memorySalts
	now    time.Time
}

// memoryCounters are shared by the servers of one test, as those of the bus are by processes.
type memoryCounters struct {
	mu   sync.Mutex
	sums map[string]int64
	fail error
}

func (c *memoryCounters) Add(_ context.Context, key, period string, n int64) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return 0, c.fail
	}
	if c.sums == nil {
		c.sums = map[string]int64{}
	}
	c.sums[key+" "+period] += n
	return c.sums[key+" "+period], nil
}

func (c *memoryCounters) set(fail error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = fail
}

func (c *memoryCounters) sum(key, period string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sums[key+" "+period]
}

func newFixture(t testing.TB, change ...func(*Config)) *fixture {
	t.Helper()
	config := testConfig()
	for _, f := range change {
		f(&config)
	}
	fx := &fixture{log: &memoryLog{}, counts: &memoryCounters{}, salts: &memorySalts{}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s, err := New(config, Deps{
		Events: fx.log, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return fx.now }, Counters: fx.counts, Salts: fx.salts,
	})
	if err != nil {
		t.Fatal(err)
	}
	fx.Server = s
	return fx
}

func (fx *fixture) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	fx.Handler().ServeHTTP(w, r)
	return w
}
