package slack

import (
	"errors"
	"net/url"

	"github.com/prickle-dev/prickle/pipeline"
)

// Config is the destination's part of the configuration.
type Config struct {
	// Token is the bot's token, xoxb-…. Without one, messages are printed instead of sent.
	Token pipeline.Secret `yaml:"token"`
	// Channel is a channel's id or #name, or a user's id; a template.
	Channel pipeline.Code `yaml:"channel,required"`
	// Text is the message in Slack's markup, or what notifications show when there are blocks; a template.
	Text pipeline.Code `yaml:"text"`
	// Blocks is the list of Block Kit blocks; its texts are templates.
	Blocks *pipeline.Tree `yaml:"blocks"`
	// ThreadTS is the timestamp of the message to answer to; a template. "" is none.
	ThreadTS pipeline.Code `yaml:"thread_ts"`
	// Username and IconEmoji replace the app's own, which takes the scope chat:write.customize; templates.
	Username  pipeline.Code `yaml:"username"`
	IconEmoji pipeline.Code `yaml:"icon_emoji"`
	// URL is the address of the API, for tests and proxies. Default: Slack's own.
	URL string `yaml:"url"`
}

// Validate wants something to say and an address that is one.
func (c *Config) Validate() error {
	var errs []error
	if c.Text.Text == "" && c.Blocks == nil {
		errs = append(errs, &pipeline.ConfigError{Message: "nothing to post", Hint: "add text: or blocks:"})
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, &pipeline.ConfigError{Message: "url: want an address that starts with http:// or https://"})
		}
	}
	return errors.Join(errs...)
}
