// Package tcpproxy is a TCP proxy on loopback for tests: it stands in front of a server, and cuts, delays, half-delivers and refuses what goes
// through it, on command or by a plan.
package tcpproxy

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Proxy passes connections on to one server. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	target   string
	network  string

	mu      sync.Mutex
	plan    Plan
	open    map[*link]bool
	made    int
	stopped bool

	cuts    atomic.Int64
	running sync.WaitGroup
}

// Plan says what happens to the connection with the number n, counted from 0 for the first that the proxy ever took. It is called once for each,
// by one goroutine at a time.
type Plan func(n int) Faults

// Faults are what happens to one connection. The zero value passes everything on.
type Faults struct {
	// Refuse ends the connection at once, with a reset.
	Refuse bool
	// Up is what the client sends, Down what the server answers.
	Up, Down Flow
}

// Flow is what happens to one direction of a connection.
type Flow struct {
	// CutAfter is the number of bytes after which the whole connection ends; 0 is never. The bytes before it are delivered.
	CutAfter int64
	// Close ends the connection in order (FIN) instead of by a reset, so that the other side reads what came and then the end.
	Close bool
	// Delay is how long each piece of data waits.
	Delay time.Duration
}

// Start starts a proxy in front of target, "127.0.0.1:5432" or the path of a Unix socket, which ends with the test. Without a plan it passes
// everything on.
func Start(t testing.TB, target string) *Proxy {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: l, target: target, network: "tcp", open: map[*link]bool{}}
	if strings.HasPrefix(target, "/") {
		p.network = "unix"
	}
	p.running.Go(p.accept)
	t.Cleanup(p.stop)
	return p
}

// Addr is where clients connect: "127.0.0.1:port".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Port is the port of Addr.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// Use makes plan the one for connections from now on; nil passes everything on.
func (p *Proxy) Use(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = plan
}

// Refuse is a plan by which every connection is refused.
func Refuse(int) Faults { return Faults{Refuse: true} }

// Cut resets every connection that is open, and returns how many those were.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.cut(false)
	}
	return len(p.open)
}

// Cuts is how many connections were cut by a plan so far.
func (p *Proxy) Cuts() int { return int(p.cuts.Load()) }

// Made is how many connections the proxy has taken so far, those that it refused among them.
func (p *Proxy) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

func (p *Proxy) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Cut()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	l := &link{client: client, ended: make(chan struct{}), cuts: &p.cuts}
	if !p.take(l) {
		l.cut(false)
		return
	}
	defer p.drop(l)
	var d net.Dialer
	server, err := d.DialContext(context.Background(), p.network, p.target)
	if err != nil {
		l.cut(false)
		return
	}
	if !l.join(server) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pass(server, client, l.faults.Up) })
	both.Go(func() { l.pass(client, server, l.faults.Down) })
	both.Wait()
	l.cut(true)
}

// take enters a connection into the books and asks the plan about it. It reports false for one that is refused.
func (p *Proxy) take(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.plan != nil {
		l.faults = p.plan(p.made)
	}
	p.made++
	if p.stopped || l.faults.Refuse {
		return false
	}
	p.open[l] = true
	return true
}

func (p *Proxy) drop(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, l)
}

// link is a client's connection and the one to the server that belongs to it.
type link struct {
	faults Faults
	cuts   *atomic.Int64

	mu             sync.Mutex
	client, server net.Conn
	done           bool
	ended          chan struct{} // closed when done
}

// join takes the server's connection in, unless the link was cut meanwhile.
func (l *link) join(server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// cut ends both connections, once: in order, or by a reset.
func (l *link) cut(inOrder bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return
	}
	l.done = true
	close(l.ended)
	for _, c := range []net.Conn{l.client, l.server} {
		if tcp, ok := c.(*net.TCPConn); ok && !inOrder {
			_ = tcp.SetLinger(0)
		}
		if c != nil {
			_ = c.Close()
		}
	}
}

// pass copies one direction until it ends or its fault is due.
func (l *link) pass(to, from net.Conn, flow Flow) {
	buffer := make([]byte, 16<<10)
	left := flow.CutAfter
	for {
		n, err := from.Read(buffer)
		if flow.Delay > 0 && n > 0 && !l.wait(flow.Delay) {
			return
		}
		due := left > 0 && int64(n) >= left
		if due {
			n = int(left)
		}
		left -= int64(n)
		if _, failed := to.Write(buffer[:n]); failed != nil {
			err = failed
		}
		switch {
		case due:
			l.cuts.Add(1)
			l.cut(flow.Close)
			return
		case errors.Is(err, io.EOF):
			closeWrite(to)
			return
		case err != nil:
			l.cut(false)
			return
		}
	}
}

// wait lets time pass, and reports false when the link ended meanwhile.
func (l *link) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.ended:
		return false
	}
}

func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
