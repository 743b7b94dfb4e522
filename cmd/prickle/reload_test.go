package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// inbox is a webhook's other side: it keeps what arrives, in order.
type inbox struct {
	*httptest.Server
	mu  sync.Mutex
	got []map[string]any
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	in := &inbox{}
	in.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var e map[string]any
		_ = json.Unmarshal(body, &e)
		in.mu.Lock()
		defer in.mu.Unlock()
		in.got = append(in.got, e)
	}))
	t.Cleanup(in.Close)
	return in
}

func (in *inbox) all() []map[string]any {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]map[string]any(nil), in.got...)
}

// waits until an event arrives for which yes holds.
func (in *inbox) waits(t *testing.T, what string, yes func(map[string]any) bool) {
	t.Helper()
	poll(t, what, func() (bool, string) {
		all := in.all()
		for _, e := range all {
			if yes(e) {
				return true, ""
			}
		}
		return false, fmt.Sprint(all)
	})
}

const reloadProject = `
capture: {listen: "127.0.0.1:0", keys: %s}
pipelines:
  web:
    transforms:
      - hog: tag.hog
    destinations:
      - webhook: {name: one, url: %q}
%s`

func tag(text string) string {
	return fmt.Sprintf("let e := event\ne.properties.tag := '%s'\nreturn e", text)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *instance) capture(t *testing.T, key, name string) int {
	t.Helper()
	return post(t.Context(), p.url+"/capture/", fmt.Sprintf(`{"api_key":%q,"event":%q,"distinct_id":"u"}`, key, name))
}

func named(name, tag string) func(map[string]any) bool {
	return func(e map[string]any) bool {
		properties, _ := e["properties"].(map[string]any)
		return e["event"] == name && properties["tag"] == tag
	}
}

// A function is edited, and the next event meets the new one, without a command.
func TestEditedFunctionTakesEffect(t *testing.T) {
	in := newInbox(t)
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(reloadProject, "[k]", in.URL, ""), "tag.hog": tag("before")})
	p := start(t, dir)
	p.capture(t, "k", "first")
	in.waits(t, "the first event arrives", named("first", "before"))
	write(t, dir, "tag.hog", tag("after"))
	poll(t, "the change is noticed", func() (bool, string) { return strings.Contains(p.text(), "configuration reloaded"), p.text() })
	p.capture(t, "k", "second")
	in.waits(t, "the second event arrives", named("second", "after"))
	if !strings.Contains(p.text(), `changed pipeline \"web\"`) || strings.Contains(p.text(), `destination \"one\"`) {
		t.Errorf("the log does not say that the pipeline alone was changed:\n%s", p.text())
	}
	poll(t, "the books balance over the change", func() (bool, string) {
		b, text := p.books()
		return b.Balance == "balanced" && b.Pipelines[0].In == 2 && b.Pipelines[0].Destinations[0].Delivered == 2, text
	})
}

