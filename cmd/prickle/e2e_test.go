package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack/slacktest"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
)

// node runs a script in test/node, or ends the test when that cannot be.
func node(t *testing.T, script string, args ...string) {
	t.Helper()
	dir, err := filepath.Abs("../../test/node")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		missing(t, "the SDKs in test/node/node_modules (run `make tools`)")
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node")
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join(dir, script)}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// missing ends a test that lacks a counterpart: loudly, and as a failure where everything is to be tested.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("PRICKLE_TEST_ALL") != "" {
		t.Fatalf("NOT TESTED: %s is missing", what)
	}
	t.Skipf("NOT TESTED: %s is missing", what)
}

// hook is a webhook's receiving end.
type hook struct {
	mu     sync.Mutex
	events map[string]int // how often each event id came
	bodies []map[string]any
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var decoded map[string]any
	if err != nil || json.Unmarshal(body, &decoded) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events[r.Header.Get("Idempotency-Key")]++
	h.bodies = append(h.bodies, decoded)
}

func stripeMock(t *testing.T) string {
	t.Helper()
	spec, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		t.Fatal(err)
	}
	stub, err := server.NewStubServer(fixtures, spec, true, false)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(stub.HandleRequest))
	t.Cleanup(s.Close)
	return s.URL
}

const wholeProject = `
capture: {listen: "127.0.0.1:0", keys: [{name: shop, token: phc_e2e}]}
pipelines:
  web:
    transforms:
      - filter: event.name != "$heartbeat"
      - hog: enrich.hog
      - hash: [event.properties.email]
    destinations:
      - warehouse
      - slack:
          when: event.name == "purchase" && event.properties.amount > 100
          url: %s
          token: xoxb-test
          channel: "#sales"
          text: "{event.properties.name} bought {event.properties.plan}"
      - webhook:
          when: event.name == "visit"
          url: %s
          body: {id: "{event.uuid}", who: "{event.distinct_id}", n: "{event.properties.n}"}
sources:
  stripe: {key: sk_test_123, url: %s, rate: 100}
`

const enrichFunction = `
let e := event
if (e.properties.amount >= 100) { e.properties.tier := 'large' }
return e
`

// The whole path with real clients and real counterparts, read back with SQL.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	posted := make(chan string, 100)
	slack := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/chat.postMessage", func(w http.ResponseWriter, r *http.Request) {
			posted <- r.FormValue("channel") + ": " + r.FormValue("text")
			_, _ = io.WriteString(w, `{"ok":true,"channel":"C1","ts":"1.2"}`)
		})
	})
	slack.Start()
	t.Cleanup(slack.Stop)
	received := &hook{events: map[string]int{}}
	webhook := httptest.NewServer(received)
	t.Cleanup(webhook.Close)
	dir := project(t, map[string]string{
		"prickle.yaml": fmt.Sprintf(wholeProject, slack.GetAPIURL(), webhook.URL, stripeMock(t)),
		"enrich.hog":   enrichFunction,
	})
	p := start(t, dir)
	node(t, "posthog-node.mjs", p.url, "phc_e2e")
	node(t, "analytics-node.mjs", p.url, "phc_e2e")
	st := p.settled()
	if st.Dead != 0 || len(st.Pipelines) != 1 || st.Pipelines[0].In != st.Pipelines[0].Passed+st.Pipelines[0].Dropped {
		t.Errorf("counters do not add up: %+v", st)
	}

	counts := map[string]string{}
	for _, row := range p.query("SELECT event, count(*) FROM events GROUP BY event") {
		counts[row[0].(string)] = fmt.Sprint(row[1])
	}
	want := map[string]string{
		"$identify": "2", "purchase": "2", "$create_alias": "2", "$groupidentify": "2", "visit": "45", "$pageview": "1", "$screen": "1",
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("events in the warehouse (-want +got)\n%s", diff)
	}
	rows := p.query(`SELECT CAST(uuid AS VARCHAR), distinct_id, source, properties->>'$.tier', length(properties->>'$.email') FROM events
		WHERE event = 'purchase' AND distinct_id = 'anna'`)
	if diff := cmp.Diff([][]any{{"0198c5a0-0000-7000-8000-00000000a001", "anna", "shop", "large", json.Number("64")}}, rows); diff != "" {
		t.Errorf("the purchase sent with posthog-node (-want +got)\n%s", diff)
	}
	rows = p.query(`SELECT distinct_id, properties->>'$."$anon_distinct_id"' FROM events WHERE event = '$identify' AND distinct_id = 'bo'`)
	if diff := cmp.Diff([][]any{{"bo", "anon-2"}}, rows); diff != "" {
		t.Errorf("the identify sent with analytics-node (-want +got)\n%s", diff)
	}

	if got := <-posted; got != "#sales: Anna bought pro" || len(posted) != 0 {
		t.Errorf("posted to Slack\n got %q and %d more\nwant only Anna's purchase", got, len(posted))
	}
	received.mu.Lock()
	for id, n := range received.events {
		if n != 1 {
			t.Errorf("event %s came %d times at the webhook", id, n)
		}
	}
	if len(received.events) != 45 || fmt.Sprintf("%T", received.bodies[0]["n"]) != "float64" {
		t.Errorf("the webhook got %d events, the first being %v", len(received.events), received.bodies[0])
	}
	received.mu.Unlock()

	if code, out, errOut := run(t, "sync", "-p", dir, "stripe"); code != 0 {
		t.Fatalf("sync: exit code %d\n%s%s", code, out, errOut)
	}
	for _, table := range []string{
		"customers", "products", "prices", "subscriptions", "invoices", "charges", "refunds", "balance_transactions",
	} {
		rows := p.query("SELECT count(*) FROM stripe_" + table)
		if fmt.Sprint(rows[0][0]) != "1" {
			t.Errorf("stripe_%s holds %v rows, stripe-mock has 1", table, rows[0][0])
		}
	}
	rows = p.query("SELECT status, error IS NULL FROM sync_runs WHERE source = 'stripe' AND \"trigger\" = 'command'")
	if diff := cmp.Diff([][]any{{"succeeded", true}}, rows); diff != "" {
		t.Errorf("what is told of the pass (-want +got)\n%s", diff)
	}
	rows = p.query("SELECT c.currency, c.amount = b.amount IS NOT NULL FROM stripe_charges c LEFT JOIN stripe_balance_transactions b ON true")
	if len(rows) != 1 || rows[0][0] != "usd" {
		t.Errorf("charges with their balance transactions\n got %v", rows)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}

	// The same query works on the file once nothing runs any more.
	code, out, errOut := run(t, "query", "-p", dir, "--format", "csv", "SELECT count(*) AS n FROM events")
	if code != 0 || out != "n\n55\n" {
		t.Errorf("query on the file: exit code %d\n%s%s", code, out, errOut)
	}
}
