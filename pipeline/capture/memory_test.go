package capture

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// watchHeap returns the most that the heap has had over its size at the start until it is called.
func watchHeap() (most func() int64) {
	read := func() int64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapInuse)
	}
	runtime.GC()
	start, high, stop, stopped := read(), int64(0), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			high = max(high, read()-start)
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return high
	}
}

// stuckLog holds every append until it is let go, as a log does whose disk has become slow.
type stuckLog struct {
	memoryLog
	release chan struct{}
}

func (l *stuckLog) Append(ctx context.Context, events []pipeline.Event) error {
	select {
	case <-l.release:
		return l.memoryLog.Append(ctx, events)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Many clients that send what grows when it is decompressed, into a log that is stuck, find a bounded memory: some wait, the others are told
// to come again, health is answered meanwhile, and afterwards everybody gets through.
func TestMemoryIsBoundedUnderLoad(t *testing.T) {
	const clients, room, blank = 100, 8 << 20, 1 << 20 // 300 MB without bounds
	log := &stuckLog{release: make(chan struct{})}
	r := run(t, func(c *Config) { c.Limits.InFlight, c.Limits.Body = room, 2*blank })
	r.deps.Events = log
	body := pipelinetest.Gzip(`{"api_key":"` + projectToken + `","batch":[{"event":"e","distinct_id":"d","properties":{}}` + strings.Repeat(" ", blank) + `]}`)
	most := watchHeap()
	answers := make(chan int, clients)
	for range clients {
		go func() { answers <- r.send(t, "/batch", body) }()
	}
	got := map[int]int{}
	// Those that found room are stuck; all others have been refused.
	for len(answers) < clients-room/blank {
		if code := r.get(t, "/_liveness"); code != http.StatusOK {
			t.Fatalf("health under load: status %d", code)
		}
	}
	close(log.release)
	for range clients {
		got[<-answers]++
	}
	high := most()
	// The room is for bodies and once more for what they become; decoders at work come on top, and garbage may be as much as all of it.
	if limit := int64(2 * (2*room + 2*runtime.NumCPU()*4*blank)); high > limit {
		t.Errorf("the heap grew by %d MB, want at most %d MB", high>>20, limit>>20)
	}
	stored := len(log.take(t))
	if got[200] != stored || got[200]+got[503] != clients || got[200] == 0 || got[503] == 0 {
		t.Errorf("answers %v with %d events stored, want some 200, as many as are stored, and 503 for the others", got, stored)
	}
	if code := r.send(t, "/batch", body); code != http.StatusOK {
		t.Errorf("afterwards: status %d", code)
	}
	if !r.room.bodies.TryAcquire(room) || !r.room.decoded.TryAcquire(room) {
		t.Error("room was not given back")
	}
}

func (r *running) get(t *testing.T, path string) int {
	t.Helper()
	answer, err := r.client.Get(r.url(path))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// What a request announces costs nothing before it arrives, however many announce.
func TestAnnouncedBodiesCostNothing(t *testing.T) {
	const clients = 300
	r := run(t)
	most := watchHeap()
	var conns []net.Conn
	for range clients {
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := fmt.Fprintf(conn, "POST /batch HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
	}
	for r.stats.Held.Load() < clients { // the first byte of each has arrived
		if code := r.send(t, "/e", goodEvent); code != http.StatusOK {
			t.Fatalf("status %d", code)
		}
	}
	if high := most(); high > clients*200<<10 {
		t.Errorf("the heap grew by %d MB for %d announcements", high>>20, clients)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// Connections beyond the limit are closed, and those beyond half of it are not kept open for a next request.
func TestConnectionsAreBounded(t *testing.T) {
	r := run(t, func(c *Config) { c.Limits.Connections = 4 })
	ask := func(conn net.Conn) string {
		if _, err := conn.Write([]byte("GET /_liveness HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			return "closed"
		}
		var answer bytes.Buffer
		for buffer := make([]byte, 1000); !strings.Contains(answer.String(), "alive"); {
			n, err := conn.Read(buffer)
			answer.Write(buffer[:n])
			if err != nil {
				return "closed"
			}
		}
		if strings.Contains(answer.String(), "Connection: close") {
			return "alive, close"
		}
		return "alive"
	}
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	first, second := dial(), dial()
	if a, b := ask(first), ask(second); a != "alive" || b != "alive" {
		t.Errorf("the first half: %s, %s", a, b)
	}
	idle := []net.Conn{dial(), dial()}
	for r.flow.open.Load() < 4 { // accepted
		runtime.Gosched()
	}
	if got := ask(dial()); got != "closed" {
		t.Errorf("beyond the limit: %s", got)
	}
	if got := ask(first); got != "alive, close" {
		t.Errorf("an open one when more than half are in use: %s", got)
	}
	for _, conn := range idle {
		_ = conn.Close()
	}
	for r.flow.open.Load() > 1 {
		runtime.Gosched()
	}
	if got := ask(dial()); got != "alive" {
		t.Errorf("afterwards: %s", got)
	}
}

// A request is refused before it is read when the log takes nothing or has no room for what is announced.
func TestRefusedBeforeReading(t *testing.T) {
	for name, refuse := range map[string]func(fx *fixture) (code, retry string){
		"full": func(fx *fixture) (string, string) {
			fx.deps.Accepts = func() error { return fmt.Errorf("bus: %w", ErrUnavailable) }
			return "unavailable", "5"
		},
		"slow": func(fx *fixture) (string, string) {
			fx.deps.Accepts = func() error { return fmt.Errorf("bus: %w", ErrOverloaded) }
			return "overloaded", "1"
		},
		"no room": func(fx *fixture) (string, string) {
			fx.room.bodies.TryAcquire(int64(fx.config.Limits.InFlight) - 1000)
			return "overloaded", "1"
		},
	} {
		for _, target := range []string{"/batch", "/e", "/v1/batch"} {
			t.Run(name+target, func(t *testing.T) {
				fx := newFixture(t)
				code, retry := refuse(fx)
				r := mustRequest(t, "POST", target, unread{t})
				r.ContentLength = 3 << 20 // which every path would take
				answer := fx.do(r)
				checkError(t, answer, 503, code)
				if got := answer.Header().Get("Retry-After"); got != retry {
					t.Errorf("Retry-After %q, want %q", got, retry)
				}
				if got := fx.do(mustRequest(t, "GET", "/_liveness", nil)).Code; got != 200 {
					t.Errorf("health: status %d", got)
				}
			})
		}
	}
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// A text that finds no room is not decompressed to its end: nobody gets to see that it is no JSON.
func TestDecompressedIsAccounted(t *testing.T) {
	fx := newFixture(t)
	limit := int64(fx.config.Limits.InFlight)
	const left = 200 << 10
	if !fx.room.decoded.TryAcquire(limit - left) {
		t.Fatal("no room")
	}
	body := pipelinetest.Gzip(strings.Repeat("no JSON ", 1<<17))
	for _, target := range []string{"/batch", "/v1/batch?writeKey=wk_test_0001", "/import?api_key=wk_test_0001"} {
		checkError(t, fx.post(target, body), 503, "overloaded")
	}
	checkError(t, fx.post("/batch", pipelinetest.Gzip(strings.Repeat("no JSON ", 1000))), 400, "invalid_json")
	if !fx.room.decoded.TryAcquire(left) {
		t.Error("room was not given back")
	}
}
