package stripefake

import (
	"net/http"
	"net/http/httptest"
	"time"
)

// Client returns an HTTP client that reaches h without a network, so that tests can run on synctest's clock. latency, which may be nil, is
// asked twice for each request, for the way there and the way back.
func Client(h http.Handler, latency func() time.Duration) *http.Client {
	if latency == nil {
		latency = func() time.Duration { return 0 }
	}
	return &http.Client{Transport: direct{h, latency}}
}

type direct struct {
	handler http.Handler
	latency func() time.Duration
}

// RoundTrip lets the handler answer.
func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := d.travel(r); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	if err := d.travel(r); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func (d direct) travel(r *http.Request) error {
	wait := d.latency()
	if wait <= 0 {
		return r.Context().Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.Context().Done():
		return r.Context().Err()
	}
}
