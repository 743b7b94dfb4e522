package capture

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pires/go-proxyproto"
)

// unixScheme is what an address that is the path of a Unix socket begins with.
const unixScheme = "unix:"

// socketMode lets the group of the process connect, such as a web server in front.
const socketMode = 0o660

// maxSocketPath is the longest path of a socket that Linux takes.
const maxSocketPath = 107

// Listen binds the configured address. It is called at most once, before Run; Run does it when it has not been done.
func (s *Server) Listen() error {
	tlsConfig, err := s.tlsConfig()
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	l, err := listen(s.config.Listen)
	if err != nil {
		return err
	}
	if s.config.ProxyProtocol {
		l = &proxyproto.Listener{Listener: l, ConnPolicy: s.proxyPolicy, ReadHeaderTimeout: s.config.Limits.HeaderTimeout}
	}
	if s.authority != nil {
		if err := s.authority.listen(); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	s.listener, s.tls = l, tlsConfig
	return nil
}

func listen(address string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, unixScheme); ok {
		return listenUnix(path)
	}
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("capture: %s is in use by another program: stop it or set capture.listen to another address: %w", address, err)
	case err != nil:
		return nil, fmt.Errorf("capture: listen on %s: %w", address, err)
	}
	return l, nil
}

// listenUnix takes a socket. The one of a process that was killed is replaced; one that somebody answers is left alone.
func listenUnix(path string) (net.Listener, error) {
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) {
		if err := removeStale(path); err != nil {
			return nil, fmt.Errorf("capture: listen on %s%s: %w", unixScheme, path, err)
		}
		l, err = net.Listen("unix", path)
	}
	if err != nil {
		return nil, fmt.Errorf("capture: listen on %s%s: %w", unixScheme, path, err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("capture: %w", err), l.Close())
	}
	return l, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return err
	case info.Mode()&os.ModeSocket == 0:
		return errors.New("there is a file that is no socket: remove it or set capture.listen to another path")
	}
	conn, err := net.Dial("unix", path)
	switch {
	case err == nil:
		_ = conn.Close() // nothing was said
		return errors.New("the socket is in use by a running process: stop it or set capture.listen to another path")
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return err
}

// proxyPolicy wants the header of the PROXY protocol from trusted proxies and refuses it from everybody else, who could claim any address.
func (s *Server) proxyPolicy(c proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
	if s.active().proxies.trustPeer(c.Upstream) {
		return proxyproto.REQUIRE, nil
	}
	return proxyproto.REJECT, nil
}

// validateListener reports mistakes in how the server is reached.
func (c *Config) validateListener() error {
	var errs []error
	path, isSocket := strings.CutPrefix(c.Listen, unixScheme)
	if isSocket {
		switch {
		case !filepath.IsAbs(path):
			errs = append(errs, mistake("capture.listen: %q has no absolute path", `write for example "unix:/run/prickle/capture.sock"`, c.Listen))
		case len(path) > maxSocketPath:
			errs = append(errs, mistake("capture.listen: the path of a socket has at most %d bytes, got %d", "", maxSocketPath, len(path)))
		}
		if c.TLS != nil {
			errs = append(errs, mistake("capture.tls has no meaning for a Unix socket", "leave it out: the proxy in front speaks TLS"))
		}
	} else if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		errs = append(errs, mistake(`capture.listen: %q is no host:port`, `write for example "127.0.0.1:8000", or "unix:/run/prickle/capture.sock"`, c.Listen))
	}
	if c.ProxyProtocol && len(c.TrustedProxies) == 0 {
		errs = append(errs, mistake("capture.proxy_protocol has no meaning without trusted_proxies", "name the proxies that speak it"))
	}
	return errors.Join(errs...)
}

// SameConnections reports whether both speak TLS and the PROXY protocol in the same way, which a running server cannot change.
func (c *Config) SameConnections(other *Config) bool {
	return c.ProxyProtocol == other.ProxyProtocol && c.TLS.same(other.TLS)
}

// URL is where the server is reached: http://host:port, https://host:port, or unix:/path. It is "" before Listen.
func (s *Server) URL() string {
	if s.listener == nil {
		return ""
	}
	addr := s.listener.Addr()
	if addr.Network() == "unix" {
		return unixScheme + addr.String()
	}
	return s.config.scheme() + addr.String()
}

func (c *Config) scheme() string {
	if c.TLS != nil {
		return "https://"
	}
	return "http://"
}