// Everything of a configuration that can change while it runs, changes by one command; a mistake changes nothing.
func TestReload(t *testing.T) {
	one, two := newInbox(t), newInbox(t)
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(reloadProject, "[k]", one.URL, ""), "tag.hog": tag("a")})
	p := start(t, dir)
	reload := func(yaml string) (int, string) {
		t.Helper()
		write(t, dir, "prickle.yaml", yaml)
		code, out, errOut := run(t, "reload", "-p", dir)
		return code, out + errOut
	}
	more := fmt.Sprintf(`      - webhook: {name: two, url: %q}
  app:
    destinations:
      - webhook: {name: three, when: event.name == "third", url: %q}
`, two.URL, two.URL)
	code, text := reload(fmt.Sprintf(reloadProject, "[other]", one.URL, more))
	if want := "reloaded: added "; code != 0 || !strings.HasPrefix(text, want) {
		t.Errorf("reload: exit code %d\n got %s\nwant %s…", code, text, want)
	}
	if status := p.capture(t, "k", "refused"); status != http.StatusUnauthorized {
		t.Errorf("the key that was taken out\n got status %d\nwant 401", status)
	}
	if status := p.capture(t, "other", "third"); status != http.StatusOK {
		t.Errorf("the key that was put in\n got status %d\nwant 200", status)
	}
	one.waits(t, "it arrives", named("third", "a"))
	two.waits(t, "it arrives at the new destination", named("third", "a"))
	two.waits(t, "it arrives from the new pipeline", func(e map[string]any) bool {
		properties, _ := e["properties"].(map[string]any)
		return e["event"] == "third" && properties["tag"] == nil
	})

	for name, c := range map[string]struct{ yaml, want string }{
		"a mistake":   {strings.Replace(fmt.Sprintf(reloadProject, "[k]", one.URL, ""), "hog:", "hogg:", 1), `unknown transform "hogg"`},
		"the bus":     {fmt.Sprintf(reloadProject, "[k]", one.URL, "bus: {retain: 3d}\n"), "bus was changed, which a running process cannot do; undo the change, or restart"},
		"the address": {strings.Replace(fmt.Sprintf(reloadProject, "[k]", one.URL, ""), "127.0.0.1:0", "127.0.0.1:1", 1), "capture.listen was changed"},
		"the PROXY protocol": {
			strings.Replace(fmt.Sprintf(reloadProject, "[k]", one.URL, ""), "keys:", "proxy_protocol: true, trusted_proxies: [10.0.0.1], keys:", 1),
			"capture.tls or capture.proxy_protocol was changed",
		},
		"no pipelines": {"sources: {stripe: {key: sk_test_1}}\n", "whether there are pipelines at all was changed"},
	} {
		if code, text := reload(c.yaml); code != 1 || !strings.Contains(text, c.want) {
			t.Errorf("%s: exit code %d\n got %s\nwant %s", name, code, text, c.want)
		}
		if status := p.capture(t, "other", "still"); status != http.StatusOK {
			t.Errorf("%s: the configuration before does not go on: status %d", name, status)
		}
	}
	code, text = reload(fmt.Sprintf(reloadProject, "[other]", one.URL, ""))
	if !strings.Contains(text, "removed ") || code != 0 {
		t.Errorf("reload: exit code %d\n%s", code, text)
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
	if code, _, errOut := run(t, "reload", "-p", dir); code != 1 || !strings.Contains(errOut, "does not run: start it with prickle run") {
		t.Errorf("reload of a project that does not run: exit code %d\n%s", code, errOut)
	}
}

// The project's files get mistakes while it runs. Commands still reach it, and it says that its files are not in force, until they are.
func TestRefusedFilesShow(t *testing.T) {
	in := newInbox(t)
	good := fmt.Sprintf(reloadProject, "[k]", in.URL, "")
	dir := project(t, map[string]string{"prickle.yaml": good, "tag.hog": tag("a")})
	p := startWith(t, dir, []string{"--watch=false"})
	shows := func() (status, ready bool) {
		t.Helper()
		code, out, errOut := run(t, "status", "-p", dir)
		if code != 0 {
			t.Errorf("status: exit code %d\n%s", code, errOut)
		}
		_, text, _ := get(t, p.admin()+"/readyz")
		return strings.Contains(out, "the project's files were refused at "), strings.Contains(text, `"configuration_refused"`)
	}
	for name, broken := range map[string]string{
		"a variable that is not set": strings.Replace(good, "[k]", `["${NOT_SET_FOR_OPERATORS}"]`, 1), "no YAML": "a: [\n", "a wrong name": strings.Replace(good, "hog:", "hogg:", 1),
	} {
		write(t, dir, "prickle.yaml", broken)
		if code, out, errOut := run(t, "reload", "-p", dir); code != 1 || !strings.Contains(errOut, "prickle.yaml:") {
			t.Errorf("%s: reload: exit code %d\n%s%s", name, code, out, errOut)
		}
		if status, ready := shows(); !status || !ready {
			t.Errorf("%s: shown by status %v, by /readyz %v", name, status, ready)
		}
		for _, args := range [][]string{{"dead", "count"}, {"config", "list"}, {"query", "SELECT 1"}} {
			if code, out, errOut := run(t, append(args, "-p", dir)...); code != 0 {
				t.Errorf("%s: %v: exit code %d\n%s%s", name, args, code, out, errOut)
			}
		}
		write(t, dir, "prickle.yaml", good)
		if code, out, errOut := run(t, "reload", "-p", dir); code != 0 {
			t.Errorf("reload: exit code %d\n%s%s", code, out, errOut)
		}
		if status, ready := shows(); status || ready {
			t.Errorf("after %s was corrected: shown by status %v, by /readyz %v", name, status, ready)
		}
	}
}

