package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const limitedProject = `
capture:
  listen: 127.0.0.1:0
  keys:
    - {name: web, token: k1, quota: 5/month}
    - {name: app, token: k2, rate: 2/s}
    - {name: free, token: k3}
pipelines: {web: {destinations: [warehouse]}}
`

// sendEvents sends n events and returns the status and body of the answer.
func sendEvents(t *testing.T, url, key string, n int) (int, string) {
	t.Helper()
	body := fmt.Sprintf(`{"api_key":%q,"batch":[%s]}`, key, strings.TrimSuffix(strings.Repeat(`{"event":"e","distinct_id":"u"},`, n), ","))
	answer, err := http.Post(url+"/batch/", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// A quota goes on where it was after a restart, status shows what is used and refused, and the log is told once.
func TestLimitsOfKeys(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": limitedProject})
	month := time.Now().UTC().Format("2006-01")
	p := start(t, dir)
	for i, want := range []string{`{"status":"Ok"}`, `{"status":"Ok","quota_limited":["events"]}`, `{"status":"Ok","quota_limited":["events"]}`} {
		if status, body := sendEvents(t, p.url, "k1", 3); status != http.StatusOK || body != want {
			t.Errorf("request %d\n got %d %s\nwant 200 %s", i, status, body, want)
		}
	}
	if status, _ := sendEvents(t, p.url, "k2", 50); status != http.StatusOK {
		t.Errorf("a burst after a pause: status %d", status)
	}
	if status, body := sendEvents(t, p.url, "k2", 1); status != http.StatusTooManyRequests || !strings.Contains(body, `"code":"rate_limited"`) {
		t.Errorf("over the rate: %d %s", status, body)
	}
	if time.Now().UTC().Format("2006-01") != month {
		t.Skip("NOT TESTED: the month ended meanwhile")
	}
	want := fmt.Sprintf("key web: 3 of 5 events in %s, 6 refused over the quota\nkey app: 2 events/s, 1 refused over the rate\n", month)
	if code, out, errOut := run(t, "status", "-p", dir); code != 0 || !strings.Contains(out, want) {
		t.Errorf("status: exit code %d\n got %s%s\nwant in it %s", code, out, errOut, want)
	}
	if n := strings.Count(p.text(), "has used up its quota"); n != 1 {
		t.Errorf("the log says %d times that the quota is used up, want once:\n%s", n, p.text())
	}
	p.stop()

	p = start(t, dir)
	if _, out, _ := run(t, "status", "-p", dir); !strings.Contains(out, "key web: 3 of 5 events in "+month+", 0 refused") {
		t.Errorf("status after a restart:\n%s", out)
	}
	if _, body := sendEvents(t, p.url, "k1", 3); !strings.Contains(body, "quota_limited") {
		t.Errorf("over the quota after a restart: %s", body)
	}
	if _, body := sendEvents(t, p.url, "k1", 2); strings.Contains(body, "quota_limited") {
		t.Errorf("the rest of the quota after a restart: %s", body)
	}
}
