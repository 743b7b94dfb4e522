package webhooks_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
	"github.com/prickle-dev/prickle/pipeline/webhooks"
)

// fixture is capture's server with the webhooks of a configuration, a log in memory and a clock that the test sets.
type fixture struct {
	http.Handler
	server *capture.Server
	hooks  map[string]*webhooks.Webhook
	now    time.Time
	logged bytes.Buffer

	mu     sync.Mutex
	lines  [][]byte
	fail   error
	counts map[string]int64
}

// Add counts for quotas.
func (f *fixture) Add(_ context.Context, key, period string, n int64) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.counts == nil {
		f.counts = map[string]int64{}
	}
	f.counts[key+" "+period] += n
	return f.counts[key+" "+period], nil
}

// Append keeps events as a real log does: as lines of its own.
func (f *fixture) Append(_ context.Context, events []pipeline.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	for i := range events {
		f.lines = append(f.lines, events[i].AppendJSON(nil))
	}
	return nil
}

// take returns what was stored since the last call.
func (f *fixture) take(t testing.TB) []pipeline.Event {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	var events []pipeline.Event
	for _, line := range f.lines {
		e, err := pipeline.ParseEvent(line)
		if err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		events = append(events, e)
	}
	f.lines = nil
	return events
}

func serve(t testing.TB, section string) *fixture {
	t.Helper()
	f := &fixture{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "prickle.yaml")
	text := "webhooks:\n" + section + "\npipelines: {web: {destinations: [warehouse]}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	hooks, err := f.load(path)
	if err != nil {
		t.Fatal(err)
	}
	f.hooks = hooks
	served := map[string]capture.Webhook{}
	for name, hook := range hooks {
		served[name] = hook
	}
	config := capture.DefaultConfig()
	config.Keys = []capture.Key{{Name: "web", Token: "phc_local"}}
	server, err := capture.New(config, capture.Deps{
		Events: f, Log: slog.New(slog.NewTextHandler(&f.logged, nil)), Now: func() time.Time { return f.now }, Webhooks: served, Counters: f,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Handler, f.server = server.Handler(), server
	return f
}

// load makes the webhooks of a project's file, as package app does.
func (f *fixture) load(path string) (map[string]*webhooks.Webhook, error) {
	project, err := configs.Load(path, configs.Options{})
	if err != nil {
		return nil, err
	}
	hooks := map[string]*webhooks.Webhook{}
	for _, part := range project.Webhooks {
		config := webhooks.DefaultConfig()
		if err := errors.Join(webhooks.CheckKeys(part.Has), part.Decode(&config)); err != nil {
			return nil, err
		}
		env := pipeline.Env{Log: slog.New(slog.NewTextHandler(&f.logged, nil)), Now: func() time.Time { return f.now }}
		if hooks[part.Name], err = webhooks.New(part.Name, config, env); err != nil {
			return nil, project.Explain(err)
		}
	}
	return hooks, nil
}

func (f *fixture) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// post posts a body with headers, which are names and values in turn.
func (f *fixture) post(path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.7:1234"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return f.do(r)
}

func (f *fixture) outcome(name, outcome string) uint64 {
	return f.hooks[name].Stats().Outcomes()[outcome]
}
