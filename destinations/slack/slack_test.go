package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack/slacktest"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/destinations/slack"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/httpsend/httpsendtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "xoxb-1234567890-secret"

func events(t testing.TB, names ...string) []pipeline.Event {
	t.Helper()
	var out []pipeline.Event
	for i, name := range names {
		e, err := pipeline.ParseEvent(fmt.Appendf(nil, `{"uuid":"01890b5c-0000-7000-8000-%012d","event":%q,"distinct_id":"u1",`+
			`"properties":{"name":"Ada <ada@example.org>","amount":250,"plan":"pro","channel":"C0123"}}`, i, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func env(t testing.TB) pipeline.Env {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return pipeline.Env{HTTP: &http.Client{Transport: transport, Timeout: 5 * time.Second}}
}

func build(t testing.TB, address string, change func(*slack.Config)) *slack.Slack {
	t.Helper()
	return buildIn(t, env(t), address, change)
}

func buildIn(t testing.TB, env pipeline.Env, address string, change func(*slack.Config)) *slack.Slack {
	t.Helper()
	config := slack.Spec.NewConfig().(*slack.Config)
	config.Token, config.URL = token, address
	config.Channel, config.Text = pipeline.Code{Text: "#sales"}, pipeline.Code{Text: "hello"}
	if change != nil {
		change(config)
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	s, err := slack.New(config, env, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// api is a Slack that keeps what is posted and answers with answer.
type api struct {
	*httptest.Server
	mu   sync.Mutex
	seen []url.Values
}

func newAPI(t testing.TB, answer http.HandlerFunc) *api {
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		a.mu.Lock()
		a.seen = append(a.seen, r.PostForm)
		a.mu.Unlock()
		if answer == nil {
			answer = reply(`{"ok":true,"channel":"C1","ts":"1.2"}`)
		}
		answer(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}
}

// The library's own fake of Slack takes what we send.
func TestAgainstSlacktest(t *testing.T) {
	posted := make(chan url.Values, 1)
	server := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/chat.postMessage", func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			posted <- r.PostForm
			reply(`{"ok":true,"channel":"C1","ts":"1.2"}`)(w, r)
		})
	})
	server.Start()
	defer server.Stop()
	s := build(t, server.GetAPIURL(), nil)
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
	if err := s.Send(t.Context(), events(t, "purchase")); err != nil {
		t.Fatal(err)
	}
	got := <-posted
	if got.Get("channel") != "#sales" || got.Get("text") != "hello" || got.Get("token") != token {
		t.Errorf("got %v", got)
	}
}

func TestMessage(t *testing.T) {
	a := newAPI(t, nil)
	s := build(t, a.URL, func(c *slack.Config) {
		c.Channel.Text = "{event.properties.channel}"
		c.Text.Text = "{event.properties.name} bought {event.properties.plan} for {event.properties.amount}"
		c.Username.Text, c.IconEmoji.Text, c.ThreadTS.Text = "{event.name}", ":bell:", "123.456"
		c.Blocks = &pipeline.Tree{List: []pipeline.Tree{{Fields: pipeline.Fields{
			{Name: "type", Value: text("section")},
			{Name: "text", Value: pipeline.Tree{Fields: pipeline.Fields{
				{Name: "type", Value: text("mrkdwn")}, {Name: "text", Value: text("*{event.properties.plan}*")},
			}}},
			{Name: "expand", Value: pipeline.Tree{Literal: true}},
		}}}}
	})
	if err := s.Send(t.Context(), events(t, "purchase")); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for key := range a.seen[0] {
		got[key] = a.seen[0].Get(key)
	}
	want := map[string]string{
		"token": token, "channel": "C0123", "text": "Ada <ada@example.org> bought pro for 250", "username": "purchase", "icon_emoji": ":bell:",
		"thread_ts": "123.456", "blocks": `[{"expand":true,"text":{"text":"*pro*","type":"mrkdwn"},"type":"section"}]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func text(s string) pipeline.Tree { return pipeline.Tree{Text: &pipeline.Code{Text: s}} }

// What becomes of the event for each answer of Slack, and the text of the error.
func TestOutcome(t *testing.T) {
	status := func(code int, after string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", after)
			w.WriteHeader(code)
			_, _ = w.Write([]byte("<html>" + token))
		}
	}
	tests := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"ok":             {reply(`{"ok":true}`), `ok`},
		"429":            {status(429, "30"), `30s: slack: rate limit reached`},
		"429 for ever":   {status(429, "999999"), `1h0m0s: slack: rate limit reached`},
		"429 without":    {status(429, ""), `retry: slack: answered 429 Too Many Requests`},
		"500":            {status(500, ""), `retry: slack: answered 500 Internal Server Error`},
		"503":            {status(503, ""), `retry: slack: answered 503 Service Unavailable`},
		"404":            {status(404, ""), `permanent: slack: answered 404 Not Found`},
		"302":            {status(302, ""), `permanent: slack: answered 302 Found`},
		"not json":       {reply(`<html>`), `retry: slack: the answer is not one of Slack's API`},
		"internal_error": {reply(`{"ok":false,"error":"internal_error"}`), `retry: slack: internal_error`},
		"channel_not_found": {
			reply(`{"ok":false,"error":"channel_not_found"}`),
			`permanent: slack: channel_not_found; check the channel's name or id; a private channel is found only after inviting the bot: /invite @bot`,
		},
		"not_in_channel": {
			reply(`{"ok":false,"error":"not_in_channel"}`),
			`permanent: slack: not_in_channel; invite the bot to the channel (/invite @bot), or give it the scope chat:write.public`,
		},
		"invalid_auth": {
			reply(`{"ok":false,"error":"invalid_auth"}`),
			`permanent: slack: invalid_auth; the token is not valid: copy the bot token (xoxb-…) from the app's page again`,
		},
		"missing_scope": {
			reply(`{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"identify"}`),
			`permanent: slack: missing_scope (needed: chat:write); add the scope to the app and install it again`,
		},
		"invalid_blocks": {
			reply(`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] no more than 50 items allowed"]}}`),
			`permanent: slack: invalid_blocks: [ERROR] no more than 50 items allowed; try the blocks in Slack's Block Kit Builder`,
		},
		"unknown": {reply(`{"ok":false,"error":"brand_new_error"}`), `permanent: slack: brand_new_error`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := newAPI(t, tt.answer)
			if got := outcome(build(t, a.URL, nil).Send(t.Context(), events(t, "purchase"))); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func outcome(err error) string {
	kind := "retry"
	if d, ok := pipeline.RetryDelay(err); ok {
		kind = d.String()
	}
	switch {
	case err == nil:
		return "ok"
	case pipeline.IsPermanent(err):
		kind = "permanent"
	}
	return kind + ": " + err.Error()
}

func TestNobodyThere(t *testing.T) {
	a := newAPI(t, nil)
	a.Close()
	if got := outcome(build(t, a.URL, nil).Send(t.Context(), events(t, "a"))); !strings.HasPrefix(got, "retry: slack: dial tcp 127.0.0.1:") {
		t.Errorf("got %s", got)
	}
}

func TestPartialFailure(t *testing.T) {
	a := newAPI(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.PostForm.Get("text") {
		case "bad":
			reply(`{"ok":false,"error":"msg_too_long"}`)(w, r)
		case "down":
			w.WriteHeader(500)
		default:
			reply(`{"ok":true}`)(w, r)
		}
	})
	s := build(t, a.URL, func(c *slack.Config) { c.Text.Text = "{event.name}" })
	errs := pipeline.EventErrors(s.Send(t.Context(), events(t, "a", "bad", "c", "down", "e")), 5)
	if errs[0] != nil || !pipeline.IsPermanent(errs[1]) || errs[2] != nil || errs[3] == nil || errs[4] == nil || len(a.seen) != 4 {
		t.Errorf("got %v, %d requests", errs, len(a.seen))
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := newAPI(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if err := build(t, a.URL, nil).Send(ctx, events(t, "a")); !errors.Is(err, context.Canceled) {
		t.Errorf("\n got %v\nwant %v", err, context.Canceled)
	}
}

func TestTemplateFails(t *testing.T) {
	a := newAPI(t, nil)
	for name, change := range map[string]func(*slack.Config){
		"no channel": func(c *slack.Config) { c.Channel.Text = "{event.properties.none}" },
		"throws":     func(c *slack.Config) { c.Text.Text = "{jsonParse('[')}" },
		"not blocks": func(c *slack.Config) { c.Blocks = &pipeline.Tree{Fields: pipeline.Fields{{Name: "a"}}} },
	} {
		t.Run(name, func(t *testing.T) {
			if err := build(t, a.URL, change).Send(t.Context(), events(t, "a")); !pipeline.IsPermanent(err) {
				t.Errorf("got %v, want a permanent error", err)
			}
		})
	}
	if len(a.seen) != 0 {
		t.Errorf("%d messages were posted", len(a.seen))
	}
}

// A person that cannot be looked up at the moment is no reason to give the event up.
func TestLookupFails(t *testing.T) {
	e := env(t)
	e.Groups = func(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }
	e.Person = func(context.Context, string) ([]byte, error) { return nil, errors.New("no connection") }
	s := buildIn(t, e, newAPI(t, nil).URL, func(c *slack.Config) { c.Text.Text = "{person.id}" })
	if err := s.Send(t.Context(), events(t, "a")); err == nil || pipeline.IsPermanent(err) || !strings.Contains(err.Error(), "no connection") {
		t.Errorf("got %v, want an error that goes away", err)
	}
}

func TestDryMode(t *testing.T) {
	var out, logged bytes.Buffer
	config := &slack.Config{Channel: pipeline.Code{Text: "#sales"}, Text: pipeline.Code{Text: "hello"}}
	e := env(t)
	e.Log = slog.New(slog.NewTextHandler(&logged, nil))
	s, err := slack.New(config, e, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Open(t.Context()), s.Check(t.Context()), s.Send(t.Context(), events(t, "a", "b"))); err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat(`{"destination":"slack","channel":"#sales","text":"hello"}`+"\n", 2)
	if out.String() != want {
		t.Errorf("\n got %s\nwant %s", out.String(), want)
	}
	if n := strings.Count(logged.String(), "slack has no token"); n != 1 {
		t.Errorf("said %d times in the log:\n%s", n, logged.String())
	}
}

func TestNoLeaks(t *testing.T) {
	httpsendtest.NoLeaks(t, []string{token}, func(t *testing.T, base string) error {
		return build(t, base, nil).Send(t.Context(), events(t, "a"))
	})
	httpsendtest.NoLeaks(t, []string{token}, func(t *testing.T, base string) error {
		return build(t, base, nil).Check(t.Context())
	})
	config := slack.Config{Token: token}
	if shown, _ := json.Marshal(config); strings.Contains(fmt.Sprintf("%v %+v %#v %s", config, config, config, shown), token) {
		t.Error("the configuration tells the token")
	}
}

func TestValidate(t *testing.T) {
	for want, config := range map[string]slack.Config{
		"nothing to post; add text: or blocks:":                     {},
		"url: want an address that starts with http:// or https://": {URL: "slack.example", Text: pipeline.Code{Text: "x"}},
	} {
		if err := config.Validate(); err == nil || err.Error() != want {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}
