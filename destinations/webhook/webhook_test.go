package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/destinations/webhook"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/httpsend/httpsendtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

func line(i int, name string) string {
	return fmt.Sprintf(`{"uuid":"01890b5c-0000-7000-8000-%012d","event":%q,"distinct_id":"u1","timestamp":"2026-08-20T10:00:00.123Z",`+
		`"received_at":"2026-08-20T10:00:01.000Z","source":"web","properties":{"total":12.5,"plan":"pro"}}`, i, name)
}

func events(t testing.TB, names ...string) []pipeline.Event {
	t.Helper()
	var out []pipeline.Event
	for i, name := range names {
		e, err := pipeline.ParseEvent([]byte(line(i, name)))
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
	return pipeline.Env{HTTP: &http.Client{Transport: transport, Timeout: 5 * time.Second}, Now: func() time.Time { return now }}
}

// request is what a receiver saw.
type request struct {
	Method, Path, Body string
	Header             http.Header
}

// receiver answers each request with answer, or 204 without one, and keeps them.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	seen []request
}

func newReceiver(t testing.TB, answer http.HandlerFunc) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.seen = append(r.seen, request{req.Method, req.URL.Path, string(body), req.Header})
		r.mu.Unlock()
		if answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		req.Body = io.NopCloser(strings.NewReader(string(body)))
		answer(w, req)
	}))
	t.Cleanup(r.Close)
	return r
}

func build(t testing.TB, url string, change func(*webhook.Config)) *webhook.Webhook {
	t.Helper()
	return buildIn(t, env(t), url, change)
}

