package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

func TestRetry(t *testing.T) {
	ok := stripefake.Fault{Status: 200, Body: `{"object":"list","data":[],"has_more":false}`}
	for name, c := range map[string]struct {
		fault    stripefake.Fault
		min, max time.Duration
		attempts int
	}{
		"429 with a wait": {stripefake.Fault{Status: 429, RetryAfter: "7", Reason: "endpoint-rate"}, 7 * time.Second, 8 * time.Second, 2},
		"429":             {stripefake.Fault{Status: 429}, 0, time.Second, 2},
		"500":             {stripefake.Fault{Status: 500}, 0, time.Second, 2},
		"502 no JSON":     {stripefake.Fault{Status: 502, Body: "<html>"}, 0, time.Second, 2},
		"409":             {stripefake.Fault{Status: 409}, 0, time.Second, 2},
		"400":             {stripefake.Fault{Status: 400}, 0, 0, 1},
		"404 no JSON":     {stripefake.Fault{Status: 404, Body: "<html>"}, 0, 0, 1},
		"402":             {stripefake.Fault{Status: 402}, 0, 0, 1},
		"200 no JSON":     {stripefake.Fault{Status: 200, Body: "<html>"}, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := stripefake.New(testKey)
				account.Fail(c.fault, ok)
				client := newSource(t, account, nil).client
				began := time.Now()
				_, err := client.list(t.Context(), &feed, filter{})
				waited := time.Since(began)
				if got := len(account.Requests()); got != c.attempts || (err == nil) != (c.attempts == 2) {
					t.Errorf("attempts\n got %d, %v\nwant %d", got, err, c.attempts)
				}
				if waited < c.min || waited > c.max {
					t.Errorf("waited\n got %v\nwant %v to %v", waited, c.min, c.max)
				}
			})
		})
	}
}

func TestErrorTellsWhatStripeSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		limit := stripefake.Fault{Status: 429, Reason: "endpoint-concurrency", RetryAfter: "800"}
		account.Fail(limit, limit)
		s := newSource(t, account, nil)
		err := s.Run(t.Context(), nil, newWarehouse().emit)
		want := "GET /v1/events: status 429 invalid_request_error rate_limit endpoint-concurrency: Request rate limit exceeded. " +
			"Learn more about rate limits in our documentation. (request req_2)"
		if fmt.Sprint(err) != want {
			t.Errorf("error\n got %v\nwant %s", err, want)
		}
		if after, ok := pipeline.RetryDelay(err); !ok || after != 800*time.Second {
			t.Errorf("RetryDelay\n got %v, %v\nwant 13m20s", after, ok)
		}
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		client := newSource(t, account, nil).client
		ask := func(n int) time.Duration {
			began := time.Now()
			for range n {
				if _, err := client.list(t.Context(), &feed, filter{}); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(began)
		}
		ask(1)
		if got := ask(150); got < 9900*time.Millisecond || got > 10100*time.Millisecond {
			t.Errorf("150 requests took\n got %v\nwant 10s", got)
		}
		account.Fail(stripefake.Fault{Status: 429, RetryAfter: "0.001"})
		if got := ask(15); got < 1500*time.Millisecond {
			t.Errorf("15 requests after a rate limit took\n got %v\nwant about 2s", got)
		}
		pause(time.Minute)
		ask(2)
		if got := ask(15); got > 1100*time.Millisecond {
			t.Errorf("15 requests a minute after a rate limit took\n got %v\nwant 1s", got)
		}
	})
}

func TestJitterIsBounded(t *testing.T) {
	for range 200 {
		j := &jitter{}
		j.Reset()
		bound := firstBound
		for range 12 {
			if got := j.NextBackOff(); got < 0 || got > bound {
				t.Fatalf("wait\n got %v\nwant at most %v", got, bound)
			}
			bound = min(2*bound, lastBound)
		}
	}
}

func TestVersionsOnlyIncrease(t *testing.T) {
	now := time.Unix(1000, 0)
	v := &versions{now: func() time.Time { return now }}
	v.raise(now.UnixMicro() + 5)
	last := int64(0)
	for i := range 10 {
		if i == 5 {
			now = now.Add(-time.Hour)
		}
		got, at := v.next()
		if got <= last || !at.Equal(now) {
			t.Errorf("version %d\n got %d, %v\nwant above %d, %v", i, got, at, last, now)
		}
		last = got
	}
}

// The server's clock is what cursors are measured by.
func TestServerClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		account.Now = func() time.Time { return time.Now().Add(3 * time.Hour) }
		w := newWarehouse()
		w.sync(t, newSource(t, account, nil))
		if got, want := state0(t, w).Events, account.Now().Unix(); got < want-2 || got > want+2 {
			t.Errorf("events cursor of a first pass\n got %d\nwant %d, Stripe's time", got, want)
		}
	})
}

// An answer that breaks off is asked for again, over a real connection.
func TestBrokenAnswer(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if asked == 1 {
			w.Header().Set("Content-Length", "500")
			fmt.Fprint(w, `{"object":"list","data":[`)
			return
		}
		fmt.Fprint(w, `{"object":"list","data":[{"id":"evt_1","created":5}],"has_more":false}`)
	}))
	defer server.Close()
	s, err := New(&Config{Key: testKey, BaseURL: server.URL, Rate: 15}, pipeline.Env{HTTP: server.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.client.list(t.Context(), &feed, filter{})
	if err != nil || len(p.heads) != 1 || asked != 2 {
		t.Errorf("list\n got %v, %v after %d requests\nwant one event after 2", p, err, asked)
	}
}

func TestListThatDoesNotAdvance(t *testing.T) {
	for name, body := range map[string]string{
		"empty page with more": `{"object":"list","data":[],"has_more":true}`,
		"same page again":      `{"object":"list","data":[{"id":"cus_1"}],"has_more":true}`,
		"item without id":      `{"object":"list","data":[{"created":1}],"has_more":false}`,
		"item is no object":    `{"object":"list","data":[7],"has_more":false}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := stripefake.New(testKey)
				account.Fail(stripefake.Fault{Status: 200, Body: body})
				_, err := newSource(t, account, nil).client.list(t.Context(), &feed, filter{after: "cus_1"})
				if err == nil || errors.Is(err, context.Canceled) {
					t.Errorf("list\n got %v\nwant an error", err)
				}
			})
		})
	}
}

func TestEmbeddedListLeadsNowhereElse(t *testing.T) {
	for _, address := range []string{"https://evil.test/v1/x", "//evil.test/v1/x", "/v2/x", "v1/x", "%zz"} {
		object := []byte(`{"id":"in_1","lines":{"object":"list","has_more":true,"url":"` + address + `"}}`)
		c := &client{}
		if _, err := c.complete(t.Context(), object); err == nil {
			t.Errorf("url %q is followed", address)
		}
	}
}
