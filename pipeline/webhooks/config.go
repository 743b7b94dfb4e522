package webhooks

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
)

// Config is the part of the configuration of one webhook. DefaultConfig has the defaults.
type Config struct {
	// Verify says how a request proves where it comes from. Required; to believe every request, it has to say none.
	Verify Verify `yaml:"verify"`
	// Methods are the HTTP methods that are taken: POST, GET, PUT.
	Methods []Method `yaml:"methods"`
	// Hog is a function that makes events of a request.
	Hog Hog `yaml:"hog"`
	// Map makes one event of a request by expressions, in place of Hog.
	Map Map `yaml:"map"`
	// MaxBody is how many bytes a body may have.
	MaxBody pipeline.Bytes `yaml:"max_body"`
	// KeepBody adds the exact text of the body to every event, as $webhook_body, or as $webhook_body_base64 when it is no text.
	KeepBody bool `yaml:"keep_body"`
	// Allowance is how many events may come in.
	capture.Allowance `yaml:",inline"`
}

// DefaultConfig returns a Config with every default.
func DefaultConfig() Config {
	return Config{Methods: []Method{http.MethodPost}, MaxBody: 512_000}
}

// Hog is a Hog function. Its short form is the file.
type Hog struct {
	// File is a file with the function.
	File pipeline.File `yaml:"file"`
	// Code is the function itself, in place of File.
	Code pipeline.Code `yaml:"code"`
	// Limits bound one run.
	Limits Limits `yaml:"limits"`
}

// Limits bound one run of a function. A request on which a limit is reached has failed.
type Limits struct {
	Time   time.Duration  `yaml:"time"`   // wall time; default: 500ms
	Memory pipeline.Bytes `yaml:"memory"` // of the values alive at once; default: 64MB
	Steps  int64          `yaml:"steps"`  // instructions; default: no limit but the time
}

// Short makes `hog: webhooks/stripe.hog` the file.
func (h *Hog) Short() any { return &h.File }

// Validate wants a file or code, and not both.
func (h *Hog) Validate() error {
	switch {
	case !h.given():
		return mistake("hog: want a file or code", "write for example hog: webhooks/stripe.hog")
	case h.File.Path != "" && h.Code.Text != "":
		return mistake("want either a file or code, not both", "")
	case h.Limits.Time < 0 || h.Limits.Memory < 0 || h.Limits.Steps < 0:
		return mistake("want limits of more than 0", "")
	}
	return nil
}

func (h *Hog) given() bool { return h.File.Path != "" || h.Code.Text != "" }

// Map makes one event. Everything but Properties is an expression; the names in it are body, headers, query, method, ip, text, project and
// source.
type Map struct {
	// When is a condition; a request for which it is false is answered with success and gives no event.
	When pipeline.Code `yaml:"when"`
	// Event and DistinctID are required; a number or another value that is no text counts as its JSON text.
	Event      pipeline.Code `yaml:"event,required"`
	DistinctID pipeline.Code `yaml:"distinct_id,required"`
	// UUID identifies the event; one that is no UUID becomes one. Default: made of what identifies the delivery.
	UUID pipeline.Code `yaml:"uuid"`
	// Timestamp is when it happened, as text or in seconds or milliseconds since 1970. Default: now.
	Timestamp pipeline.Code `yaml:"timestamp"`
	// Properties are an expression that gives an object, or a mapping from names to expressions. Default: none.
	Properties pipeline.Tree `yaml:"properties"`
}

func (m *Map) given() bool { return m.Event.Text != "" || m.DistinctID.Text != "" }

// Method is an HTTP method that a webhook may take.
type Method string

// UnmarshalText reads POST, GET or PUT, in any case.
func (m *Method) UnmarshalText(text []byte) error {
	switch method := strings.ToUpper(string(text)); method {
	case http.MethodPost, http.MethodGet, http.MethodPut:
		*m = Method(method)
		return nil
	}
	return mistake("want POST, GET or PUT", "write for example methods: [POST, GET]")
}

// CheckKeys reports which keys are missing and which contradict each other, given those that are written. It is right about a configuration
// that could not be decoded, too.
func CheckKeys(written func(key string) bool) error {
	var errs []error
	if !written("verify") {
		errs = append(errs, mistake("the webhook does not say how requests are verified",
			`add verify: {scheme: github, secret: "${GITHUB_SECRET}"}, or verify: none to believe everybody`))
	}
	switch hog, expressions := written("hog"), written("map"); {
	case hog && expressions:
		errs = append(errs, mistake("the webhook has both hog and map", "keep one"))
	case !hog && !expressions:
		errs = append(errs, mistake("the webhook does not say what becomes of a request", "add hog: with a function, or map: with expressions"))
	}
	return errors.Join(errs...)
}

// Validate reports settings that are out of bounds.
func (c *Config) Validate() error {
	var errs []error
	if len(c.Methods) == 0 {
		errs = append(errs, mistake("methods has no method", "write methods: [POST], or leave it out"))
	}
	if c.MaxBody <= 0 {
		errs = append(errs, mistake("max_body: want more than 0", "leave it out for 512000 bytes"))
	}
	return errors.Join(append(errs, c.Allowance.Validate())...)
}

// mistake makes a ConfigError without a place, which the loader fills in.
func mistake(message, hint string) error { return &pipeline.ConfigError{Message: message, Hint: hint} }
