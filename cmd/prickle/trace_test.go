package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline/trace/tracetest"
)

const tracedProject = `
capture: {listen: "127.0.0.1:0", keys: [{name: shop, token: phc_secret_key}]}
telemetry: {otlp: %q, sample: 0.000001, headers: {X-Key: telemetry-secret}}
pipelines:
  web:
    transforms:
      - hog: mask.hog
    destinations:
      - webhook: {name: flaky, url: %[2]s/flaky, when: event.name == "visit", retry: {first: 10ms, max: 10ms}, headers: {Authorization: webhook-secret}}
      - webhook: {name: strict, url: %[2]s/strict, when: event.name == "visit"}
`

// One event's trace goes from the request, which the client has begun a trace for, to every attempt at every destination.
func TestTrace(t *testing.T) {
	collector := tracetest.New(t)
	var calls atomic.Int32
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/strict":
			http.Error(w, "marked-answer", http.StatusUnprocessableEntity)
		case calls.Add(1) == 1:
			http.Error(w, "marked-answer", http.StatusInternalServerError)
		}
	}))
	t.Cleanup(remote.Close)
	p := start(t, project(t, map[string]string{
		"prickle.yaml": fmt.Sprintf(tracedProject, collector.URL, remote.URL),
		"mask.hog":     "if (event.event == 'wrong') { throw Error(event.properties.note) }\nreturn event\n",
	}))
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	traced := func(event string, sampled int) {
		t.Helper()
		body := fmt.Sprintf(`{"api_key":"phc_secret_key","event":%q,"distinct_id":"marked-person","properties":{"note":"marked-value"}}`, event)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/capture/?_=marked-query", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if sampled >= 0 {
			req.Header.Set("traceparent", fmt.Sprintf("00-%s-b7ad6b716920333%d-0%d", traceID, len(event)%10, sampled))
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
	}
	traced("visit", 1)
	p.settled()
	traced("wrong", 1)
	traced("visit", 0)
	traced("visit", -1)
	p.settled()
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.text())
	}
	checkSpans(t, collector.Spans(), traceID)
	for _, r := range collector.Requests() {
		if r.Header.Get("X-Key") != "telemetry-secret" {
			t.Errorf("the header of an export\n got %q", r.Header.Get("X-Key"))
		}
	}
	for _, secret := range []string{"secret", "marked", remote.URL} {
		if strings.Contains(collector.Text(), secret) {
			t.Errorf("%q is in the spans", secret)
		}
	}
	if strings.Contains(p.text(), "telemetry-secret") {
		t.Error("the header is in the log")
	}
}

// checkSpans follows the first event from the end to the beginning.
func checkSpans(t *testing.T, spans []tracetest.Span, traceID string) {
	t.Helper()
	byID := map[string]tracetest.Span{}
	var chains []string
	for _, s := range spans {
		byID[s.ID] = s
		if s.Trace != traceID {
			t.Errorf("a span of another trace: %+v", s)
		}
	}
	for _, s := range spans {
		if s.Name != "deliver" {
			continue
		}
		chain := s.Attributes["prickle.pipeline"] + "/" + s.Attributes["prickle.destination"] + " attempt " + s.Attributes["prickle.attempts"] + " " + s.Status + ":"
		for ok := true; ok; s, ok = byID[s.Parent] {
			chain += " " + s.Name
			if s.Parent == "b7ad6b7169203335" {
				chain += " client"
			}
		}
		chains = append(chains, chain)
	}
	want := map[string]bool{
		"web/flaky attempt 1 failed: deliver process frame capture client":   true,
		"web/flaky attempt 2 : deliver process frame capture client":         true,
		"web/strict attempt 1 refused: deliver process frame capture client": true,
	}
	got := map[string]bool{}
	for _, c := range chains {
		got[c] = true
	}
	if diff := cmp.Diff(want, got); diff != "" || len(chains) != 3 {
		t.Errorf("spans of deliveries (-want +got)\n%s", diff)
	}
	wrong := 0
	for _, s := range spans {
		if s.Name == "process" && s.Failed {
			wrong++
			if s.Status != "dead_lettered" || s.Attributes["prickle.pipeline"] != "web" || s.Attributes["prickle.dead"] != "1" {
				t.Errorf("the span of the event that failed\n got %+v", s)
			}
		}
		if s.Name == "capture" && (s.Attributes["http.response.status_code"] != "200" || s.Attributes["prickle.source"] != "shop" || s.Attributes["prickle.events"] != "1") {
			t.Errorf("the span of a request\n got %+v", s)
		}
	}
	if wrong != 1 {
		t.Errorf("failed spans of process\n got %d\nwant 1", wrong)
	}
}

func TestTelemetryCheck(t *testing.T) {
	for text, want := range map[string]string{
		`telemetry: {otlp: "127.0.0.1:4318"}`:             `prickle.yaml:1:1: telemetry.otlp: want an http or https address`,
		`telemetry: {otlp: "http://c:4318", sample: 2}`:   "telemetry.sample: want more than 0 and at most 1, got 2",
		`telemetry: {headers: {a: s3cret}}`:               "there is no telemetry.otlp to send them to",
		`telemetry: {otlp: "http://c:4318", sampel: 0.5}`: `unknown key "sampel"; did you mean "sample"?`,
		`admin: {listne: "127.0.0.1:1"}`:                  `unknown key "listne"; did you mean "listen"?`,
	} {
		code, _, errOut := run(t, "check", project(t, map[string]string{
			"prickle.yaml": text + "\ncapture: {keys: [k]}\npipelines: {web: {destinations: [stdout]}}\n",
		}))
		if code != 1 || !strings.Contains(errOut, want) || strings.Contains(errOut, "telemetry: {headers: {a: s3cret}}") {
			t.Errorf("%s\n got exit code %d, %s\nwant %s", text, code, errOut, want)
		}
	}
}
