package clickhouse

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/prickle-dev/prickle/pipeline"
)

// defaultDatabase is where the tables are when none is named.
const defaultDatabase = "default"

// options are those of the client library. They read the files that the configuration names, and nothing else.
func (c *Config) options() (*clickhouse.Options, error) {
	o, err := c.address()
	if err != nil {
		return nil, err
	}
	if o.Auth.Database == "" {
		o.Auth.Database = defaultDatabase
	}
	if o.TLS, err = c.tls(o.TLS); err != nil {
		return nil, err
	}
	if o.Settings == nil {
		o.Settings = clickhouse.Settings{}
	}
	method := map[string]clickhouse.CompressionMethod{
		"lz4": clickhouse.CompressionLZ4, "zstd": clickhouse.CompressionZSTD, "none": clickhouse.CompressionNone,
	}[c.Compression]
	o.Compression = &clickhouse.Compression{Method: method, Level: 1}
	o.DialTimeout = 10 * time.Second
	o.ReadTimeout = 10 * time.Minute // an insert is silent while the server works
	o.DialStrategy = dialFirst
	if o.Protocol == clickhouse.Native {
		o.DialContext = dialer(o)
	}
	o.MaxOpenConns, o.MaxIdleConns = 16, 4
	o.ConnMaxLifetime = 10 * time.Minute // so that a host that is back is found again
	o.ClientInfo.Products = append(o.ClientInfo.Products, struct{ Name, Version string }{"prickle", ""})
	return o, nil
}

// dialer connects as the client library does, and closes the connection when the context ends.
func dialer(o *clickhouse.Options) func(ctx context.Context, address string) (net.Conn, error) {
	return func(ctx context.Context, address string) (conn net.Conn, err error) {
		d := &net.Dialer{Timeout: o.DialTimeout}
		if o.TLS != nil {
			conn, err = (&tls.Dialer{NetDialer: d, Config: o.TLS}).DialContext(ctx, "tcp", address)
		} else {
			conn, err = d.DialContext(ctx, "tcp", address)
		}
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
}

// errSilent ends a try of a host that has had its share of the time.
var errSilent = errors.New("no answer in time")

// dialFirst connects to the first host that answers. Each gets a share of the time that is left, so that one that takes connections and says
// nothing does not stand for all of them.
func dialFirst(ctx context.Context, id int, o *clickhouse.Options, dial clickhouse.Dial) (clickhouse.DialResult, error) {
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(o.DialTimeout)
	}
	left := len(o.Addr)
	return clickhouse.DefaultDialStrategy(ctx, id, o, func(ctx context.Context, address string, o *clickhouse.Options) (clickhouse.DialResult, error) {
		share := time.Until(end) / time.Duration(left)
		left--
		return dialOne(ctx, share, address, o, dial)
	})
}

// dialOne ends with the context, which the client library looks at only until it waits for the server's hello. The connection outlives it.
func dialOne(ctx context.Context, share time.Duration, address string, o *clickhouse.Options, dial clickhouse.Dial) (clickhouse.DialResult, error) {
	trying, tried := context.WithTimeoutCause(ctx, share, errSilent)
	defer tried()
	dialing, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(trying, func() { cancel(context.Cause(trying)) })
	defer unwatch()
	result, err := dial(dialing, address, o)
	if err != nil && errors.Is(context.Cause(dialing), errSilent) {
		err = &net.OpError{Op: "dial", Net: "tcp", Err: errSilent} // and not that somebody had cancelled it
	}
	return result, err
}

func (c *Config) address() (*clickhouse.Options, error) {
	if c.URL == "" {
		o := &clickhouse.Options{Addr: c.Hosts, Auth: clickhouse.Auth{Database: c.Database, Username: c.User, Password: string(c.Password)}}
		if c.Protocol == "http" {
			o.Protocol = clickhouse.HTTP
		}
		if c.TLS != nil {
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		return o, nil
	}
	o, err := clickhouse.ParseDSN(secured(string(c.URL)))
	if err != nil {
		return nil, errors.New("url: " + c.redact(err.Error()))
	}
	if o.Auth.Username == "" {
		o.Auth.Username = c.User
	}
	if o.Auth.Password == "" {
		o.Auth.Password = string(c.Password)
	}
	return o, nil
}

// secured says to the client library what https:// says to everybody else.
func secured(address string) string {
	base, query, _ := strings.Cut(address, "?")
	values, err := url.ParseQuery(query)
	if err != nil || !strings.HasPrefix(base, "https://") {
		return address
	}
	values.Set("secure", "true")
	return base + "?" + values.Encode()
}

func (c *Config) tls(t *tls.Config) (*tls.Config, error) {
	if c.TLS == nil {
		return t, nil
	}
	if t == nil {
		return nil, errors.New("tls: the url has no TLS: write https://, or ?secure=true behind clickhouse://")
	}
	t.MinVersion, t.ServerName = tls.VersionTLS12, c.TLS.ServerName
	if c.TLS.CA != nil {
		pem, err := os.ReadFile(c.TLS.CA.Path)
		if err != nil {
			return nil, mistake(c.TLS.CA, "cannot be read: %v", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, mistake(c.TLS.CA, "has no certificate in PEM")
		}
	}
	switch {
	case c.TLS.Cert != nil && c.TLS.Key != nil:
		pair, err := tls.LoadX509KeyPair(c.TLS.Cert.Path, c.TLS.Key.Path)
		if err != nil {
			return nil, mistake(c.TLS.Cert, "and its key cannot be used: %v", err)
		}
		t.Certificates = []tls.Certificate{pair}
	case c.TLS.Cert != nil || c.TLS.Key != nil:
		return nil, errors.New("tls: want cert and key together")
	}
	return t, nil
}

func mistake(f *pipeline.File, format string, args ...any) error {
	return &pipeline.ConfigError{Pos: f.Pos, Message: fmt.Sprintf("%q %s", f.Name, fmt.Sprintf(format, args...))}
}

// redact takes the password out of a text, as it is written in the configuration and as it is meant.
func (c *Config) redact(text string) string {
	secrets := []string{string(c.URL), string(c.Password)}
	if u, err := url.Parse(firstHost(string(c.URL))); err == nil && u.User != nil {
		password, _ := u.User.Password()
		escaped := strings.TrimPrefix(u.User.String(), url.User(u.User.Username()).String()+":")
		secrets = append(secrets, password, escaped)
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}
