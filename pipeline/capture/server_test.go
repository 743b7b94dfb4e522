package capture

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// running is a server that Run serves on a free port.
type running struct {
	*fixture
	client *http.Client
	stop   context.CancelFunc
	done   chan error
}

func run(t *testing.T, change ...func(*Config)) *running {
	t.Helper()
	return runFixture(t, newFixture(t, change...))
}

func runFixture(t *testing.T, fx *fixture) *running {
	t.Helper()
	if err := fx.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{fixture: fx, client: &http.Client{Transport: &http.Transport{}}, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- fx.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		r.client.CloseIdleConnections()
	})
	return r
}

func (r *running) url(path string) string { return "http://" + r.Addr().String() + path }

func (r *running) send(t *testing.T, path, body string) int {
	t.Helper()
	answer, err := r.client.Post(r.url(path), "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func TestListenOnTakenPort(t *testing.T) {
	first := run(t)
	taken := newFixture(t, func(c *Config) { c.Listen = first.Addr().String() })
	err := taken.Listen()
	want := fmt.Sprintf("capture: %s is in use by another program: ", first.Addr())
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s…", err, want)
	}
	if err := taken.Run(t.Context()); err == nil {
		t.Error("Run started without a port")
	}
	first.stop()
	if err := <-first.done; err != nil {
		t.Error(err)
	}
}

func TestRunDrainsRequestsInFlight(t *testing.T) {
	r := run(t)
	entered, proceed := make(chan struct{}), make(chan struct{})
	r.log.before = func(context.Context) error {
		close(entered)
		<-proceed
		return nil
	}
	status := make(chan int, 1)
	go func() { status <- r.send(t, "/e", goodEvent) }()
	<-entered
	r.stop()
	select {
	case err := <-r.done:
		t.Fatalf("Run returned %v with a request in flight", err)
	case s := <-status:
		t.Fatalf("answered %d before the log did", s)
	default:
	}
	close(proceed)
	if got := <-status; got != 200 {
		t.Errorf("status %d, want 200", got)
	}
	if err := <-r.done; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if n := len(r.log.take(t)); n != 1 {
		t.Errorf("%d events stored, want 1", n)
	}
}

func TestRunCutsOffAfterDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(c *Config) { c.Limits.AppendTimeout = time.Hour })
		entered, cancelled, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
		fx.log.before = func(ctx context.Context) error {
			close(entered)
			<-ctx.Done()
			close(cancelled)
			<-release
			return ctx.Err()
		}
		conn, stop, done := talk(t, fx)
		request := fmt.Sprintf("POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(goodEvent), goodEvent)
		if _, err := conn.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		<-entered
		start := time.Now()
		stop()
		<-cancelled
		if waited, want := time.Since(start), fx.config.Limits.DrainTimeout; waited != want {
			t.Errorf("waited %s, want %s", waited, want)
		}
		synctest.Wait()
		select {
		case err := <-done:
			t.Errorf("Run returned %v while a handler was running", err)
		default:
		}
		close(release)
		if answer, _ := io.ReadAll(conn); bytes.Contains(answer, []byte(" 200 ")) {
			t.Errorf("a request that was cut off was answered with success: %s", answer)
		}
		if err := <-done; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestReadiness(t *testing.T) {
	fx := newFixture(t)
	fx.deps.Ready = func(context.Context) error { return ErrUnavailable }
	w := fx.do(mustRequest(t, "GET", "/_readiness", nil))
	checkError(t, w, 503, "not_ready")
}

func mustRequest(t *testing.T, method, target string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pipeListener hands out one end of a net.Pipe, whose deadlines follow the bubble's clock.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// talk serves one connection on the clock of a bubble. It returns the client's end, and how to stop Run and what it returned.
func talk(t *testing.T, fx *fixture) (conn net.Conn, stop context.CancelFunc, returned <-chan error) {
	t.Helper()
	l := &pipeListener{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	server, client := net.Pipe()
	l.conns <- server
	fx.listener = l
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- fx.Run(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		client.Close()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return client, stop, done
}

func TestSlowBodyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		conn, _, _ := talk(t, fx)
		start := time.Now()
		if _, err := conn.Write([]byte("POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"event\":")); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != 408 || !bytes.Contains(body, []byte("body_timeout")) {
			t.Errorf("got %d %s, want 408", answer.StatusCode, body)
		}
		if waited := time.Since(start); waited != fx.config.Limits.BodyTimeout {
			t.Errorf("waited %s, want %s", waited, fx.config.Limits.BodyTimeout)
		}
	})
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		conn, _, _ := talk(t, fx)
		start := time.Now()
		if _, err := conn.Write([]byte("POST /e HTTP/1.1\r\nHost:")); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, conn)
		if waited := time.Since(start); waited != fx.config.Limits.HeaderTimeout {
			t.Errorf("waited %s, want %s", waited, fx.config.Limits.HeaderTimeout)
		}
	})
}

// A log that takes longer than the body's deadline must not have its request cancelled by that deadline.
func TestSlowLogIsNotCutByBodyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t, func(c *Config) { c.Limits.BodyTimeout = time.Second })
		fx.log.before = func(ctx context.Context) error {
			select {
			case <-time.After(10 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		conn, _, _ := talk(t, fx)
		if _, err := fmt.Fprintf(conn, "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(goodEvent), goodEvent); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != 200 {
			t.Errorf("status %d, want 200", answer.StatusCode)
		}
	})
}

func TestLogThatNeverAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fx := newFixture(t)
		fx.log.before = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		start := time.Now()
		checkError(t, fx.do(mustRequest(t, "POST", "/e", strings.NewReader(goodEvent))), 503, "timeout")
		if waited := time.Since(start); waited != fx.config.Limits.AppendTimeout {
			t.Errorf("waited %s, want %s", waited, fx.config.Limits.AppendTimeout)
		}
	})
}

// A request that comes in while Run ends must not look answered.
func TestNoAnswerAfterRun(t *testing.T) {
	fx := newFixture(t)
	fx.leave()
	defer func() {
		if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // the value of a panic
			t.Errorf("got %v, want the connection to be closed", v)
		}
	}()
	fx.do(mustRequest(t, "POST", "/e", strings.NewReader(goodEvent)))
}

// After an error the log may still be reading the events, so the memory must not serve another request.
func TestMemoryIsLeftAloneAfterError(t *testing.T) {
	fx := newFixture(t)
	var kept []pipeline.Event
	fx.deps.Events = logFunc(func(_ context.Context, events []pipeline.Event) error {
		if kept == nil {
			kept = events
			return ErrOverloaded
		}
		return nil
	})
	body := `{"token":"` + projectToken + `","event":"%s","distinct_id":"%s","properties":{"a":"%s"}}`
	fx.do(mustRequest(t, "POST", "/e", strings.NewReader(fmt.Sprintf(body, "first", "first", "first"))))
	for range 20 {
		fx.do(mustRequest(t, "POST", "/e", strings.NewReader(fmt.Sprintf(body, "later", "later", "later"))))
	}
	if e := kept[0]; e.Name != "first" || e.DistinctID != "first" || e.Properties.String("a") != "first" {
		t.Errorf("memory was used again: %s", e.AppendJSON(nil))
	}
}

type logFunc func(context.Context, []pipeline.Event) error

func (f logFunc) Append(ctx context.Context, events []pipeline.Event) error { return f(ctx, events) }

// Requests share buffers one after the other; their events must never mix.
func TestConcurrentRequestsKeepTheirEvents(t *testing.T) {
	fx := newFixture(t)
	const workers, requests, size = 8, 50, 20
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for n := range requests {
				var b strings.Builder
				fmt.Fprintf(&b, `{"api_key":"%s","batch":[`, projectToken)
				for i := range size {
					if i > 0 {
						b.WriteByte(',')
					}
					id := fmt.Sprintf("%d-%d-%d", worker, n, i)
					fmt.Fprintf(&b, `{"event":"e%s","distinct_id":"d%s","properties":{"id":"%s","pad":"%s"}}`, id, id, id, strings.Repeat("x", n))
				}
				body := b.String() + "]}"
				if n%2 == 1 {
					body = pipelinetest.Gzip(body)
				}
				if w := fx.do(mustRequest(t, "POST", "/batch", strings.NewReader(body))); w.Code != 200 {
					t.Errorf("status %d %s", w.Code, w.Body)
				}
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, e := range fx.log.take(t) {
		id := e.Properties.String("id")
		if e.Name != "e"+id || e.DistinctID != "d"+id {
			t.Fatalf("mixed event: %s", e.AppendJSON(nil))
		}
		seen[id] = true
	}
	if len(seen) != workers*requests*size {
		t.Errorf("%d events stored, want %d", len(seen), workers*requests*size)
	}
	if got := fx.Stats().Accepted.Load(); got != workers*requests*size {
		t.Errorf("%d events counted, want %d", got, workers*requests*size)
	}
}

func TestNewRefusesBadConfig(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"capture.keys: no key":                            func(c *Config) { c.Keys = nil },
		`both named "posthog"`:                            func(c *Config) { c.Keys[1].Name = "posthog" },
		"keys 1 and 2 have the same token":                func(c *Config) { c.Keys[1].Token = projectToken },
		"token of key 5 (key-5) is empty":                 func(c *Config) { c.Keys = append(c.Keys, Key{}) },
		"has blanks around it":                            func(c *Config) { c.Keys[0].Token = " x" },
		"is longer than 64 characters":                    func(c *Config) { c.Keys[0].Token += "0123456789012345678901234567890123456789" },
		"has characters other than ASCII":                 func(c *Config) { c.Keys[0].Token = "é" },
		`capture.listen: "8000" is no host:port`:          func(c *Config) { c.Listen = "8000" },
		`capture.trusted_proxies: "lan" is no address`:    func(c *Config) { c.TrustedProxies = []string{"lan"} },
		"capture.limits.body: want more than 0":           func(c *Config) { c.Limits.Body = 0 },
		"capture.limits.append_timeout: want more than 0": func(c *Config) { c.Limits.AppendTimeout = -1 },
	} {
		config := testConfig()
		change(&config)
		_, err := New(config, Deps{Events: &memoryLog{}, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestUnnamedKeys(t *testing.T) {
	var short Key
	if token, ok := short.Short().(*pipeline.Secret); !ok || token != &short.Token {
		t.Errorf("the short form of a key is its token, got %T", short.Short())
	}
	if got := keyName([]Key{{Token: "a"}}, 0); got != "default" {
		t.Errorf("got %q, want default", got)
	}
	if got := keyName([]Key{{Token: "a"}, {Token: "b"}}, 1); got != "key-2" {
		t.Errorf("got %q, want key-2", got)
	}
}
