package capture

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// pair is a self-signed certificate in two files.
type pair struct {
	t         *testing.T
	cert, key string
	serial    int64
}

func newPair(t *testing.T) *pair {
	dir := t.TempDir()
	p := &pair{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	p.write(p.issue(time.Now().Add(time.Hour)))
	return p
}

// issue makes the next certificate and its key, as PEM.
func (p *pair) issue(until time.Time) (cert, key []byte) {
	p.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	p.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(p.serial), Subject: pkix.Name{CommonName: "capture"}, DNSNames: []string{"events.example.com"},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		p.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		p.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// replace puts a file in place as whole as certbot does, with a time of its own.
func (p *pair) replace(path string, text []byte) {
	p.t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	stamp := time.Now().Add(time.Duration(p.serial) * time.Second)
	if err := os.Chtimes(path+".new", stamp, stamp); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) write(cert, key []byte) {
	p.replace(p.cert, cert)
	p.replace(p.key, key)
}

func (p *pair) config(c *Config) {
	c.TLS = &TLS{Cert: pipeline.File{Name: p.cert, Path: p.cert}, Key: pipeline.File{Name: p.key, Path: p.key}}
}

// secure returns a client that trusts the certificate which is now in the files, and does what change says.
func (p *pair) secure(change func(*tls.Config)) *http.Client {
	p.t.Helper()
	text, err := os.ReadFile(p.cert)
	if err != nil {
		p.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	config := &tls.Config{RootCAs: roots, ServerName: "events.example.com"}
	if change != nil {
		change(config)
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestTLSVersions(t *testing.T) {
	files := newPair(t)
	r := run(t, files.config)
	for version, taken := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		client := files.secure(func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version })
		answer, err := client.Post(r.URL()+"/e", "application/json", strings.NewReader(goodEvent))
		if (err == nil) != taken {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != 200 || answer.ProtoMajor != 2 || answer.TLS.Version != version {
			t.Errorf("%s: got %d by %s over %s", tls.VersionName(version), answer.StatusCode, answer.Proto, tls.VersionName(answer.TLS.Version))
		}
	}
	client, base := r.dialSelf(t)
	answer, err := client.Get(base + "/v1/projects/" + projectToken + "/settings")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if !bytes.Contains(body, []byte(`"protocol":"https"`)) {
		t.Errorf("settings say %s", body)
	}
}

// A client that knows the file of the certificate takes no other server for the project's.
func TestClientKnowsTheCertificate(t *testing.T) {
	one, other := newPair(t), newPair(t)
	r, impostor := run(t, one.config), run(t, other.config)
	client, base := r.config.Client(impostor.URL())
	defer client.CloseIdleConnections()
	if answer, err := client.Get(base + "/_liveness"); err == nil || !strings.Contains(err.Error(), "another certificate") {
		t.Errorf("got %v, %v", answer, err)
	}
}

// A renewed certificate is served to new connections; one of which only half is there yet is not, and neither does it stop anything.
func TestCertificateIsReadAgain(t *testing.T) {
	files := newPair(t)
	var log bytes.Buffer
	fx := newFixture(t, files.config)
	fx.deps.Log = slog.New(slog.NewTextHandler(&log, nil))
	c, err := newCertFiles(*fx.config.TLS, fx.deps.Log)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() int64 {
		t.Helper()
		cert, err := c.certificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return cert.Leaf.SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Fatalf("serial %d", got)
	}
	cert, key := files.issue(time.Now().Add(time.Hour))
	files.replace(files.cert, cert)
	for range 2 {
		if got := serial(); got != 1 {
			t.Errorf("with half of the new one: serial %d, want the old one", got)
		}
	}
	if n := strings.Count(log.String(), "cannot be used"); n != 1 {
		t.Errorf("the log was told %d times of the half one:\n%s", n, &log)
	}
	files.replace(files.key, key)
	if got := serial(); got != 2 {
		t.Errorf("with both: serial %d, want the new one", got)
	}
	if err := os.Remove(files.key); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != 2 {
		t.Errorf("without a key: serial %d, want the last one", got)
	}
	files.write(files.issue(time.Now().Add(-time.Hour)))
	if got := serial(); got != 3 || !strings.Contains(log.String(), "has expired") {
		t.Errorf("serial %d, and the log says\n%s", got, &log)
	}
	if strings.Contains(log.String(), "PRIVATE") {
		t.Errorf("the key is in the log:\n%s", &log)
	}
}

func TestRenewedCertificateIsServed(t *testing.T) {
	files := newPair(t)
	r := run(t, files.config)
	serial := func(client *http.Client) int64 {
		t.Helper()
		answer, err := client.Get(r.URL() + "/_liveness")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return answer.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	before := files.secure(nil)
	if got := serial(before); got != 1 {
		t.Fatalf("serial %d", got)
	}
	files.write(files.issue(time.Now().Add(time.Hour)))
	if got := serial(files.secure(nil)); got != 2 {
		t.Errorf("a new connection: serial %d, want the new one", got)
	}
	if got := serial(before); got != 1 {
		t.Errorf("the open connection does not go on: serial %d", got)
	}
}

// unencrypted is a client that speaks HTTP/2 from the first byte, as a proxy may.
func unencrypted(t *testing.T) *http.Client {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// A request in flight is answered when the server is asked to stop, whatever it came by, and the connection is closed then.
func TestRunDrainsEveryProtocol(t *testing.T) {
	files := newPair(t)
	for name, test := range map[string]struct {
		change func(*Config)
		client func() *http.Client
		proto  string
	}{
		"HTTP/2 over TLS":   {files.config, func() *http.Client { return files.secure(nil) }, "HTTP/2.0"},
		"HTTP/1 over TLS":   {files.config, func() *http.Client { return files.secure(func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }) }, "HTTP/1.1"},
		"HTTP/2 without it": {func(*Config) {}, func() *http.Client { return unencrypted(t) }, "HTTP/2.0"},
		"a Unix socket":     {onSocket(socketPath(t)), nil, "HTTP/1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, test.change)
			client, base := r.dialSelf(t)
			if test.client != nil {
				client = test.client()
			}
			if name == "HTTP/1 over TLS" {
				client.Transport.(*http.Transport).ForceAttemptHTTP2 = false
			}
			entered, proceed := make(chan struct{}), make(chan struct{})
			r.log.before = func(context.Context) error {
				close(entered)
				<-proceed
				return nil
			}
			status := make(chan *http.Response, 1)
			go func() {
				answer, err := client.Post(base+"/e", "application/json", strings.NewReader(goodEvent))
				if err != nil {
					t.Error(err)
				}
				status <- answer
			}()
			<-entered
			r.stop()
			waitUntilClosed(t, r)
			select {
			case err := <-r.done:
				t.Fatalf("Run returned %v with a request in flight", err)
			default:
			}
			close(proceed)
			if answer := <-status; answer != nil {
				if answer.StatusCode != 200 || answer.Proto != test.proto {
					t.Errorf("got %d by %s, want 200 by %s", answer.StatusCode, answer.Proto, test.proto)
				}
				answer.Body.Close()
			}
			if err := <-r.done; err != nil {
				t.Errorf("Run returned %v", err)
			}
			if open := r.flow.open.Load(); open != 0 {
				t.Errorf("%d connections are counted as open", open)
			}
			if n := len(r.log.take(t)); n != 1 {
				t.Errorf("%d events stored, want 1", n)
			}
		})
	}
}

// waitUntilClosed waits until the server takes no more connections.
func waitUntilClosed(t *testing.T, r *running) {
	t.Helper()
	for {
		conn, err := net.Dial(r.Addr().Network(), r.Addr().String())
		if err != nil {
			return
		}
		conn.Close()
	}
}

func TestTLSMistakes(t *testing.T) {
	one, other := newPair(t), newPair(t)
	file := func(path string) pipeline.File { return pipeline.File{Name: filepath.Base(path), Path: path} }
	text := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, config := range map[string]interface{ Validate() error }{
		"tls is empty":                 &TLS{},
		"tls has cert without key":     &TLS{Cert: file(one.cert)},
		"tls has key without cert":     &TLS{Key: file(one.key)},
		"tls has both files and acme":  &TLS{Cert: file(one.cert), ACME: &ACME{Domains: []string{"a.example"}}},
		"do not go together":           &TLS{Cert: file(one.cert), Key: file(other.key)},
		`cannot read "none.pem": no s`: &TLS{Cert: file("/none.pem"), Key: file(one.key)},
		"domains is empty":             &ACME{},
		`"127.0.0.1" is an address`:    &ACME{Domains: []string{"127.0.0.1"}},
		`"*.example.com" cannot be`:    &ACME{Domains: []string{"*.example.com"}},
		`"https://a.example" is no`:    &ACME{Domains: []string{"https://a.example"}},
		`"localhost" has no dot`:       &ACME{Domains: []string{"localhost"}},
		`email: "me" is no address`:    &ACME{Domains: []string{"a.example"}, Email: "me"},
		`is no https URL`:              &ACME{Domains: []string{"a.example"}, Directory: "http://ca.example/directory"},
		`http: "80" is no address`:     &ACME{Domains: []string{"a.example"}, HTTP: "80"},
		`holds no certificate in PEM`:  &ACME{Domains: []string{"a.example"}, CA: file(text)},
	} {
		if err := config.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
