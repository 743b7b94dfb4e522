package capture

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/pires/go-proxyproto"
)

// Address is where a server of this configuration is reached when it runs, in the form of Server.URL.
func (c *Config) Address() string {
	if strings.HasPrefix(c.Listen, unixScheme) {
		return c.Listen
	}
	return c.scheme() + c.Listen
}

// Client returns a client for a server of this configuration on the same machine, and what its URLs begin with. The address is Server.URL.
// The server's certificate is known by its file, since it hardly names the address.
func (c *Config) Client(address string) (client *http.Client, base string) {
	dialer := &net.Dialer{}
	path, isSocket := strings.CutPrefix(address, unixScheme)
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if isSocket {
			network, addr = "unix", path
		}
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if err := c.greet(conn); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, nil
	}
	transport := &http.Transport{DialContext: dial, ForceAttemptHTTP2: true}
	if c.TLS != nil {
		transport.TLSClientConfig = c.TLS.client()
	}
	if isSocket {
		address = "http://localhost"
	} else {
		transport.Proxy = http.ProxyFromEnvironment
	}
	return &http.Client{Transport: transport}, address
}

// greet says in the PROXY protocol that this end speaks for itself, when the server takes it for a proxy.
func (c *Config) greet(conn net.Conn) error {
	trusted, err := parseProxies(c.TrustedProxies)
	if err != nil || !c.ProxyProtocol || !trusted.trustPeer(conn.LocalAddr()) {
		return err
	}
	header := &proxyproto.Header{Version: 2, Command: proxyproto.LOCAL, TransportProtocol: proxyproto.UNSPEC}
	_, err = header.WriteTo(conn)
	return err
}

func (t *TLS) client() *tls.Config {
	if t.ACME != nil {
		return &tls.Config{ServerName: t.ACME.Domains[0], MinVersion: tls.VersionTLS12}
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares it with the file
		VerifyConnection: func(state tls.ConnectionState) error {
			pair, err := loadPair(t.Cert, t.Key)
			if err != nil {
				return err
			}
			if !bytes.Equal(state.PeerCertificates[0].Raw, pair.Leaf.Raw) {
				return errors.New("the server has another certificate than the project's file")
			}
			return nil
		},
	}
}
