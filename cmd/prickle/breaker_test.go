package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A destination that is down is shown as such, also after a restart, and gets what has waited for it once it is back.
func TestStatusShowsABreaker(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	var arrived atomic.Int64
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		arrived.Add(1)
	}))
	t.Cleanup(crm.Close)
	dir := project(t, map[string]string{"prickle.yaml": `
capture: {listen: "127.0.0.1:0", keys: [phc_local]}
pipelines:
  web:
    destinations:
      - webhook:
          name: crm
          url: ` + crm.URL + `
          retry: {first: 100ms, max: 1s}
          breaker: {failures: 3, after: 0s, probe: 3s, max: 3s}
`})
	p := start(t, dir)
	const events = 20
	for i := range events {
		body := fmt.Sprintf(`{"api_key":"phc_local","event":"signed_up","distinct_id":"person-%d"}`, i)
		if status := post(t.Context(), p.url+"/capture/", body); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	shown := func(want string) {
		t.Helper()
		poll(t, "status shows "+want, func() (bool, string) {
			_, out, errOut := run(t, "status", "-p", dir)
			return strings.Contains(out, want) && strings.Contains(out, "502 Bad Gateway"), out + errOut
		})
	}
	shown("; down since ")
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.text())
	}
	p = start(t, dir)
	shown("; down since ")
	up.Store(true)
	if d := p.settled().Pipelines[0].Destinations[0]; d.Breaker.State != "closed" || arrived.Load() < events {
		t.Errorf("after it is back: breaker %s, %d events arrived, want closed and %d", d.Breaker.State, arrived.Load(), events)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

// A destination that names a time is left alone until then, and status says until when.
func TestStatusShowsAPause(t *testing.T) {
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1800")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(crm.Close)
	dir := project(t, map[string]string{"prickle.yaml": `
capture: {listen: "127.0.0.1:0", keys: [phc_local]}
pipelines: {web: {destinations: [{webhook: {url: "` + crm.URL + `"}}]}}
`})
	p := start(t, dir)
	earliest := time.Now().Add(1800 * time.Second)
	if status := p.capture(t, "phc_local", "e"); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	poll(t, "status shows the pause", func() (bool, string) {
		_, out, errOut := run(t, "status", "-p", dir)
		_, after, found := strings.Cut(out, "  webhook: 0 delivered, 1 retried, 0 dead; nothing is sent until ")
		if !found || len(after) < len(time.DateTime) {
			return false, out + errOut
		}
		until, err := time.ParseInLocation(time.DateTime, after[:len(time.DateTime)], time.Local)
		if err != nil || until.Before(earliest.Add(-time.Second)) || until.After(time.Now().Add(1801*time.Second)) {
			t.Fatalf("status says %s, %v\nwant half an hour from now", until, err)
		}
		return strings.Contains(after, "429 Too Many Requests"), out
	})
}
