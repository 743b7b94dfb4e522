package tcpproxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/tcpproxy"
)

// echo starts a server that sends back what it gets, and ends with the test.
func echo(t *testing.T) (addr string) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, p *tcpproxy.Proxy) *net.TCPConn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(context.Background(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// talk sends text, reads all that comes back, and returns how that ended.
func talk(t *testing.T, p *tcpproxy.Proxy, text string) (string, error) {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		return "", err // a reset may come as early as that
	}
	defer conn.Close()
	c := conn.(*net.TCPConn)
	_, err = c.Write([]byte(text))
	err = errors.Join(err, c.CloseWrite())
	back, readErr := io.ReadAll(c)
	return string(back), errors.Join(err, readErr)
}

func TestPassesOn(t *testing.T) {
	p := tcpproxy.Start(t, echo(t))
	text := string(bytes.Repeat([]byte("0123456789"), 100_000))
	if got, err := talk(t, p, text); got != text || err != nil {
		t.Errorf("through the proxy\n got %d bytes, %v\nwant %d bytes", len(got), err, len(text))
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		faults tcpproxy.Faults
		want   string
		fails  bool
		cuts   int
	}{
		"half delivered down": {tcpproxy.Faults{Down: tcpproxy.Flow{CutAfter: 4, Close: true}}, "0123", false, 1},
		"delayed":             {tcpproxy.Faults{Up: tcpproxy.Flow{Delay: time.Millisecond}, Down: tcpproxy.Flow{Delay: time.Millisecond}}, "0123456789", false, 0},
		"refused":             {tcpproxy.Faults{Refuse: true}, "", true, 0},
		"not reached":         {tcpproxy.Faults{Up: tcpproxy.Flow{CutAfter: 11}, Down: tcpproxy.Flow{CutAfter: 11}}, "0123456789", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := tcpproxy.Start(t, echo(t))
			p.Use(func(int) tcpproxy.Faults { return c.faults })
			got, err := talk(t, p, "0123456789")
			if got != c.want || (err != nil) != c.fails || p.Cuts() != c.cuts {
				t.Errorf("got %q, error %v, %d cuts\nwant %q, an error %v, %d cuts", got, err, p.Cuts(), c.want, c.fails, c.cuts)
			}
		})
	}
}

// A cut of what the client sends delivers the bytes before it to the server, and the client sees the reset.
func TestCutUp(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := tcpproxy.Start(t, l.Addr().String())
	p.Use(func(int) tcpproxy.Faults { return tcpproxy.Faults{Up: tcpproxy.Flow{CutAfter: 7, Close: true}} })
	c := dial(t, p)
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if _, err := c.Write([]byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(server); string(got) != "0123456" || err != nil {
		t.Errorf("the server\n got %q, %v\nwant 0123456", got, err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("the client\n got %d bytes\nwant an error", n)
	}
}

func TestCutOnCommand(t *testing.T) {
	p := tcpproxy.Start(t, echo(t))
	c := dial(t, p)
	if _, err := fmt.Fprint(c, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if n := p.Cut(); n != 1 {
		t.Errorf("connections cut\n got %d\nwant 1", n)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("read after the cut\n got %v\nwant a reset", err)
	}
	if got, err := talk(t, p, "again"); got != "again" || err != nil {
		t.Errorf("the next connection\n got %q, %v\nwant again", got, err)
	}
	p.Use(tcpproxy.Refuse)
	if _, err := talk(t, p, "x"); err == nil {
		t.Error("a refused connection\n got no error\nwant one")
	}
	if p.Made() != 3 {
		t.Errorf("connections made\n got %d\nwant 3", p.Made())
	}
}

func TestRandomIsRepeatable(t *testing.T) {
	chances := tcpproxy.Chances{Refuse: 0.1, CutUp: 0.5, CutDown: 0.5, Delay: 0.5}
	a, b, other := tcpproxy.Random(1, chances), tcpproxy.Random(1, chances), tcpproxy.Random(2, chances)
	same, cuts := true, 0
	for n := range 100 {
		x := a(n)
		if y := b(n); !reflect.DeepEqual(x, y) {
			t.Fatalf("connection %d\n got %+v\nwant %+v", n, y, x)
		}
		same = same && reflect.DeepEqual(x, other(n))
		if x.Up.CutAfter > 0 {
			cuts++
		}
	}
	if same || cuts < 20 || cuts > 80 {
		t.Errorf("another seed gives the same plan: %v; %d of 100 cut upwards, want about 50", same, cuts)
	}
}
