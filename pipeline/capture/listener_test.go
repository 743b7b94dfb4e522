package capture

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
)

// socketPath is short enough for a socket on every system.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "capture")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "c.sock")
}

func onSocket(path string) func(*Config) {
	return func(c *Config) { c.Listen, c.TrustedProxies = "unix:"+path, []string{"unix"} }
}

// dialSelf returns the client for a running server that the server's configuration gives.
func (r *running) dialSelf(t *testing.T) (*http.Client, string) {
	t.Helper()
	client, base := r.config.Client(r.URL())
	t.Cleanup(client.CloseIdleConnections)
	return client, base
}

func TestUnixSocket(t *testing.T) {
	path := socketPath(t)
	r := run(t, onSocket(path))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o660 {
		t.Errorf("mode %o, want 660", mode)
	}
	if r.URL() != "unix:"+path {
		t.Errorf("URL %q", r.URL())
	}
	client, base := r.dialSelf(t)
	request := mustRequest(t, "POST", base+"/e", strings.NewReader(goodEvent))
	request.Header.Set("X-Forwarded-For", "198.51.100.7")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	events := r.log.take(t)
	if answer.StatusCode != 200 || len(events) != 1 || events[0].Properties.String("$ip") != "198.51.100.7" {
		t.Errorf("status %d, events %v, want one from the client that the proxy names", answer.StatusCode, events)
	}
	live := newFixture(t, onSocket(path)).Listen()
	if live == nil || !strings.Contains(live.Error(), "in use by a running process") {
		t.Errorf("a second server: %v", live)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the second server took the socket away: %v", err)
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there after the stop: %v", err)
	}
}

// Who connects to the socket is not believed unless the configuration says so.
func TestUnixSocketWithoutTrust(t *testing.T) {
	r := run(t, onSocket(socketPath(t)), func(c *Config) { c.TrustedProxies = nil })
	client, base := r.dialSelf(t)
	request := mustRequest(t, "POST", base+"/e", strings.NewReader(goodEvent))
	request.Header.Set("X-Forwarded-For", "198.51.100.7")
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if events := r.log.take(t); len(events) != 1 || events[0].Properties.String("$ip") != "" {
		t.Errorf("events %v, want one without an address", events)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := socketPath(t)
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false) // as a kill leaves it
	left.Close()
	r := run(t, onSocket(path))
	client, base := r.dialSelf(t)
	answer, err := client.Get(base + "/_liveness")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("status %d", answer.StatusCode)
	}
}

func TestFileInPlaceOfSocketIsKept(t *testing.T) {
	path := socketPath(t)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newFixture(t, onSocket(path)).Listen(); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

// proxied sends an event behind what a proxy says first, and returns the address that was noted, or "closed".
func proxied(t *testing.T, r *running, preamble []byte) string {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "%sPOST /e HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", preamble, len(goodEvent), goodEvent)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	events := r.log.take(t)
	if err != nil || answer.StatusCode >= 400 {
		if len(events) > 0 {
			t.Errorf("stored without success: %v", events)
		}
		return "closed"
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	return events[0].Properties.String("$ip")
}

func proxyHeader(t *testing.T, version byte, from string) []byte {
	t.Helper()
	header := &proxyproto.Header{
		Version: version, Command: proxyproto.PROXY, TransportProtocol: proxyproto.TCPv4,
		SourceAddr:      net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from)),
		DestinationAddr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:443")),
	}
	text, err := header.Format()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestProxyProtocol(t *testing.T) {
	speaks := func(proxy string) func(*Config) {
		return func(c *Config) { c.ProxyProtocol, c.TrustedProxies = true, []string{proxy} }
	}
	trusting, other := run(t, speaks("127.0.0.1")), run(t, speaks("10.0.0.0/8"))
	v1, v2 := proxyHeader(t, 1, "198.51.100.7:4000"), proxyHeader(t, 2, "198.51.100.8:4000")
	for _, test := range []struct {
		name     string
		server   *running
		preamble string
		want     string
	}{
		{"version 1", trusting, string(v1), "198.51.100.7"},
		{"version 2", trusting, string(v2), "198.51.100.8"},
		{"unknown client", trusting, "PROXY UNKNOWN\r\n", "127.0.0.1"},
		{"none from a proxy", trusting, "", "closed"},
		{"damaged", trusting, "PROXY TCP4 nonsense\r\n", "closed"},
		{"cut off", trusting, string(v2[:20]), "closed"},
		{"none from elsewhere", other, "", "127.0.0.1"},
		{"version 1 from elsewhere", other, string(v1), "closed"},
		{"version 2 from elsewhere", other, string(v2), "closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := proxied(t, test.server, []byte(test.preamble)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	for _, r := range []*running{trusting, other} {
		client, base := r.dialSelf(t)
		answer, err := client.Get(base + "/_liveness")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
}

// Which proxies are trusted may change while the server runs.
func TestProxyProtocolFollowsTheConfiguration(t *testing.T) {
	r := run(t, func(c *Config) { c.ProxyProtocol, c.TrustedProxies = true, []string{"10.0.0.1"} })
	v1 := proxyHeader(t, 1, "198.51.100.7:4000")
	if got := proxied(t, r, v1); got != "closed" {
		t.Errorf("before: %s", got)
	}
	config := r.config
	config.TrustedProxies = []string{"127.0.0.1"}
	next, err := New(config, r.deps)
	if err != nil {
		t.Fatal(err)
	}
	r.Adopt(next)
	if got := proxied(t, r, v1); got != "198.51.100.7" {
		t.Errorf("after: %s", got)
	}
}

// A proxy that says nothing is cut off as a client is that sends no headers.
func TestSilentProxyIsCutOff(t *testing.T) {
	const limit = 100 * time.Millisecond
	r := run(t, func(c *Config) {
		c.ProxyProtocol, c.TrustedProxies, c.Limits.HeaderTimeout = true, []string{"127.0.0.1"}, limit
	})
	conn, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	start := time.Now()
	_, _ = io.Copy(io.Discard, conn) // returns when the server closes
	if waited := time.Since(start); waited < limit {
		t.Errorf("closed after %s, want %s", waited, limit)
	}
}

func TestListenerMistakes(t *testing.T) {
	for want, change := range map[string]func(*Config){
		`capture.listen: "unix:c.sock" has no absolute path`:    func(c *Config) { c.Listen = "unix:c.sock" },
		"at most 107 bytes, got 200":                            func(c *Config) { c.Listen = "unix:/" + strings.Repeat("a", 199) },
		"capture.tls has no meaning for a Unix socket":          func(c *Config) { c.Listen, c.TLS = "unix:/c", &TLS{ACME: &ACME{Domains: []string{"a.example"}}} },
		"proxy_protocol has no meaning without trusted_proxies": func(c *Config) { c.ProxyProtocol = true },
		`capture.trusted_proxies: "unix:/c" is no address`:      func(c *Config) { c.TrustedProxies = []string{"unix:/c"} },
		`capture.listen: "8000" is no host:port`:                func(c *Config) { c.Listen = "8000" },
	} {
		config := testConfig()
		change(&config)
		_, err := New(config, Deps{Events: &memoryLog{}, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
