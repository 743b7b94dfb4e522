package webhook

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// Config is the destination's part of the configuration.
type Config struct {
	// URL is where requests go. It may hold credentials, so it is never shown.
	URL pipeline.Secret `yaml:"url,required"`
	// Method is POST, PUT or PATCH. Default: POST.
	Method string `yaml:"method"`
	// Headers are sent with each request; the values are templates. They replace the ones that are sent by default.
	Headers map[string]pipeline.Code `yaml:"headers"`
	// Body is sent as JSON; its texts are templates. Default: the event.
	Body *pipeline.Tree `yaml:"body"`
	// Array sends a batch as one JSON array.
	Array bool `yaml:"array"`
	// SigningSecret is the key of X-Prickle-Signature. Empty means no signature.
	SigningSecret pipeline.Secret `yaml:"signing_secret"`
}

// Validate checks the address, the method and the names of headers.
func (c *Config) Validate() error {
	var errs []error
	if u, err := url.Parse(string(c.URL)); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		errs = append(errs, &pipeline.ConfigError{Message: "url: want an address that starts with http:// or https://"})
	}
	if !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, c.Method) {
		errs = append(errs, &pipeline.ConfigError{Message: "unknown method \"" + c.Method + "\"", Hint: "write POST, PUT or PATCH"})
	}
	for _, name := range c.headerNames() {
		if !isToken(name) {
			errs = append(errs, pipeline.Errorf(c.Headers[name].Pos, "%q cannot be the name of a header", name))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) headerNames() []string { return slices.Sorted(maps.Keys(c.Headers)) }

// isToken reports whether name is a token in the sense of RFC 9110, 5.6.2.
func isToken(name string) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", c) {
			return false
		}
	}
	return name != ""
}
