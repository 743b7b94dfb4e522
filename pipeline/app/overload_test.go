package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/control"
)

// gate is a transform that stands still while it is closed.
type gate struct{ open chan struct{} }

func (g gate) Apply(ctx context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	select {
	case <-g.open:
		return append(out, e), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// shelf is a warehouse that remembers which events it was sent.
type shelf struct {
	pipeline.Warehouse // for what no test here asks for
	mu                 sync.Mutex
	got                map[string]bool
}

func (s *shelf) Send(_ context.Context, events []pipeline.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.got[strings.Clone(e.UUID)] = true
	}
	return nil
}

func (s *shelf) Capabilities() pipeline.Capabilities { return pipeline.Capabilities{Store: "shelf"} }

func (s *shelf) Health(context.Context) (pipeline.Health, error) { return pipeline.Health{}, nil }

// missing counts the events that it has not been sent.
func (s *shelf) missing(ids []string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if !s.got[id] {
			n++
		}
	}
	return n
}

// project is a running project of one pipeline: a gate and a shelf.
type project struct {
	t       *testing.T
	gate    gate
	shelf   *shelf
	dir     string
	status  control.Status
	stored  []string // ids that were acknowledged
	refused http.Header
}

func none() any { return &struct{}{} }

// start runs a project with the given bus section until the test ends.
func start(t *testing.T, bus string, change func(*App)) *project {
	t.Helper()
	p := newProject(t, bus)
	a := p.load()
	change(a)
	stop, done := p.run(a)
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

// newProject makes one that does not run yet.
func newProject(t *testing.T, bus string) *project {
	t.Helper()
	p := &project{t: t, gate: gate{make(chan struct{})}, shelf: &shelf{got: map[string]bool{}}, dir: t.TempDir()}
	yaml := "capture: {listen: \"127.0.0.1:0\", keys: [k]}\nbus: " + bus + "\npipelines: {web: {transforms: [{gate: {}}], destinations: [warehouse]}}\n"
	if err := os.WriteFile(p.config(), []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *project) config() string { return filepath.Join(p.dir, "prickle.yaml") }

func (p *project) load() *App {
	p.t.Helper()
	a, err := Load(p.dir, Components{
		Transforms: []pipeline.Spec[pipeline.Transform]{{Type: "gate", NewConfig: none, New: func(any, pipeline.Env) (pipeline.Transform, error) { return p.gate, nil }}},
		Warehouses: []pipeline.Spec[pipeline.Warehouse]{{
			Type: "duckdb", NewConfig: none, Batch: pipeline.Batch{Events: 100}, New: func(any, pipeline.Env) (pipeline.Warehouse, error) { return p.shelf, nil },
		}},
	}, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// run returns once it runs. done has what it ends with.
func (p *project) run(a *App) (stop func(), done <-chan error) {
	p.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan control.Status, 1), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func(st control.Status) { ready <- st }) }()
	select {
	case p.status = <-ready:
	case err := <-ended:
		p.t.Fatal(err)
	}
	return stop, ended
}

// noise is a text in which nothing repeats, so that no packing makes it smaller.
func noise(seed, size int) string {
	random := make([]byte, size/2)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(random) // always nil
	return hex.EncodeToString(random)
}

// send sends a new event of about 20 KB and returns the status. What is acknowledged is noted.
func (p *project) send() int {
	p.t.Helper()
	id := fmt.Sprintf("0196b2d0-0000-7000-8000-%012d", len(p.stored))
	body := fmt.Sprintf(`{"api_key":"k","event":"e","distinct_id":"d","uuid":%q,"properties":{"x":%q}}`, id, noise(len(p.stored), 20_000))
	answer, err := http.Post(p.status.Capture+"/batch/", "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode == http.StatusOK {
		p.stored = append(p.stored, id)
	} else {
		p.refused = answer.Header
	}
	return answer.StatusCode
}

func (p *project) get(url string) int {
	p.t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// until polls until ok returns true.
func (p *project) until(what string, ok func() bool) {
	p.t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// refuses fills the project until it refuses, and looks at what is served then.
func (p *project) refuses() {
	p.t.Helper()
	p.until("events are refused", func() bool { return p.send() != http.StatusOK })
	for range 20 { // it stays so
		if code := p.send(); code != http.StatusServiceUnavailable || p.refused.Get("Retry-After") == "" {
			p.t.Fatalf("while full: status %d, headers %v, want 503 with Retry-After", code, p.refused)
		}
	}
	for url, want := range map[string]int{
		p.status.Capture + "/_liveness": 200, p.status.Capture + "/_readiness": 503, p.status.Capture + "/flags/?v=2": 200,
		p.status.Admin + "/healthz": 200, p.status.Admin + "/readyz": 503, p.status.Admin + "/metrics": 200,
	} {
		if got := p.get(url); got != want {
			p.t.Errorf("while full, %s answers %d, want %d", url, got, want)
		}
	}
}

// overloaded fills the project until it refuses, looks at what is served meanwhile, lets it recover, and demands every acknowledged event.
func (p *project) overloaded(recover func()) {
	p.t.Helper()
	p.refuses()
	recover()
	p.until("events are stored again", func() bool { return p.send() == http.StatusOK })
	p.until("every acknowledged event arrives", func() bool { return p.shelf.missing(p.stored) == 0 })
	p.until("it is ready again", func() bool { return p.get(p.status.Capture+"/_readiness") == http.StatusOK })
}

func TestOverloadByAStuckPipeline(t *testing.T) {
	p := start(t, "{max_bytes: 1MB, sync: interval}", func(*App) {})
	p.overloaded(func() { close(p.gate.open) })
}

func TestOverloadByALowDisk(t *testing.T) {
	var free atomic.Int64
	free.Store(10 << 30)
	p := start(t, "{sync: interval}", func(a *App) { a.busConfig.Free = func() (int64, error) { return free.Load(), nil } })
	for range 3 {
		if code := p.send(); code != http.StatusOK {
			t.Fatalf("with room: status %d", code)
		}
	}
	free.Store(100 << 20)
	p.overloaded(func() {
		free.Store(10 << 30)
		close(p.gate.open)
	})
}
