// Package slack is the destination that posts a message for each event.
//
//	slack:
//	  token: ${SLACK_TOKEN}
//	  channel: "#sales"
//	  text: "{event.properties.name} bought {event.properties.plan}"
//
// The bot needs the scope chat:write, and an invitation to the channel or the scope chat:write.public. All texts are Hog templates. What
// an event brings into them is not escaped, so that links can be made: a property with <!channel> in it notifies a channel.
//
// Messages that are too large for Slack are cut rather than refused: 50 blocks, 3,000 characters in a text, 2,000 in a section's field, 150 in
// a header, 75 in a button or option, 40,000 in the message's own text.
//
// Slack has no idempotency key that could be relied on. When an answer is lost after Slack has taken a message, the next attempt posts it
// again.
//
// Without a token the destination prints the messages that it would post to standard output, one JSON object a line, and says so once in
// the log when it starts.
package slack

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/slack-go/slack"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
	"github.com/prickle-dev/prickle/pipeline/httpsend"
)

// Spec describes the destination.
var Spec = pipeline.Spec[pipeline.Destination]{
	Type:      "slack",
	Summary:   "posts a message to Slack for each event",
	NewConfig: func() any { return new(Config) },
	Batch:     pipeline.Batch{Events: 1, Bytes: 1 << 20},
	New: func(config any, env pipeline.Env) (pipeline.Destination, error) {
		return New(config.(*Config), env, os.Stdout)
	},
}

// Slack posts messages.
type Slack struct {
	api *slack.Client // nil without a token
	log *slog.Logger

	channel, text, thread, username, icon *hogs.Template
	blocks                                *hogs.Tree // nil for none

	mu  sync.Mutex // Send is called for several lanes at once, and printed lines must not mix
	dry io.Writer
}

var (
	_ pipeline.Destination = (*Slack)(nil)
	_ pipeline.Opener      = (*Slack)(nil)
	_ pipeline.Checker     = (*Slack)(nil)
)

// New compiles the templates. dry is where messages are printed when there is no token. Mistakes are *pipeline.ConfigError, joined.
func New(config *Config, env pipeline.Env, dry io.Writer) (*Slack, error) {
	s := &Slack{log: env.Log, dry: dry}
	if config.Token != "" {
		s.api = newClient(config, env)
	}
	var errs []error
	compile := func(code pipeline.Code) *hogs.Template {
		t, err := hogs.CompileTemplate(code, env)
		errs = append(errs, err)
		return t
	}
	s.channel, s.text, s.thread = compile(config.Channel), compile(config.Text), compile(config.ThreadTS)
	s.username, s.icon = compile(config.Username), compile(config.IconEmoji)
	if config.Blocks != nil {
		var err error
		s.blocks, err = hogs.CompileTree(*config.Blocks, env)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func newClient(config *Config, env pipeline.Env) *slack.Client {
	options := []slack.Option{slack.OptionHTTPClient(newTransport(env))}
	if config.URL != "" {
		options = append(options, slack.OptionAPIURL(strings.TrimSuffix(config.URL, "/")+"/"))
	}
	return slack.New(string(config.Token), options...)
}

// transport bounds what is read of an answer and follows no redirect, which would carry the token elsewhere.
type transport struct{ client *http.Client }

func newTransport(env pipeline.Env) transport {
	var client http.Client
	if env.HTTP != nil {
		client = *env.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return transport{&client}
}

// Do sends one request.
func (t transport) Do(req *http.Request) (*http.Response, error) {
	res, err := t.client.Do(req)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, 1<<20), res.Body}
	}
	return res, err
}

// Open says in the log when messages are only printed.
func (s *Slack) Open(context.Context) error {
	if s.api == nil && s.log != nil {
		s.log.Warn("slack has no token: messages are printed to standard output instead of posted")
	}
	return nil
}

// Check asks Slack whether the token is good. Whether the bot may post in a channel shows only when it does.
func (s *Slack) Check(ctx context.Context) error {
	if s.api == nil {
		return nil
	}
	_, err := s.api.AuthTestContext(ctx)
	return classify(ctx, err)
}

// Send posts one message for each event. An event whose templates fail will fail always.
func (s *Slack) Send(ctx context.Context, events []pipeline.Event) error {
	return httpsend.Each(ctx, events, func(ctx context.Context, e *pipeline.Event) error {
		m, err := s.render(ctx, e)
		switch {
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return hogs.Final(err)
		case s.api == nil:
			return s.print(m)
		}
		_, _, err = s.api.PostMessageContext(ctx, m.Channel, m.options()...)
		return classify(ctx, err)
	})
}
