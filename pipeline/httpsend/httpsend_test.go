package httpsend_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/httpsend"
	"github.com/prickle-dev/prickle/pipeline/httpsend/httpsendtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

// client returns a Client whose idle connections end with the test.
func client(t *testing.T) *httpsend.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return httpsend.New(pipeline.Env{HTTP: &http.Client{Transport: transport, Timeout: 5 * time.Second}, Now: func() time.Time { return now }})
}

func TestSend(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = []string{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("X-Key"), r.Host, string(body)}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "thanks")
	}))
	defer server.Close()
	header := http.Header{"x-key": {"k"}, "Host": {"inner.example"}}
	answer, err := client(t).Send(t.Context(), httpsend.Request{URL: server.URL + "/in", Header: header, Body: []byte(`{"a":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"POST", "/in", "application/json", "k", "inner.example", `{"a":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if answer.Status != http.StatusAccepted || string(answer.Body) != "thanks" {
		t.Errorf("got %d %q", answer.Status, answer.Body)
	}
}

// What Send makes of each answer: "ok", "permanent", "retry", or the time to wait.
func TestOutcome(t *testing.T) {
	tests := map[string]string{
		"200": "ok", "201": "ok", "204": "ok", "299": "ok",
		"301": "permanent", "302": "permanent", "307": "permanent", "308": "permanent",
		"400": "permanent", "401": "permanent", "403": "permanent", "404": "permanent", "410": "permanent", "413": "permanent", "422": "permanent",
		"408": "retry", "409": "retry", "425": "retry", "429": "retry",
		"500": "retry", "502": "retry", "503": "retry", "504": "retry", "599": "retry",
		"429 7": "7s", "503 7": "7s", "429 0": "0s", "429 -5": "0s", "429 1.5": "1.5s", "429 99999999999999999999": "1h0m0s",
		"429 Thu, 20 Aug 2026 10:02:00 GMT": "2m0s", "429 Thu, 20 Aug 2020 10:02:00 GMT": "0s", "429 Thu, 20 Aug 2099 10:02:00 GMT": "1h0m0s",
		"429 soon": "retry", "503 NaN": "retry", "500 7": "retry", "404 7": "permanent",
	}
	for answer, want := range tests {
		t.Run(answer, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				status, after, _ := strings.Cut(answer, " ")
				w.Header().Set("Retry-After", after)
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				code, err := strconv.Atoi(status)
				if err != nil {
					panic(err)
				}
				w.WriteHeader(code)
			}))
			defer server.Close()
			_, err := client(t).Send(t.Context(), httpsend.Request{URL: server.URL})
			if got := outcome(err); got != want {
				t.Errorf("\n got %s (%v)\nwant %s", got, err, want)
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

func TestErrorText(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, "{\n\t\"error\": \"no \\x00field\", \"key\": %q}%s", r.Header.Get("X-Key"), strings.Repeat("é", 1000))
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	_, err := client(t).Send(t.Context(), httpsend.Request{URL: server.URL + "/hooks/abcdef", Header: http.Header{"X-Key": {"super-secret"}}})
	text := err.Error()
	want := `POST ` + host + `: answered 422 Unprocessable Entity: "{ \"error\": \"no \\x00field\", \"key\": \"***\"}éé`
	if !strings.HasPrefix(text, want) {
		t.Errorf("\n got %s\nwant %s", text, want)
	}
	if len(text) > 500 {
		t.Errorf("the error has %d bytes", len(text))
	}
	if status, ok := httpsend.StatusOf(fmt.Errorf("x: %w", err)); !ok || status != 422 {
		t.Errorf("got %d %v", status, ok)
	}
}

// The answer goes with the error, as far as it tells no secret, whatever part of one the limits cut off.
func TestResponse(t *testing.T) {
	key := "super-secret-" + strings.Repeat("k", 3000)
	for name, c := range map[string]struct{ body, want string }{
		"whole":            {"no field:\n\t\"colour\"", "no field:\n\t\"colour\""},
		"masked":           {"key " + key + " is unknown", "key *** is unknown"},
		"cut":              {strings.Repeat("é", pipeline.MaxResponse), strings.Repeat("é", pipeline.MaxResponse/2-2) + "…"},
		"no text":          {"\xff\xfe", "\uFFFD"},
		"secret cut off":   {strings.Repeat(" ", httpsend.MaxAnswer-1500) + key, strings.Repeat(" ", pipeline.MaxResponse-3) + "…"},
		"secrets all over": {strings.Repeat(key, 40), strings.Repeat("***", 21)},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusUnprocessableEntity)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, err := client(t).Send(t.Context(), httpsend.Request{URL: server.URL, Header: http.Header{"X-Key": {key}}})
			r := pipeline.ResponseOf(fmt.Errorf("crm: %w", err))
			if r == nil || r.Status != "422 Unprocessable Entity" || r.Body != c.want || len(r.Body) > pipeline.MaxResponse {
				t.Errorf("response\n got %+v\nwant %q", r, c.want)
			}
			if !pipeline.IsPermanent(err) {
				t.Errorf("the error is not permanent any more: %v", err)
			}
		})
	}
}

func TestHugeAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 4*httpsend.MaxAnswer))
	}))
	defer server.Close()
	answer, err := client(t).Send(t.Context(), httpsend.Request{URL: server.URL})
	if err != nil || len(answer.Body) != httpsend.MaxAnswer {
		t.Errorf("got %d bytes, %v\nwant %d bytes", len(answer.Body), err, httpsend.MaxAnswer)
	}
}

func TestBadRequests(t *testing.T) {
	tests := map[string]httpsend.Request{
		`header "X-Name": the value has a line break or another control character`: {
			URL: "http://127.0.0.1:1", Header: http.Header{"X-Name": {"a\r\nX-Evil: 1"}},
		},
		`request: the url or the method is not valid`: {URL: "http://user:hunter22@[", Method: "POST"},
	}
	for want, request := range tests {
		_, err := client(t).Send(t.Context(), request)
		if err == nil || err.Error() != want || !pipeline.IsPermanent(err) {
			t.Errorf("\n got %v\nwant %s (permanent)", err, want)
		}
	}
}

func TestContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, err := client(t).Send(ctx, httpsend.Request{URL: server.URL})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("\n got %v\nwant %v", err, context.Canceled)
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	c := httpsend.New(pipeline.Env{HTTP: &http.Client{Transport: transport, Timeout: 20 * time.Millisecond}})
	_, err := c.Send(t.Context(), httpsend.Request{URL: server.URL + "/secret-path"})
	if want := "POST " + strings.TrimPrefix(server.URL, "http://") + ": no answer in time"; err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	if outcome(err) != "retry" {
		t.Errorf("got %s", outcome(err))
	}
}

func TestNoLeaks(t *testing.T) {
	secrets := []string{"Bearer tok/en+1234", "tok/en+1234", "pass word", "some-user", "que&ry-secret", "path-secret", "cookie-secret"}
	httpsendtest.NoLeaks(t, secrets, func(t *testing.T, base string) error {
		url := strings.Replace(base, "://", "://some-user:pass%20word@", 1) + "/hooks/path-secret?key=que%26ry-secret"
		_, err := client(t).Send(t.Context(), httpsend.Request{URL: url, Header: http.Header{
			"Authorization": {"Bearer tok/en+1234"}, "Cookie": {"session=cookie-secret; a=b"},
		}})
		return err
	})
}

func TestNoLeaksBasic(t *testing.T) {
	httpsendtest.NoLeaks(t, []string{"pass word", "some-user", "c29tZS11c2VyOnBhc3Mgd29yZA=="}, func(t *testing.T, base string) error {
		url := strings.Replace(base, "://", "://some-user:pass%20word@", 1)
		_, err := client(t).Send(t.Context(), httpsend.Request{URL: url})
		return err
	})
}
