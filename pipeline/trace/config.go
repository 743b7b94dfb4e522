package trace

import (
	"errors"
	"maps"
	"net/url"
	"slices"

	"golang.org/x/net/http/httpguts"

	"github.com/prickle-dev/prickle/pipeline"
)

// Config is the `telemetry` part of the configuration.
type Config struct {
	// OTLP is the address of a collector that takes OTLP over HTTP, for example "http://127.0.0.1:4318". "/v1/traces" is added when it has no
	// path. Empty switches tracing off.
	OTLP string `yaml:"otlp"`
	// Sample is the part of the requests that is traced, above 0 and up to 1. A request that comes with a traceparent header is traced when that
	// says so, and not when it says no.
	Sample float64 `yaml:"sample"`
	// Headers are sent with every export, for example a key.
	Headers map[string]pipeline.Secret `yaml:"headers"`
}

// DefaultConfig returns the defaults: off, and one request in a hundred once it is on.
func DefaultConfig() Config { return Config{Sample: 0.01} }

// Validate reports everything that is wrong with the settings.
func (c *Config) Validate() error {
	var errs []error
	mistake := func(hint, format string, args ...any) {
		err := pipeline.Errorf(pipeline.Pos{}, format, args...)
		err.Hint = hint
		errs = append(errs, err)
	}
	if _, err := c.endpoint(); err != nil {
		mistake(`write for example "http://127.0.0.1:4318"`, "telemetry.otlp: %v", err)
	}
	if c.Sample <= 0 || c.Sample > 1 {
		mistake("leave telemetry.otlp out to switch tracing off", "telemetry.sample: want more than 0 and at most 1, got %v", c.Sample)
	}
	if c.OTLP == "" && len(c.Headers) > 0 {
		mistake("add otlp, or remove the headers", "telemetry.headers: there is no telemetry.otlp to send them to")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(string(c.Headers[name])) {
			mistake("", "telemetry.headers: %q, or its value, cannot be a header", name)
		}
	}
	return errors.Join(errs...)
}

// endpoint is where to post to, "" for nowhere. Its errors quote nothing, for an address may hold a password.
func (c *Config) endpoint() (string, error) {
	if c.OTLP == "" {
		return "", nil
	}
	u, err := url.Parse(c.OTLP)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", errors.New("want an http or https address")
	case u.User != nil:
		return "", errors.New("the address holds a password; use telemetry.headers")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the address has a query; use telemetry.headers")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	return u.String(), nil
}
