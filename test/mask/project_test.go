package mask

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/destinations"
	"github.com/prickle-dev/prickle/destinations/stdout"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/app"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/pipeline/trace/tracetest"
	"github.com/prickle-dev/prickle/transforms"
)

// sink is whatever was written to it.
type sink struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *sink) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// project is a running project and everything that leaves it.
type project struct {
	*testing.T
	dir            string
	app            *app.App
	status         control.Status
	stop           func()
	log, out, hook sink // the last: what the webhooks received, an event a line
	hooks          *httptest.Server
	spans          *tracetest.Collector
}

func newProject(t *testing.T) *project {
	p := &project{T: t, dir: t.TempDir(), stop: func() {}, spans: tracetest.New(t)}
	var calls atomic.Int64
	p.hooks = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var events []json.RawMessage
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &events) != nil {
			t.Errorf("a webhook received %q, %v", body, err)
		}
		for _, e := range events {
			fmt.Fprintf(&p.hook, "%s\n", e)
		}
		if calls.Add(1)%5 == 0 { // an answer that the log quotes
			http.Error(w, string(body), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(func() {
		p.stop()
		p.hooks.CloseClientConnections()
		p.hooks.Close()
	})
	return p
}

// write writes the configuration: for each pipeline the items of its transforms.
func (p *project) write(lists []string) {
	p.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "capture: {listen: \"127.0.0.1:0\", keys: [k]}\nadmin: {listen: \"127.0.0.1:0\"}\nbus: {lanes: 2, sync: interval}\ntelemetry: {otlp: %q, sample: 1}\npipelines:\n", p.spans.URL)
	for i, list := range lists {
		fmt.Fprintf(&b, "  p%d:\n    transforms:\n      - name: own\n        filter: event.name == \"%s\"\n%s", i, eventName(i), list)
		fmt.Fprintf(&b, "    destinations:\n      - stdout\n      - warehouse\n      - webhook: {url: %q, array: true, batch: {events: 20}, retry: {first: 10ms, max: 50ms}}\n", p.hooks.URL)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "prickle.yaml"), []byte(b.String()), 0o600); err != nil {
		p.Fatal(err)
	}
}

func eventName(pipeline int) string { return fmt.Sprintf("event of %d", pipeline) }

// start runs the project, until stop.
func (p *project) start() {
	p.Helper()
	a, err := app.Load(p.dir, app.Components{
		Transforms: append(transforms.All(), goMaskSpec), Destinations: p.destinations(), Warehouses: destinations.Warehouses(),
	}, app.Options{Log: slog.New(slog.NewJSONHandler(&p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		p.Fatalf("%v\n%s", err, p.configuration())
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan control.Status, 1), make(chan error, 1)
	go func() { done <- a.Run(ctx, func(st control.Status) { ready <- st }) }()
	select {
	case p.status = <-ready:
	case err := <-done:
		cancel()
		p.Fatal(err)
	}
	p.app = a
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			p.Errorf("the end of the project: %v", err)
		}
	})
}

// destinations are the real ones, of which stdout prints to where it is read.
func (p *project) destinations() []pipeline.Spec[pipeline.Destination] {
	all := destinations.All()
	for i := range all {
		if all[i].Type == stdout.Spec.Type {
			all[i].New = func(config any, _ pipeline.Env) (pipeline.Destination, error) {
				return stdout.New(*config.(*stdout.Config), &p.out), nil
			}
		}
	}
	return all
}

func (p *project) configuration() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "prickle.yaml"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// send captures events, in one request.
func (p *project) send(bodies []string) {
	answer, err := http.Post(p.status.Capture+"/batch/", "application/json", strings.NewReader(`{"api_key":"k","batch":[`+strings.Join(bodies, ",")+`]}`))
	if err != nil {
		p.Error(err)
		return
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		p.Errorf("capture: %s %s %v", answer.Status, text, err)
	}
}

// settled waits until nothing is on its way.
func (p *project) settled() {
	p.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(2 * time.Minute); ; <-tick.C {
		st, err := p.app.Status(p.Context())
		if err == nil && st.Pending+st.Retrying == 0 {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("not everything was worked in two minutes: %+v, %v", st, err)
		}
	}
}

// numbered is what a test reads of an event.
type numbered struct {
	Properties struct {
		N *int `json:"n"`
	} `json:"properties"`
}

// numbers are those of the events in lines of JSON.
func (p *project) numbers(what, lines string) map[int]bool {
	p.Helper()
	found := map[int]bool{}
	for line := range strings.Lines(lines) {
		var e numbered
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Properties.N == nil {
			p.Errorf("%s received what is no event: %v", what, err)
			continue
		}
		found[*e.Properties.N] = true
	}
	return found
}

// rows are the events in the warehouse, a line each.
func (p *project) rows() string {
	p.Helper()
	var b strings.Builder
	err := p.app.Query(p.Context(), query.Request{SQL: "SELECT to_json(e)::VARCHAR FROM events e"}, query.EachRow(func(row []any) error {
		fmt.Fprintf(&b, "%s\n", row[0])
		return nil
	}))
	if err != nil {
		p.Fatal(err)
	}
	return b.String()
}

// dead are the numbers of the dead letters.
func (p *project) dead() map[int]bool {
	p.Helper()
	var lines strings.Builder
	err := p.app.DeadLetters(p.Context(), control.DeadFilter{}, func(l control.DeadLetter) error {
		if l.Destination != "" {
			p.Errorf("a destination has dead letters: %s", l.Class)
		}
		if !holds(string(l.Event)) {
			p.Errorf("dead letter %d of class %s does not hold the event as it was captured", l.ID, l.Class)
		}
		fmt.Fprintf(&lines, "%s\n", l.Event)
		return nil
	})
	if err != nil {
		p.Fatal(err)
	}
	return p.numbers("the dead letters", lines.String())
}

// shown is what the process shows of itself.
func (p *project) shown() map[string]string {
	p.Helper()
	shown := map[string]string{}
	for _, path := range []string{"/metrics", "/books", "/readyz"} {
		answer, err := http.Get(p.status.Admin + path)
		if err != nil {
			p.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || len(text) == 0 {
			p.Fatalf("%s: %d bytes, %v", path, len(text), err)
		}
		shown[path] = string(text)
	}
	status, err := p.app.Status(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	jobs, err := p.app.Replays(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	shown["status"], shown["replays"] = quoted(status), quoted(jobs)
	return shown
}
