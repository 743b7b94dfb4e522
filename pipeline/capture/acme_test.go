package capture

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/prickle-dev/prickle/pipeline"
)

const acmeDomain = "events.example.com"

// pebble is Let's Encrypt's certificate authority for tests. It does everything that the real one does, validation included, but asks the
// port of the test instead of 443, and a name server by which every name is this machine.
type pebble struct {
	server *httptest.Server
	begin  func(httpPort, tlsPort int)
	roots  *x509.CertPool
	file   pipeline.File // by which the directory is known
}

func newPebble(t *testing.T) *pebble {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	quiet, store := log.New(io.Discard, "", 0), db.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	names := nameServer(t)
	var handler http.Handler
	begun := make(chan struct{})
	p := &pebble{roots: x509.NewCertPool()}
	p.begin = func(httpPort, tlsPort int) {
		front := wfe.New(quiet, store, va.New(quiet, httpPort, tlsPort, true, names, store), authority, []string{"pebble.example"}, true, false, 1, 1)
		handler = front.Handler()
		close(begun)
	}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-begun
		handler.ServeHTTP(w, r)
	}))
	p.server.Config.ErrorLog = quiet
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	p.roots.AppendCertsFromPEM(authority.GetRootCert(0).PEM())
	path := filepath.Join(t.TempDir(), "directory.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	p.file = pipeline.File{Name: path, Path: path}
	return p
}

// nameServer answers that every name is 127.0.0.1.
func nameServer(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		if question := q.Question[0]; question.Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)}}
		}
		w.WriteMsg(m)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ActivateAndServe()
	}()
	t.Cleanup(func() {
		s.Shutdown()
		<-done
	})
	return l.Addr().String()
}

func (p *pebble) config(dir string) func(*Config) {
	return func(c *Config) {
		c.Dir = dir
		c.TLS = &TLS{ACME: &ACME{Domains: []string{acmeDomain}, Email: "ops@example.com", Directory: p.server.URL + wfe.DirectoryPath, CA: p.file}}
	}
}

// ask sends an event over TLS as a client that wants this name and trusts the authority.
func (p *pebble) ask(t *testing.T, r *running, name string) (*http.Response, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{ServerName: name, RootCAs: p.roots}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Post(r.URL()+"/e", "application/json", strings.NewReader(goodEvent))
	if err == nil {
		answer.Body.Close()
	}
	return answer, err
}

// written waits for a file: another connection may have the certificate before it is written.
func written(path string) (info os.FileInfo, err error) {
	for began := time.Now(); time.Since(began) < 10*time.Second; runtime.Gosched() {
		if info, err = os.Stat(path); err == nil {
			break
		}
	}
	return info, err
}

func TestCertificateByACME(t *testing.T) {
	p := newPebble(t)
	dir := filepath.Join(t.TempDir(), "acme")
	r := run(t, p.config(dir))
	p.begin(closedPort(t), r.Addr().(*net.TCPAddr).Port)
	answer, err := p.ask(t, r, acmeDomain)
	if err != nil {
		t.Fatal(err)
	}
	serial := answer.TLS.PeerCertificates[0].SerialNumber
	if answer.StatusCode != 200 || len(r.log.take(t)) != 1 {
		t.Errorf("status %d, want 200 and an event stored", answer.StatusCode)
	}
	if _, err := p.ask(t, r, "other.example.com"); err == nil {
		t.Error("a certificate for a name that is not configured")
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, acmeDomain): 0o600} {
		if info, err := written(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want mode %o", path, info, err, want)
		}
	}
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	p.server.Close() // the next process does not need it
	again := run(t, p.config(dir))
	answer, err = p.ask(t, again, acmeDomain)
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.TLS.PeerCertificates[0].SerialNumber; got.Cmp(serial) != 0 {
		t.Errorf("after a restart: certificate %v, want %v", got, serial)
	}
}

// An authority that cannot reach the server gives no certificate, and the operator is told why.
func TestNoCertificateByACME(t *testing.T) {
	p := newPebble(t)
	var told syncedBuffer
	fx := newFixture(t, p.config(t.TempDir()))
	fx.deps.Log = slog.New(slog.NewTextHandler(&told, nil))
	r := runFixture(t, fx)
	p.begin(closedPort(t), closedPort(t))
	if answer, err := p.ask(t, r, acmeDomain); err == nil {
		t.Errorf("a certificate that nobody validated: %v", answer.TLS)
	}
	if text := told.String(); !strings.Contains(text, "no certificate: the authority has to reach this server at port 443") || !strings.Contains(text, acmeDomain) {
		t.Errorf("the log says:\n%s", text)
	}
}

// Where the authority does not reach the port of TLS, it is answered without, and others are sent to https there.
func TestCertificateByHTTP(t *testing.T) {
	p := newPebble(t)
	var told syncedBuffer
	fx := newFixture(t, p.config(filepath.Join(t.TempDir(), "acme")), func(c *Config) { c.TLS.ACME.HTTP = "127.0.0.1:0" })
	fx.deps.Log = slog.New(slog.NewTextHandler(&told, nil))
	r := runFixture(t, fx)
	plain := r.authority.plain.Addr().(*net.TCPAddr)
	p.begin(plain.Port, closedPort(t))
	answer, err := p.ask(t, r, acmeDomain)
	if err != nil {
		t.Fatalf("%v\n%s", err, told.String())
	}
	if answer.StatusCode != 200 || len(r.log.take(t)) != 1 {
		t.Errorf("status %d, want 200 and an event stored", answer.StatusCode)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for path, want := range map[string]int{"/e": http.StatusFound, "/.well-known/acme-challenge/x": http.StatusNotFound} {
		ask, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+plain.String()+path, nil)
		ask.Host = acmeDomain
		got, err := transport.RoundTrip(ask)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != want {
			t.Errorf("%s without TLS: %d, want %d", path, got.StatusCode, want)
		}
		if want == http.StatusFound && got.Header.Get("Location") != "https://"+acmeDomain+path {
			t.Errorf("%s is sent to %q", path, got.Header.Get("Location"))
		}
	}
	taken := newFixture(t, p.config(t.TempDir()), func(c *Config) { c.TLS.ACME.HTTP = plain.String() })
	if err := taken.Listen(); err == nil || !strings.Contains(err.Error(), "tls.acme.http") || taken.Addr() != nil {
		t.Errorf("a port that is taken: %v", err)
	}
	taken.authority.close()
}

// closedPort is one at which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// syncedBuffer takes the log of several goroutines.
type syncedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
