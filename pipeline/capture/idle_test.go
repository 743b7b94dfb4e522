//go:build unix

package capture

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// inUse is what the process holds in memory for its own: heap and stacks, without what is garbage.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // once more, for what pools have kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// manyConnections is how many connections one process can have with both of their ends.
func manyConnections(t *testing.T, wanted int) int {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := min(wanted, int(limit.Cur-500)/2)
	if n < wanted {
		t.Logf("%d connections instead of %d: a process may open %d files", n, wanted, limit.Cur)
	}
	return n
}

func dialMany(t *testing.T, r *running, n int) []net.Conn {
	t.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
	}
	t.Cleanup(func() {
		for _, conn := range conns {
			conn.Close()
		}
	})
	return conns
}

// idleBytes is what a connection may cost that is kept open between requests: ten thousand of them take less than 300 MB.
const idleBytes = 300 << 20 / 10_000

func TestIdleConnectionsAreCheap(t *testing.T) {
	n := manyConnections(t, 10_000)
	r := run(t, func(c *Config) {
		c.Limits.Connections, c.Limits.HeaderTimeout, c.Limits.IdleTimeout = 3*n, time.Hour, time.Hour
	})
	before := inUse()
	conns := dialMany(t, r, n)
	for _, conn := range conns {
		if _, err := fmt.Fprintf(conn, "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(goodEvent), goodEvent); err != nil {
			t.Fatal(err)
		}
		readAnswer(t, conn)
	}
	if open := r.flow.open.Load(); open != int64(n) {
		t.Errorf("%d connections are open, want %d", open, n)
	}
	r.log.take(t) // what the test itself keeps
	each := (inUse() - before) / int64(n)
	t.Logf("%d idle connections take %d bytes each", n, each)
	if each > idleBytes || each < 1000 {
		t.Errorf("an idle connection takes %d bytes, want at most %d, and what is measured to be there", each, idleBytes)
	}
	r.end(t, conns)
}

// end frees everything before another test measures.
func (r *running) end(t *testing.T, conns []net.Conn) {
	t.Helper()
	for _, conn := range conns {
		conn.Close()
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

// readAnswer reads an answer that says it is success.
func readAnswer(t *testing.T, conn net.Conn) {
	t.Helper()
	var answer strings.Builder
	for b := make([]byte, 1000); !strings.Contains(answer.String(), `{"status":"Ok"}`); {
		n, err := conn.Read(b)
		if err != nil {
			t.Fatalf("%v after %s", err, answer.String())
		}
		answer.Write(b[:n])
	}
}

// Many clients that send their headers byte by byte cost little, hold nobody up, and are cut off when their time is over, whatever they
// have sent by then.
func TestDrippingHeadersAreCheap(t *testing.T) {
	n := manyConnections(t, 2000)
	r := run(t, func(c *Config) { c.Limits.Connections, c.Limits.HeaderTimeout = 3*n, 2*time.Second })
	before := inUse()
	conns := dialMany(t, r, n)
	var most int64
	var dripping sync.WaitGroup
	dripping.Go(func() {
		for i := 0; r.flow.open.Load() > 1; i++ { // the last is that of the good client
			for _, conn := range conns {
				_, _ = io.WriteString(conn, dripped(i)) // fails when it is cut off, which is what is waited for
			}
			if most = max(most, inUse()-before); r.send(t, "/e", goodEvent) != 200 {
				t.Error("a good client was held up")
			}
		}
	})
	dripping.Wait()
	t.Logf("%d slow connections took %d bytes each", n, most/int64(n))
	if each := most / int64(n); each > idleBytes || each < 1000 {
		t.Errorf("they took %d bytes each, want at most %d, and what is measured to be there", each, idleBytes)
	}
	r.end(t, conns)
}

// dripped is the next piece of headers without end.
func dripped(i int) string {
	if i == 0 {
		return "POST /e HTTP/1.1\r\nHost: x\r\nX-A: "
	}
	return "a"
}
