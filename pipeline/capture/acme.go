package capture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// authority gets certificates by ACME and keeps them in a folder. It proves that a domain leads here by answering handshakes on the same
// port (TLS-ALPN-01), and when that fails on a port without TLS, if there is one (HTTP-01).
type authority struct {
	config  ACME
	manager *autocert.Manager
	log     *slog.Logger
	running context.Context
	stop    context.CancelFunc

	plain  net.Listener // nil without HTTP-01
	served sync.WaitGroup

	mu     sync.Mutex
	warned time.Time
}

func newAuthority(config ACME, dir string, log *slog.Logger) (*authority, error) {
	if dir == "" {
		return nil, errors.New("a folder for certificates is required")
	}
	a := &authority{config: config, log: log}
	a.running, a.stop = context.WithCancel(context.Background())
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if config.CA.Path != "" {
		roots, err := loadRoots(config.CA)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	directory := config.Directory
	if directory == "" {
		directory = acme.LetsEncryptURL
	}
	a.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(dir), HostPolicy: autocert.HostWhitelist(config.Domains...), Email: config.Email,
		Client: &acme.Client{DirectoryURL: directory, UserAgent: "prickle", HTTPClient: &http.Client{Timeout: time.Minute, Transport: stoppable{a.running, transport}}},
	}
	return a, nil
}

// stoppable ends requests when running ends. The library takes no context.
type stoppable struct {
	running context.Context
	*http.Transport
}

// RoundTrip implements http.RoundTripper.
func (s stoppable) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	forget := context.AfterFunc(s.running, cancel)
	context.AfterFunc(ctx, func() { forget() }) // the library ends its context when it has its certificate
	return s.Transport.RoundTrip(r.WithContext(ctx))
}

// listen takes the port without TLS.
func (a *authority) listen() error {
	if a.config.HTTP == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.config.HTTP)
	if err != nil {
		return fmt.Errorf("capture: listen on %s for tls.acme.http: %w", a.config.HTTP, err)
	}
	a.plain = l
	return nil
}

// answer serves what the authority asks without TLS, and sends everybody else to https.
func (a *authority) answer(limits Limits) {
	if a.plain == nil {
		return
	}
	answers := a.manager.HTTPHandler(nil)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if host, _, err := net.SplitHostPort(r.Host); err == nil {
				r.Host = host // the library knows domains without ports
			}
			answers.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: limits.HeaderTimeout, ReadTimeout: limits.HeaderTimeout, WriteTimeout: limits.HeaderTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.served.Go(func() {
		if err := server.Serve(a.plain); a.running.Err() == nil {
			a.log.Error("the authority is not answered without TLS any more", "address", a.config.HTTP, "error", err)
		}
	})
	context.AfterFunc(a.running, func() { _ = server.Close() })
}

// begin gets the certificates that are missing, so that nobody has to wait for one and the log tells at once when there is trouble. It
// does not wait; what is under way ends with close.
func (a *authority) begin() {
	for _, domain := range a.config.Domains {
		hello := &tls.ClientHelloInfo{ServerName: domain, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
		go func() {
			if cert, err := a.certificate(hello); err == nil {
				a.log.Info("serving a certificate by ACME", "domain", domain, "until", cert.Leaf.NotAfter)
			}
		}()
	}
}

func (a *authority) close() {
	a.stop()
	if a.plain != nil {
		_ = a.plain.Close() // it may be closed already
	}
	a.served.Wait()
	a.manager.Client.HTTPClient.CloseIdleConnections()
}

// certificate is a tls.Config's GetCertificate. It tells the operator why there is none, at most once a minute.
func (a *authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	cert, err := a.manager.GetCertificate(hello)
	known := slices.ContainsFunc(a.config.Domains, func(d string) bool { return strings.EqualFold(d, hello.ServerName) })
	if err == nil || !known || a.running.Err() != nil {
		return cert, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if time.Since(a.warned) >= warnEvery {
		a.warned = time.Now()
		a.log.Warn("no certificate: the authority has to reach this server at port 443 of the domain, or at port 80 with tls.acme.http; connections for it are refused until then, and it is tried again",
			"domain", hello.ServerName, "error", err)
	}
	return cert, err
}
