package capture

import (
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Config is the `capture` part of the configuration. DefaultConfig has the defaults.
type Config struct {
	// Listen is the address to bind, host:port or unix:/path. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	// TLS says where the certificate comes from; nil is HTTP without TLS.
	TLS *TLS `yaml:"tls"`
	// ProxyProtocol makes trusted proxies say who the client is by the PROXY protocol, in front of each connection.
	ProxyProtocol bool `yaml:"proxy_protocol"`
	// Keys are the project tokens and write keys that may send.
	Keys []Key `yaml:"keys"`
	// TrustedProxies are the addresses or CIDR ranges of proxies whose X-Forwarded-For and Forwarded headers are believed; "unix" is whoever
	// connects to the Unix socket.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// Recordings is what becomes of session recordings: RecordingsDrop, RecordingsRefuse or RecordingsKeep.
	Recordings string `yaml:"recordings"`
	// Static is the folder with the scripts that PostHog's web SDK loads from /static/; without one there are none.
	Static pipeline.File `yaml:"static"`
	// Limits bound what one request may cost.
	Limits Limits `yaml:"limits"`
	// Dir is the folder for certificates by ACME. It is made when it is needed.
	Dir string
}

// Key is one accepted token. In the configuration it is a mapping, or just the token.
type Key struct {
	// Name becomes the source of every event that comes in with the key. An unnamed key is called "default" when it is the only one and
	// "key-<position>" otherwise.
	Name string `yaml:"name"`
	// Token is a PostHog project token or a Segment or Rudder write key; every protocol takes every key.
	Token pipeline.Secret `yaml:"token"`
	// Allowance is how much may come in by the key.
	Allowance `yaml:",inline"`
	// Origins are the pages that may send with the key; none listed is every page. What sends no Origin is no page, and may.
	Origins []Origin `yaml:"origins"`
	// Endpoints are the protocols that the key is for; none listed is all.
	Endpoints []Endpoint `yaml:"endpoints"`
	// IdentifiedOnly, GroupType and KeepContext are about messages of Segment and RudderStack; see segment.Settings.
	IdentifiedOnly bool   `yaml:"identified_only"`
	GroupType      string `yaml:"group_type"`
	KeepContext    bool   `yaml:"keep_context"`
}

// Short lets a key be written as its token alone.
func (k *Key) Short() any { return &k.Token }

// Limits bound what one request may cost. What is over a size limit is answered with 413, what is over BodyTimeout with 408.
type Limits struct {
	Body   pipeline.Bytes `yaml:"body"`   // of a request, as sent and again when decompressed; the default leaves it to the protocol
	Event  pipeline.Bytes `yaml:"event"`  // JSON text of one event; the default leaves it to the protocol
	Events int            `yaml:"events"` // in one request; the default leaves it to the protocol
	// InFlight bounds the bodies of all requests in flight together, and once more what they are when decompressed and decoded; what finds no
	// room is answered with 503.
	InFlight pipeline.Bytes `yaml:"in_flight"`
	// Connections bounds the open connections; further ones are closed at once.
	Connections int `yaml:"connections"`

	HeaderTimeout time.Duration `yaml:"header_timeout"` // to receive a request's headers
	BodyTimeout   time.Duration `yaml:"body_timeout"`   // to receive a request's body
	IdleTimeout   time.Duration `yaml:"idle_timeout"`   // of a kept-alive connection between requests
	AppendTimeout time.Duration `yaml:"append_timeout"` // for the log to store a request's events, then 503
	DrainTimeout  time.Duration `yaml:"drain_timeout"`  // for requests in flight when the server is asked to stop
}

// DefaultConfig returns a Config with every default and no keys.
func DefaultConfig() Config {
	return Config{
		Listen: "127.0.0.1:8000", Recordings: RecordingsDrop,
		Limits: Limits{
			Body: 20 << 20, Event: 1 << 20, Events: 500_000, InFlight: 256 << 20, Connections: 4096,
			HeaderTimeout: 10 * time.Second, BodyTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
			AppendTimeout: 15 * time.Second, DrainTimeout: 20 * time.Second,
		},
	}
}

// Validate reports every mistake of the configuration, joined.
func (c *Config) Validate() error {
	errs := []error{c.Limits.validate(), c.validateKeys(), c.validateListener(), c.validateRecordings(), c.validateStatic()}
	if _, err := parseProxies(c.TrustedProxies); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *Config) validateKeys() error {
	if len(c.Keys) == 0 {
		return mistake("capture.keys: no key", `add the token that your SDKs send, for example keys: ["phc_local"]`)
	}
	var errs []error
	names, tokens := map[string]int{}, map[pipeline.Secret]int{}
	for i, k := range c.Keys {
		name := keyName(c.Keys, i)
		if first, taken := names[name]; taken {
			errs = append(errs, mistake("capture.keys: keys %d and %d are both named %q", "give each its own name", first+1, i+1, name))
		}
		if first, taken := tokens[k.Token]; taken {
			errs = append(errs, mistake("capture.keys: keys %d and %d have the same token", "remove one", first+1, i+1))
		}
		if problem := tokenProblem(string(k.Token)); problem != "" {
			errs = append(errs, mistake("capture.keys: token of key %d (%s) %s", "", i+1, name, problem))
		}
		if err := k.Validate(); err != nil {
			errs = append(errs, mistake("capture.keys: key %d (%s): %v", "", i+1, name, err))
		}
		names[name], tokens[k.Token] = i, i
	}
	return errors.Join(errs...)
}

// Names are the names of the keys, which are the sources of their events.
func (c *Config) Names() []string {
	names := make([]string, len(c.Keys))
	for i := range c.Keys {
		names[i] = keyName(c.Keys, i)
	}
	return names
}

func keyName(keys []Key, i int) string {
	switch {
	case keys[i].Name != "":
		return keys[i].Name
	case len(keys) == 1:
		return "default"
	}
	return fmt.Sprintf("key-%d", i+1)
}

func (l *Limits) validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"body", int64(l.Body)},
		{"event", int64(l.Event)},
		{"events", int64(l.Events)},
		{"in_flight", int64(l.InFlight)},
		{"connections", int64(l.Connections)},
		{"header_timeout", int64(l.HeaderTimeout)},
		{"body_timeout", int64(l.BodyTimeout)},
		{"idle_timeout", int64(l.IdleTimeout)},
		{"append_timeout", int64(l.AppendTimeout)},
		{"drain_timeout", int64(l.DrainTimeout)},
	} {
		if f.value <= 0 {
			errs = append(errs, mistake("capture.limits.%s: want more than 0", "", f.name))
		}
	}
	return errors.Join(errs...)
}

// placedMistake makes a ConfigError with its place.
func placedMistake(pos pipeline.Pos, format string, args ...any) error {
	return pipeline.Errorf(pos, format, args...)
}

// mistake makes a ConfigError without a place, which the loader fills in if it can.
func mistake(format, hint string, args ...any) error {
	err := pipeline.Errorf(pipeline.Pos{}, format, args...)
	err.Hint = hint
	return err
}
