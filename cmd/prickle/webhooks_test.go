package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76/webhook"
)

const webhooksExample = "configs/examples/webhooks-in"

// webhooksProject runs a copy of the example.
func webhooksProject(t *testing.T) *instance {
	t.Helper()
	source, dir := filepath.Join("../..", webhooksExample), t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil { // of someone who tried the example in place
		t.Fatal(err)
	}
	setEnv(t, read(t, source, "test.env"))
	t.Setenv("PRICKLE_LISTEN", "127.0.0.1:0")
	return start(t, dir)
}

// send posts a body with headers, which are names and values in turn, and returns the answer.
func (p *instance) send(method, path, body string, headers ...string) (status int, answer string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// stripeSays is a delivery of Stripe's, signed by its own library.
func (p *instance) stripeSays(body string, at time.Time) int {
	p.t.Helper()
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(body), Secret: "whsec_made_up", Timestamp: at})
	status, _ := p.send(http.MethodPost, "/public/webhooks/stripe", body, "Stripe-Signature", signed.Header)
	return status
}

const chargeSucceeded = `{"id":"evt_1","object":"event","type":"charge.succeeded","created":1767225600,"livemode":false,"pending_webhooks":%d,` +
	`"data":{"object":{"id":"ch_1","object":"charge","amount":4990,"currency":"eur","status":"succeeded","customer":{"id":"cus_1","object":"customer"}}}}`