func buildIn(t testing.TB, env pipeline.Env, url string, change func(*webhook.Config)) *webhook.Webhook {
	t.Helper()
	config := webhook.Spec.NewConfig().(*webhook.Config)
	config.URL = pipeline.Secret(url)
	if change != nil {
		change(config)
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	w, err := webhook.New(config, env)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func text(s string) pipeline.Tree { return pipeline.Tree{Text: &pipeline.Code{Text: s}} }

func TestSendEvent(t *testing.T) {
	r := newReceiver(t, nil)
	if err := build(t, r.URL+"/hook", nil).Send(t.Context(), events(t, "purchase")); err != nil {
		t.Fatal(err)
	}
	got := r.seen[0]
	want := request{Method: "POST", Path: "/hook", Body: line(0, "purchase")}
	if diff := cmp.Diff(want, request{got.Method, got.Path, got.Body, nil}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if key := got.Header.Get("Idempotency-Key"); key != "01890b5c-0000-7000-8000-000000000000" {
		t.Errorf("got key %q", key)
	}
	if signature := got.Header.Get("X-Prickle-Signature"); signature != "" {
		t.Errorf("signed without a secret: %s", signature)
	}
}

func TestTemplates(t *testing.T) {
	r := newReceiver(t, nil)
	w := build(t, r.URL, func(c *webhook.Config) {
		c.Method = http.MethodPut
		c.Headers = map[string]pipeline.Code{
			"x-user": {Text: "{event.distinct_id}"}, "Authorization": {Text: "Bearer abc"}, "content-type": {Text: "application/vnd.x+json"},
		}
		c.Body = &pipeline.Tree{Fields: pipeline.Fields{
			{Name: "what", Value: text("{event.name} by {event.distinct_id}")},
			{Name: "total", Value: text("{event.properties.total}")},
			{Name: "none", Value: text("{event.properties.none}")},
			{Name: "list", Value: pipeline.Tree{List: []pipeline.Tree{text("a"), {Literal: int64(1)}, {Literal: nil}, text(`\{b}`)}}},
		}}
	})
	if err := w.Send(t.Context(), events(t, "purchase")); err != nil {
		t.Fatal(err)
	}
	got := r.seen[0]
	if want := `{"what":"purchase by u1","total":12.5,"none":null,"list":["a",1,null,"{b}"]}`; got.Body != want {
		t.Errorf("\n got %s\nwant %s", got.Body, want)
	}
	headers := []string{got.Method, got.Header.Get("X-User"), got.Header.Get("Authorization"), got.Header.Get("Content-Type")}
	if diff := cmp.Diff([]string{"PUT", "u1", "Bearer abc", "application/vnd.x+json"}, headers); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSignature(t *testing.T) {
	r := newReceiver(t, nil)
	w := build(t, r.URL, func(c *webhook.Config) { c.SigningSecret = "whsec" })
	if err := w.Send(t.Context(), events(t, "purchase")); err != nil {
		t.Fatal(err)
	}
	stamp, signature, _ := strings.Cut(r.seen[0].Header.Get("X-Prickle-Signature"), ",")
	if want := fmt.Sprintf("t=%d", now.Unix()); stamp != want {
		t.Errorf("\n got %s\nwant %s", stamp, want)
	}
	mac := hmac.New(sha256.New, []byte("whsec"))
	fmt.Fprintf(mac, "%d.%s", now.Unix(), r.seen[0].Body)
	if want := "v1=" + hex.EncodeToString(mac.Sum(nil)); signature != want {
		t.Errorf("\n got %s\nwant %s", signature, want)
	}
}

func TestArray(t *testing.T) {
	r := newReceiver(t, nil)
	w := build(t, r.URL, func(c *webhook.Config) { c.Array = true })
	if err := w.Send(t.Context(), events(t, "a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	want := "[" + line(0, "a") + "," + line(1, "b") + "," + line(2, "c") + "]"
	if len(r.seen) != 1 || r.seen[0].Body != want {
		t.Errorf("%d requests\n got %s\nwant %s", len(r.seen), r.seen[0].Body, want)
	}
	if !json.Valid([]byte(r.seen[0].Body)) || r.seen[0].Header.Get("Idempotency-Key") != "" {
		t.Error("want JSON, and no idempotency key: batches differ from attempt to attempt")
	}
}

// answers says per event name what the receiver answers.
func answers(byName map[string]int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var e struct{ Event string }
		_ = json.NewDecoder(r.Body).Decode(&e)
		if status, ok := byName[e.Event]; ok {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		}
	}
}

func TestPartialFailure(t *testing.T) {
	tests := map[string]struct {
		names    []string
		want     string // per event: ok, permanent, retry or a time
		requests int
	}{
		"permanent":         {[]string{"a", "bad", "c"}, "ok permanent ok", 3},
		"retry stops":       {[]string{"a", "down", "c", "bad"}, "ok retry retry retry", 2},
		"rate limit stops":  {[]string{"bad", "slow", "c"}, "permanent 7s 7s", 2},
		"all after a first": {[]string{"down", "b", "c"}, "retry retry retry", 1},
		"one":               {[]string{"bad"}, "permanent", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t, answers(map[string]int{"bad": 422, "down": 500, "slow": 429}))
			err := build(t, r.URL, nil).Send(t.Context(), events(t, tt.names...))
			var got []string
			for _, err := range pipeline.EventErrors(err, len(tt.names)) {
				got = append(got, outcome(err))
			}
			if strings.Join(got, " ") != tt.want || len(r.seen) != tt.requests {
				t.Errorf("\n got %s, %d requests\nwant %s, %d requests", strings.Join(got, " "), len(r.seen), tt.want, tt.requests)
			}
		})
	}
}

func outcome(err error) string {
	if d, ok := pipeline.RetryDelay(err); ok {
		return d.String()
	}
	switch {
	case err == nil:
		return "ok"
	case pipeline.IsPermanent(err):
		return "permanent"
	}
	return "retry"
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newReceiver(t, nil)
	for _, array := range []bool{false, true} {
		w := build(t, r.URL, func(c *webhook.Config) { c.Array = array })
		if err := w.Send(ctx, events(t, "a", "b")); !errors.Is(err, context.Canceled) {
			t.Errorf("array %v\n got %v\nwant %v", array, err, context.Canceled)
		}
	}
}

func TestTemplateFails(t *testing.T) {
	r := newReceiver(t, nil)
	failing := func(c *webhook.Config) {
		c.Body = &pipeline.Tree{Fields: pipeline.Fields{{
			Name:  "x",
			Value: pipeline.Tree{Text: &pipeline.Code{Text: "{event.name == 'bad' ? jsonParse('[') : 1}", Pos: pipeline.Pos{File: "p.yaml", Line: 4, Col: 9}}},
		}}}
	}
	err := build(t, r.URL, failing).Send(t.Context(), events(t, "bad"))
	if !pipeline.IsPermanent(err) || !strings.HasPrefix(err.Error(), "body: p.yaml:4:") {
		t.Errorf("got %v, want a permanent error with a place", err)
	}
	w := build(t, r.URL, func(c *webhook.Config) { failing(c); c.Array = true })
	errs := pipeline.EventErrors(w.Send(t.Context(), events(t, "a", "bad", "c")), 3)
	if errs[0] != nil || !pipeline.IsPermanent(errs[1]) || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	if body := r.seen[len(r.seen)-1].Body; body != `[{"x":1},{"x":1}]` {
		t.Errorf("got %s", body)
	}
}

// A receiver that refuses a batch for good gets it in halves, whether or not the templates of one of its events fail.
func TestArrayThatIsRefused(t *testing.T) {
	r := newReceiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	w := build(t, r.URL, func(c *webhook.Config) {
		c.Array, c.Body = true, &pipeline.Tree{Fields: pipeline.Fields{{Name: "x", Value: text("{event.name == 'bad' ? jsonParse('[') : 1}")}}}
	})
	var parts *pipeline.BatchError
	if err := w.Send(t.Context(), events(t, "a", "bad", "c")); !pipeline.IsPermanent(err) || errors.As(err, &parts) {
		t.Errorf("got %v, want a refusal of all of them", err)
	}
}

// What is behind an event whose person cannot be looked up at the moment waits with it.
func TestArrayBehindALookup(t *testing.T) {
	r := newReceiver(t, nil)
	e, asked := env(t), 0
	e.Groups = func(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }
	e.Person = func(context.Context, string) ([]byte, error) {
		if asked++; asked == 2 {
			return nil, errors.New("no connection")
		}
		return []byte(`{"id":"p","properties":{}}`), nil
	}
	w := buildIn(t, e, r.URL, func(c *webhook.Config) {
		c.Array, c.Body = true, &pipeline.Tree{Fields: pipeline.Fields{{Name: "x", Value: text("{person.id} {event.name}")}}}
	})
	var got []string
	for _, err := range pipeline.EventErrors(w.Send(t.Context(), events(t, "a", "b", "c")), 3) {
		got = append(got, outcome(err))
	}
	if strings.Join(got, " ") != "ok retry retry" || len(r.seen) != 1 || r.seen[0].Body != `[{"x":"p a"}]` {
		t.Errorf("\n got %s, requests %+v\nwant ok retry retry, and a alone", got, r.seen)
	}
}

func TestHeaderInjection(t *testing.T) {
	r := newReceiver(t, nil)
	w := build(t, r.URL, func(c *webhook.Config) { c.Headers = map[string]pipeline.Code{"X-Name": {Text: "a\r\nX-Evil: 1"}} })
	if err := w.Send(t.Context(), events(t, "a")); !pipeline.IsPermanent(err) || len(r.seen) != 0 {
		t.Errorf("got %v, %d requests", err, len(r.seen))
	}
}

func TestNoLeaks(t *testing.T) {
	secrets := []string{"Bearer s3cr3t-token", "s3cr3t-token", "query-secret", "path-secret", "user-name", "pass-word", "signing-secret"}
	for _, array := range []bool{false, true} {
		httpsendtest.NoLeaks(t, secrets, func(t *testing.T, base string) error {
			url := strings.Replace(base, "://", "://user-name:pass-word@", 1) + "/hooks/path-secret?key=query-secret"
			w := build(t, url, func(c *webhook.Config) {
				c.Array, c.SigningSecret = array, "signing-secret"
				c.Headers = map[string]pipeline.Code{"Authorization": {Text: "Bearer s3cr3t-token"}}
			})
			return w.Send(t.Context(), events(t, "a", "b"))
		})
	}
}

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		config webhook.Config
		want   string
	}{
		"no scheme": {webhook.Config{URL: "example.org/secret", Method: "POST"}, "url: want an address that starts with http:// or https://"},
		"ftp":       {webhook.Config{URL: "ftp://example.org/secret", Method: "POST"}, "url: want an address that starts with http:// or https://"},
		"method":    {webhook.Config{URL: "http://127.0.0.1", Method: "GET"}, `unknown method "GET"; write POST, PUT or PATCH`},
		"header": {
			webhook.Config{URL: "http://127.0.0.1", Method: "POST", Headers: map[string]pipeline.Code{"a b": {Pos: pipeline.Pos{File: "p.yaml", Line: 2, Col: 3}}}},
			`p.yaml:2:3: "a b" cannot be the name of a header`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.config.Validate(); err == nil || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}
