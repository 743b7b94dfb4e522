package httpsend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// MaxAnswer is how much of an answer is read, in bytes.
const MaxAnswer = 64 << 10

// Client sends requests. It is safe for concurrent use.
type Client struct {
	http *http.Client
	now  func() time.Time
}

// New returns a Client over the environment's HTTP client, with redirects off.
func New(env pipeline.Env) *Client {
	c := Client{http: &http.Client{Timeout: 30 * time.Second}, now: env.Now}
	if env.HTTP != nil {
		copied := *env.HTTP
		c.http = &copied
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// Request is one request to send.
type Request struct {
	Method string // POST when empty
	URL    string
	Header http.Header // Content-Type is application/json unless it is given
	Body   []byte
}

// Answer is what came back on success.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // at most MaxAnswer bytes
}

// Send sends one request and classifies the answer as the package comment says.
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	req, err := r.build(ctx)
	if err != nil {
		return Answer{}, pipeline.Permanent(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return Answer{}, ctx.Err()
		}
		return Answer{}, fmt.Errorf("%s %s: %s", req.Method, req.URL.Host, redactorOf(req).redact(cause(err)))
	}
	defer res.Body.Close()
	// The status alone decides, so an answer that breaks off is as good as a whole one.
	body, _ := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if res.StatusCode/100 == 2 {
		return Answer{Status: res.StatusCode, Header: res.Header, Body: body}, nil
	}
	s := redactorOf(req) // which a success has no need of
	err = c.classify(res, &StatusError{
		Method: req.Method, Host: req.URL.Host, Status: res.StatusCode, Excerpt: cut(s.maskBody(excerpt(body), len(body)), maxExcerpt),
	})
	return Answer{}, pipeline.Answered(err, s.response(res, body))
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, errors.New("request: the url or the method is not valid") // the cause quotes the URL
	}
	for name, values := range r.Header {
		for _, v := range values {
			if !validValue(v) {
				return nil, fmt.Errorf("header %q: the value has a line break or another control character", name)
			}
		}
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
		req.Header.Del("Host")
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "Prickle")
	}
	return req, nil
}

func validValue(v string) bool {
	for i := range len(v) {
		if v[i] < ' ' && v[i] != '\t' || v[i] == 0x7f {
			return false
		}
	}
	return true
}

// cause takes off the wrapper that quotes the URL.
func cause(err error) string {
	var wrapper *url.Error
	if errors.As(err, &wrapper) {
		if wrapper.Timeout() {
			return "no answer in time"
		}
		err = wrapper.Err
	}
	return err.Error()
}
