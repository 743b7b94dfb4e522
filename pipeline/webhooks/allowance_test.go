package webhooks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline/capture"
)

// A webhook's rate and quota hold for the events that are stored of it, for no other's, and nobody who proves nothing uses them up.
func TestAllowance(t *testing.T) {
	const mapping = "map: {event: body.e, distinct_id: body.e}"
	f := serve(t, `
  fast: {verify: none, `+mapping+`, rate: 2/s, burst: 3}
  much: {verify: {scheme: bearer, secret: hunter2}, `+mapping+`, quota: 2/day}
  free: {verify: none, `+mapping+`}`)
	const body = `{"e":"x"}`
	good := []string{"Authorization", "Bearer hunter2"}
	want := func(name string, status int, code string, headers ...string) {
		t.Helper()
		w := f.post("/webhooks/"+name, body, headers...)
		if w.Code != status || !strings.Contains(w.Body.String(), code) {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, status, code)
		}
		if again := w.Header().Get("Retry-After"); (again != "") != (code == "rate_limited") {
			t.Errorf("%s: %d with Retry-After %q", name, w.Code, again)
		}
	}
	for range 3 {
		want("fast", 200, "ok")
		want("free", 200, "ok")
		want("much", 401, "wrong_credentials", "Authorization", "Bearer wrong")
	}
	want("fast", 429, "rate_limited")
	want("much", 200, "ok", good...)
	want("much", 200, "ok", good...)
	want("much", 429, "quota_exceeded", good...)
	if n := len(f.take(t)); n != 8 {
		t.Errorf("%d events stored, want 8", n)
	}
	f.now = f.now.Add(time.Second)
	want("fast", 200, "ok")
	f.now = f.now.Add(24 * time.Hour)
	want("much", 200, "ok", good...)
	status := []capture.KeyStatus{
		{Key: "fast", Webhook: true, Rate: 2, OverRate: 1},
		{Key: "much", Webhook: true, Quota: capture.Quota{Events: 2, Per: capture.PerDay}, Period: "2026-03-02", Used: 1, OverQuota: 1},
	}
	if diff := cmp.Diff(status, f.server.Keys(t.Context())); diff != "" {
		t.Errorf("status (-want +got)\n%s", diff)
	}
	for _, told := range []string{"has used up its quota", "webhook=much", "gets events faster than its rate", "webhook=fast"} {
		if !strings.Contains(f.logged.String(), told) {
			t.Errorf("the log does not say %q:\n%s", told, &f.logged)
		}
	}
	if f.outcome("fast", "rate_limited") != 1 || f.outcome("much", "quota_exceeded") != 1 {
		t.Errorf("outcomes %v and %v", f.hooks["fast"].Stats().Outcomes(), f.hooks["much"].Stats().Outcomes())
	}
}