// The example does what it says, with the curl lines of the documentation. What is delivered again is one row.
func TestWebhooksExample(t *testing.T) {
	p := webhooksProject(t)
	for i := range 2 { // Stripe signs anew, and its body is not the same to the byte
		if status := p.stripeSays(fmt.Sprintf(chargeSucceeded, 2-i), time.Now().Add(time.Duration(-i)*time.Minute)); status != http.StatusOK {
			t.Errorf("delivery %d\n got status %d\nwant 200", i+1, status)
		}
	}
	if status := p.stripeSays(fmt.Sprintf(chargeSucceeded, 1), time.Now().Add(-6*time.Minute)); status != http.StatusUnauthorized {
		t.Errorf("a delivery of six minutes ago\n got status %d\nwant 401", status)
	}
	curls := curlLines(page(t, docs+"webhooks.md"))
	if len(curls) != 4 {
		t.Fatalf("docs/webhooks.md has %d lines with curl", len(curls))
	}
	for _, c := range slices.Concat(curls, curls[:1]) { // GitHub's once more
		status, answer := p.send(c.method, c.path, c.body, c.headers...)
		got := fmt.Sprintln(answer, status)
		if c.silent {
			got = fmt.Sprintln(status)
		}
		if got != c.wants {
			t.Errorf("%+v\n got %s", c, got)
		}
	}
	p.settled()
	if web := p.settled().Pipelines[0]; web.In != 6 || web.Dropped != 2 { // the warehouse would have known as well
		t.Errorf("%d events came in and %d were dropped as repeated, want 6 and 2", web.In, web.Dropped)
	}
	got := p.query("SELECT source, event, distinct_id, strftime(timestamp, '%Y') = '2026' AND event LIKE 'stripe%', properties->>'repository', properties->>'plan', properties->>'amount' FROM events ORDER BY 1, 2")
	want := "[[form mail_opened ada@example.org false <nil> <nil> <nil>] [form signed_up ada@example.org false <nil> team <nil>] " +
		"[github github.star octocat false octo/hello <nil> <nil>] [stripe stripe.charge.succeeded cus_1 true <nil> <nil> 4990]]"
	if diff := cmp.Diff(want, fmt.Sprint(got)); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	_, metrics, _ := get(t, p.admin()+"/metrics")
	inOrder(t, metrics,
		`prickle_webhook_events_total{webhook="form"} 2`, `prickle_webhook_events_total{webhook="github"} 2`, `prickle_webhook_events_total{webhook="stripe"} 2`,
		`prickle_webhook_requests_total{outcome="declined",webhook="form"} 1`, `prickle_webhook_requests_total{outcome="stale_timestamp",webhook="stripe"} 1`,
		`prickle_webhook_requests_total{outcome="stored",webhook="stripe"} 2`,
	)
	if text := p.text(); strings.Contains(text, "whsec_made_up") || strings.Contains(text, "ch_1") {
		t.Errorf("the log has a secret or a body\n%s", text)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

// curlLine is a request of the documentation and what it is answered.
type curlLine struct {
	method, path, body string
	headers            []string
	wants              string
	silent             bool // it shows the status alone
}

// curlLines are the commands of the ```sh blocks that the next block shows the answer of.
func curlLines(text string) []curlLine {
	var lines []curlLine
	all := blocks(text)
	for i, b := range all {
		if b.language != "sh" || !strings.HasPrefix(b.text, "curl ") || i+1 == len(all) {
			continue
		}
		c := curlLine{method: http.MethodGet, wants: all[i+1].text}
		words := regexp.MustCompile(`'[^']*'|[^\s'\\]+`).FindAllString(b.text, -1)
		for n := 1; n < len(words); n++ {
			word := strings.Trim(words[n], "'")
			switch next := func() string { n++; return strings.Trim(words[n], "'") }; word {
			case "-d":
				c.method, c.body = http.MethodPost, next()
				c.headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, c.headers...)
			case "-H":
				name, value, _ := strings.Cut(next(), ": ")
				c.headers = append(c.headers, name, value)
			case "-w":
				next()
			case "-o":
				next()
				c.silent = true
			default:
				if _, path, ok := strings.Cut(word, "http://127.0.0.1:8000"); ok {
					c.path = path
				}
			}
		}
		lines = append(lines, c)
	}
	return lines
}

const changingWebhooks = `
capture: {listen: "127.0.0.1:0", keys: [k]}
webhooks:
  in: {verify: {scheme: bearer, secret: %s}, hog: in.hog}
%spipelines: {web: {destinations: [warehouse]}}
`

func inFunction(version string) string {
	return fmt.Sprintf("return {'event': 'e', 'distinct_id': 'd', 'uuid': request.body.id, 'properties': {'version': '%s'}}", version)
}

// A function, a secret and the webhooks themselves change under load: no request is lost or fails, and counters go on.
func TestWebhooksReload(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(changingWebhooks, "old", ""), "in.hog": inFunction("one")})
	p := startWith(t, dir, []string{"--watch=false"})
	var sent atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	post := func(secret string) int {
		id := sent.Add(1)
		status, _ := p.send(http.MethodPost, "/webhooks/in", fmt.Sprintf(`{"id":%d}`, id), "Authorization", "Bearer "+secret)
		return status
	}
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				if status := post("old"); status != http.StatusOK {
					t.Errorf("under load: status %d", status)
				}
			}
		}
	}()
	reload := func(want, secrets, more, version string) {
		t.Helper()
		write(t, dir, "prickle.yaml", fmt.Sprintf(changingWebhooks, secrets, more))
		write(t, dir, "in.hog", inFunction(version))
		if code, out, errOut := run(t, "reload", "-p", dir); code != 0 || strings.TrimSpace(out) != "reloaded: "+want {
			t.Errorf("reload: exit code %d\n got %s%s\nwant %s", code, out, errOut, want)
		}
	}
	const second = "  more: {verify: none, map: {event: '\"m\"', distinct_id: '\"d\"'}}\n"
	reload(`changed webhook "in"`, "old", "", "two")
	reload(`added webhook "more"; changed webhook "in"`, "[new, old]", second, "two")
	if status, _ := p.send(http.MethodPost, "/webhooks/more", "{}"); status != http.StatusOK {
		t.Errorf("the webhook that was put in: status %d", status)
	}
	reload(`removed webhook "more"`, "[new, old]", "", "two")
	if status, _ := p.send(http.MethodPost, "/webhooks/more", "{}"); status != http.StatusNotFound {
		t.Errorf("the webhook that was taken out: status %d", status)
	}
	write(t, dir, "in.hog", "return event")
	if code, _, errOut := run(t, "reload", "-p", dir); code == 0 || !strings.Contains(errOut, "event is not available here") {
		t.Errorf("reload with a mistake: exit code %d\n%s", code, errOut)
	}
	close(stop)
	<-done
	reload(`changed webhook "in"`, "new", "", "three")
	if status := post("old"); status != http.StatusUnauthorized {
		t.Errorf("the old secret: status %d", status)
	}
	sent.Add(-1)
	if status := post("new"); status != http.StatusOK {
		t.Errorf("the new secret: status %d", status)
	}
	p.settled()
	rows := p.query("SELECT count(*) FROM events WHERE event = 'e'")
	if got, want := fmt.Sprint(rows), fmt.Sprintf("[[%d]]", sent.Load()); got != want {
		t.Errorf("rows\n got %s\nwant %s", got, want)
	}
	versions := p.query("SELECT DISTINCT properties->>'version' FROM events WHERE event = 'e' ORDER BY 1")
	if fmt.Sprint(versions) != "[[one] [three] [two]]" {
		t.Errorf("versions of the function: %v", versions)
	}
	_, metrics, _ := get(t, p.admin()+"/metrics")
	inOrder(t, metrics, fmt.Sprintf(`prickle_webhook_events_total{webhook="in"} %d`, sent.Load()))
}
