package stripe

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/prickle-dev/prickle/pipeline"
)

const (
	requestTimeout = 80 * time.Second
	patience       = 15 * time.Minute // a request is given up after this long without success
	inFlight       = 8                // requests at once; Stripe's own limit is not published
	maxAnswer      = 64 << 20
)

// client makes requests through the SDK's backend. The SDK's own retries are off: they do not retry rate limits, ignore Retry-After, and
// sleep without regard to the context.
type client struct {
	backend  stripe.Backend
	key      pipeline.Secret
	patience time.Duration
	throttle *throttle
	slots    chan struct{}
	versions *versions
	ahead    *atomic.Int64 // how far Stripe's clock is before ours, in nanoseconds
}

func newClient(c *Config, env pipeline.Env) *client {
	hc := &http.Client{}
	if env.HTTP != nil {
		*hc = *env.HTTP
	}
	next := hc.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	hc.Transport = recorder{next}
	base := stripe.APIURL
	if c.BaseURL != "" {
		base = c.BaseURL
	}
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		EnableTelemetry:   stripe.Bool(false),
		HTTPClient:        hc,
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
		MaxNetworkRetries: stripe.Int64(0),
		URL:               &base,
	})
	return &client{
		backend: backend, key: c.Key, patience: patience, throttle: newThrottle(c.Rate),
		slots: make(chan struct{}, inFlight), versions: &versions{now: env.Now}, ahead: new(atomic.Int64),
	}
}

// now is the time by Stripe's clock, as far as the last answer told it.
func (c *client) now() time.Time { return c.versions.now().Add(time.Duration(c.ahead.Load())) }

// stamp is when an answer was asked for.
type stamp struct {
	version int64
	at      time.Time
}

// get asks for path and decodes the answer into v. It tries again for as long as there is hope and patience. The stamp is that of the
// attempt that succeeded. Errors are *apiError or ctx's.
func (c *client) get(ctx context.Context, path string, query *form.Values, v stripe.LastResponseSetter) (stamp, error) {
	s, err := backoff.Retry(ctx, func() (stamp, error) {
		return c.attempt(ctx, path, query, v)
	}, backoff.WithBackOff(&jitter{}), backoff.WithMaxElapsedTime(c.patience))
	if ctx.Err() != nil {
		return s, ctx.Err()
	}
	var e *apiError
	if errors.As(err, &e) { // without what was added for the retry
		return s, e
	}
	return s, err
}

func (c *client) attempt(ctx context.Context, path string, query *form.Values, v stripe.LastResponseSetter) (stamp, error) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return stamp{}, backoff.Permanent(ctx.Err())
	}
	if err := c.throttle.wait(ctx); err != nil {
		return stamp{}, backoff.Permanent(err)
	}
	var s stamp
	s.version, s.at = c.versions.next()
	var x exchange
	limited, cancel := context.WithTimeout(context.WithValue(ctx, exchangeKey{}, &x), requestTimeout)
	defer cancel()
	err := c.backend.CallRaw(http.MethodGet, path, string(c.key), query, &stripe.Params{Context: limited}, v)
	c.setClock(x.header)
	if err == nil {
		return s, nil
	}
	e := newAPIError(path, c.key, &x, err)
	if e.status == http.StatusTooManyRequests {
		c.throttle.slower()
	}
	switch {
	case !e.temporary(x.cut):
		return s, backoff.Permanent(e)
	case e.after > 0:
		return s, errors.Join(e, &backoff.RetryAfterError{Duration: e.after})
	}
	return s, e
}

func (c *client) setClock(h http.Header) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		c.ahead.Store(int64(date.Sub(c.versions.now())))
	}
}

// exchange is what the SDK does not tell about a request: the status and headers of every answer, also one that is not Stripe's.
type exchange struct {
	status int
	header http.Header
	cut    bool // the body broke off
}

type exchangeKey struct{}

// recorder fills the exchange that a request's context carries, and bounds the size of answers.
type recorder struct{ next http.RoundTripper }

// RoundTrip makes one request.
func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.next.RoundTrip(req)
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if err != nil || !ok {
		return res, err
	}
	x.status, x.header = res.StatusCode, res.Header
	res.Body = &body{http.MaxBytesReader(nil, res.Body, maxAnswer), x}
	return res, nil
}

type body struct {
	io.ReadCloser
	x *exchange
}

// Read notes an error that is not the body's end.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.x.cut = true
	}
	return n, err
}
