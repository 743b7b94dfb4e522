package query

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Config is the `query` part of the configuration: an address where other programs ask.
type Config struct {
	// Listen is host:port; "" serves nothing. Port 0 takes a free one.
	Listen string `yaml:"listen"`
	// Keys are the read keys, of at least MinKey characters. Each of them opens everything that is in the warehouse.
	Keys pipeline.Secrets `yaml:"keys"`
	// Origins are the pages whose scripts may ask, as scheme://host; "*" is all. None is none.
	Origins []string `yaml:"origins"`
	// Rows is the most rows of one answer.
	Rows int `yaml:"rows"`
	// Timeout is the time that one answer may take, from the question to its last byte.
	Timeout time.Duration `yaml:"timeout"`
	// Concurrent is how many questions are answered at once. The next one is refused with 429.
	Concurrent int `yaml:"concurrent"`
}

// MinKey is the length of the shortest key, in characters.
const MinKey = 16

// DefaultConfig returns the defaults, with which nothing is served.
func DefaultConfig() Config { return Config{Rows: 1_000_000, Timeout: 30 * time.Second, Concurrent: 4} }

// On reports whether anything is to be served.
func (c *Config) On() bool { return c.Listen != "" }

// Validate reports every mistake, joined.
func (c *Config) Validate() error {
	errs := []error{c.validateListen()}
	seen := map[pipeline.Secret]bool{}
	for i, key := range c.Keys {
		switch {
		case len(key) < MinKey:
			errs = append(errs, mistake(`a key opens every event: make one with "openssl rand -hex 24"`, "query.keys: key %d is shorter than %d characters", i+1, MinKey))
		case seen[key]:
			errs = append(errs, mistake("remove one", "query.keys: key %d is there twice", i+1))
		}
		seen[key] = true
	}
	for _, origin := range c.Origins {
		u, err := url.Parse(origin)
		if origin != "*" && (err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host) {
			errs = append(errs, mistake(`write for example "https://dashboard.example.com", or "*" for all pages`, "query.origins: %q is no origin", origin))
		}
	}
	if c.Rows < 1 {
		errs = append(errs, errors.New("query.rows: want at least 1"))
	}
	if c.Timeout <= 0 {
		errs = append(errs, errors.New("query.timeout: want more than 0"))
	}
	if c.Concurrent < 1 {
		errs = append(errs, errors.New("query.concurrent: want at least 1"))
	}
	return errors.Join(errs...)
}

func (c *Config) validateListen() error {
	if !c.On() {
		if len(c.Keys) > 0 {
			return mistake(`write for example "127.0.0.1:8002"`, "query.listen: there are keys and no address")
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return mistake(`write for example "127.0.0.1:8002"`, "query.listen: %q is no host:port", c.Listen)
	}
	if len(c.Keys) == 0 {
		return mistake(`add one, for example keys: ["${PRICKLE_QUERY_KEY}"]`, "query.keys: no key")
	}
	return nil
}

// Conflict reports a read key that is a capture key too: those are in every page and app that sends events.
func (c *Config) Conflict(tokens []pipeline.Secret) error {
	var errs []error
	for i, key := range c.Keys {
		for _, token := range tokens {
			if key == token {
				errs = append(errs, mistake("whoever can send events could read all of them: use another key", "query.keys: key %d is a key of capture too", i+1))
			}
		}
	}
	return errors.Join(errs...)
}

func mistake(hint, format string, args ...any) error {
	err := pipeline.Errorf(pipeline.Pos{}, "%s", fmt.Sprintf(format, args...))
	err.Hint = hint
	return err
}
