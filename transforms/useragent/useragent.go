// Package useragent is the transform that reads the user agent's text of an event, which browsers' SDKs put into $raw_user_agent.
//
//	user_agent: {}
//	user_agent: {from: event.properties.browser_agent}
//
// It sets $browser, $browser_version, $os, $os_version and $device_type, as posthog-js does, where the event does not have them: so the events of
// Segment's and RudderStack's SDKs can be counted together with those of PostHog's.
package useragent

import (
	"context"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Config is the transform's part of the configuration.
type Config struct {
	// From is the property with the text. Default: $raw_user_agent, else $useragent, else $user_agent.
	From pipeline.Code `yaml:"from"`
}

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "user_agent",
	Summary:   "sets browser, operating system and device by the user agent's text",
	NewConfig: func() any { return new(Config) },
	New:       func(config any, _ pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config)) },
}

// UserAgent sets properties by the user agent's text.
type UserAgent struct{ field Field }

var _ pipeline.Transform = (*UserAgent)(nil)

// New returns a UserAgent. A mistake is a *pipeline.ConfigError.
func New(config *Config) (*UserAgent, error) {
	field, err := NewField(config.From)
	if err != nil {
		return nil, err
	}
	return &UserAgent{field}, nil
}

// Apply appends e with the properties that it did not have. It never fails.
func (u *UserAgent) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	if text := u.field.Of(&e); text != "" {
		a := Read(text)
		e.Properties = rawjson.AddAbsent(e.Properties, []rawjson.Named{
			{Name: "$browser", Value: quoted(a.Browser)},
			{Name: "$browser_version", Value: raw(a.Version)},
			{Name: "$os", Value: quoted(a.OS)},
			{Name: "$os_version", Value: quoted(a.OSVersion)},
			{Name: "$device_type", Value: quoted(a.Device)},
		})
	}
	return append(out, e), nil
}

// raw is a number as JSON, and nil for none.
func raw(number string) []byte {
	if number == "" {
		return nil
	}
	return []byte(number)
}

// quoted is a text as JSON, and nil for an empty one.
func quoted(text string) []byte {
	if text == "" {
		return nil
	}
	return rawjson.AppendString(nil, text)
}