// Configurations change at random under load. Every acknowledged event must be in the warehouse once, and reach a webhook in the order of
// its person.
func TestReloadsUnderLoad(t *testing.T) {
	const rounds = 12
	in := newInbox(t)
	yaml := func(n int) string {
		text := fmt.Sprintf("capture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines:\n  web:\n    transforms:\n      - hog: {code: \"let e := event\\ne.properties.v := %d\\nreturn e\"}\n    destinations:\n      - warehouse\n", n%3)
		text += fmt.Sprintf("      - webhook: {name: ordered, url: %q, when: 'event.name == \"ordered\"', batch: {wait: %dms}}\n", in.URL, n%4)
		if n%5 == 1 {
			text += fmt.Sprintf("  more:\n    destinations:\n      - webhook: {url: %q, when: 'false'}\n", in.URL)
		}
		return text
	}
	dir := project(t, map[string]string{"prickle.yaml": yaml(0)})
	p := start(t, dir)
	c := &client{acked: map[string]bool{}, url: p.url}
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for i := range 3 {
		senders.Go(func() { c.send(ctx, i) })
	}
	sent := 0
	senders.Go(func() {
		for ; ctx.Err() == nil; sent++ {
			body := fmt.Sprintf(`{"api_key":"k","event":"ordered","distinct_id":"p","properties":{"n":%d}}`, sent)
			for post(ctx, p.url+"/capture/", body) != 200 && ctx.Err() == nil {
			}
		}
	})
	for round := 1; round <= rounds; round++ {
		write(t, dir, "prickle.yaml", yaml(rand.IntN(20)))
		if code, out, errOut := run(t, "reload", "-p", dir); code != 0 {
			t.Fatalf("round %d: exit code %d\n%s%s\n%s", round, code, out, errOut, p.text())
		}
	}
	cancel()
	senders.Wait()
	write(t, dir, "prickle.yaml", yaml(1)) // with every name that events may wait for
	if code, out, errOut := run(t, "reload", "-p", dir); code != 0 {
		t.Fatalf("last reload: exit code %d\n%s%s", code, out, errOut)
	}
	p.settled()
	checkStoredOnce(t, p, c)
	checkOrdered(t, in, sent-1)
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

func checkStoredOnce(t *testing.T, p *instance, c *client) {
	t.Helper()
	stored := map[string]int{}
	for _, row := range p.query("SELECT CAST(uuid AS VARCHAR) FROM events WHERE event = 'e'") {
		stored[row[0].(string)]++
	}
	lost, twice := 0, 0
	for id := range c.acked {
		switch stored[id] {
		case 0:
			lost++
		case 1:
		default:
			twice++
		}
	}
	t.Logf("%d events acknowledged, %d stored", len(c.acked), len(stored))
	if lost+twice > 0 || len(c.acked) == 0 {
		t.Errorf("of %d acknowledged events %d are lost and %d are there twice", len(c.acked), lost, twice)
	}
}

// checkOrdered wants the numbers up to least, which were acknowledged, in their order. A repeat is none of its business.
func checkOrdered(t *testing.T, in *inbox, least int) {
	t.Helper()
	next := 0
	for _, e := range in.all() {
		properties, _ := e["properties"].(map[string]any)
		n, _ := properties["n"].(float64)
		switch {
		case int(n) == next:
			next++
		case int(n) > next:
			t.Fatalf("event %d arrived and %d had not", int(n), next)
		}
	}
	if next < least {
		t.Errorf("events in order\n got %d\nwant at least %d", next, least)
	}
}

// SIGHUP does what the command does.
func TestReloadOnHangup(t *testing.T) {
	in := newInbox(t)
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(reloadProject, "[k]", in.URL, ""), "tag.hog": tag("a")})
	p := start(t, dir)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	poll(t, "the project is reloaded", func() (bool, string) {
		return strings.Contains(p.text(), `msg="configuration reloaded" changed="no pipeline, destination or source"`), p.text()
	})
	write(t, dir, "tag.hog", "return evnt")
	poll(t, "the mistake is shown", func() (bool, string) {
		return strings.Contains(p.text(), "the changed configuration is refused") && strings.Contains(p.text(), "tag.hog:1:8"), p.text()
	})
	began := time.Now()
	if code := p.stop(); code != 0 || time.Since(began) > 30*time.Second {
		t.Errorf("exit code %d after %s\n%s", code, time.Since(began), p.text())
	}
}
