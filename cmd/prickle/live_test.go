package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// quickstart copies the README's project, so that its data folder is the test's own.
func quickstart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "quickstart")
	if err := os.CopyFS(dir, os.DirFS("../../configs/examples/quickstart")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The README's commands: run, curl, send, query.
func TestQuickstart(t *testing.T) {
	dir := quickstart(t)
	p := start(t, dir, "PRICKLE_LISTEN=127.0.0.1:0", "SLACK_TOKEN=", "PRICKLE_KEY=phc_local")
	t.Setenv("PRICKLE_LISTEN", "127.0.0.1:0")
	curl := `{"api_key":"phc_local","event":"purchase","distinct_id":"dora","properties":{"name":"Dora","email":"dora@initech.example","plan":"team","amount":499,"currency":"usd"}}`
	if status := post(t.Context(), p.url+"/capture/", curl); status != http.StatusOK {
		t.Fatalf("curl\n got status %d\nwant 200", status)
	}
	if code, out, errOut := run(t, "send", "-p", dir); code != 0 || !strings.HasPrefix(out, "10 events stored by http://127.0.0.1:") {
		t.Fatalf("send: exit code %d\n%s%s", code, out, errOut)
	}
	p.settled()
	code, out, errOut := run(t, "query", "-p", dir, "--format", "csv",
		`SELECT event, distinct_id, properties->>'$.tier' AS tier, length(properties->>'$.email') AS email FROM events WHERE event = 'purchase' ORDER BY distinct_id`)
	want := "event,distinct_id,tier,email\npurchase,anna,medium,64\npurchase,bo,small,64\npurchase,chen,large,64\npurchase,dora,medium,64\n"
	if code != 0 || out != want {
		t.Errorf("query: exit code %d\n got %s%s\nwant %s", code, out, errOut, want)
	}
	if code, out, errOut := run(t, "status", "-p", dir); code != 0 || !strings.Contains(out, "pipeline web: 11 in = 10 passed + 1 dropped + 0 dead") {
		t.Errorf("status: exit code %d\n%s%s", code, out, errOut)
	}
	for _, line := range []string{"slack has no token", "Dora bought team for 499 USD", "Chen bought enterprise for 4800 USD"} {
		if !strings.Contains(p.text(), line) {
			t.Errorf("the process did not say %q:\n%s", line, p.text())
		}
	}
	if strings.Contains(p.text(), "Bo bought") {
		t.Error("a purchase below 100 was announced")
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

func TestTail(t *testing.T) {
	dir := quickstart(t)
	p := start(t, dir, "PRICKLE_LISTEN=127.0.0.1:0", "SLACK_TOKEN=")
	ctx, cancel := context.WithCancel(t.Context())
	lines := make(chan string, 100)
	ended := make(chan int, 1)
	go func() {
		out := writerFunc(func(b []byte) (int, error) {
			lines <- string(b)
			return len(b), nil
		})
		ended <- execute(ctx, []string{"tail", "-p", dir, "--where", `event.name == "purchase" && event.properties.amount > 100`},
			streams{in: strings.NewReader(""), out: out, err: os.Stderr})
	}()
	// Events are sent until the first is shown, for tail begins at a moment that only it knows.
	for n := 0; len(lines) == 0; n++ {
		body := `{"api_key":"phc_local","batch":[{"event":"purchase","distinct_id":"a","properties":{"amount":%d}},{"event":"purchase","distinct_id":"b","properties":{"amount":1}}]}`
		if status := post(t.Context(), p.url+"/batch/", fmt.Sprintf(body, 1000+n)); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		if n > 5000 {
			t.Fatal("tail shows nothing")
		}
	}
	if line := <-lines; !strings.Contains(line, `"distinct_id":"a"`) || !strings.HasSuffix(line, "}\n") {
		t.Errorf("tail shows %q", line)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code of tail after an interrupt\n got %d\nwant 0", code)
	}
}

const refusingProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
pipelines:
  web:
    destinations:
      - webhook: {url: %q}
`

// An event that is refused for good becomes a dead letter, which survives a restart, can be shown, replayed and dropped.
func TestDeadLetters(t *testing.T) {
	var refuse atomic.Bool
	refuse.Store(true)
	received := make(chan string, 10)
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse.Load() {
			http.Error(w, "no such field: colour", http.StatusUnprocessableEntity)
			return
		}
		received <- r.Header.Get("Idempotency-Key")
	}))
	t.Cleanup(remote.Close)
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(refusingProject, remote.URL)})
	p := start(t, dir)
	ids := []string{"0198c5a0-0000-7000-8000-000000000001", "0198c5a0-0000-7000-8000-000000000002"}
	for _, id := range ids {
		body := fmt.Sprintf(`{"api_key":"k","uuid":%q,"event":"e","distinct_id":"u"}`, id)
		if status := post(t.Context(), p.url+"/capture/", body); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	poll(t, "there are two dead letters", func() (bool, string) {
		st := p.settled()
		return st.Dead == 2, fmt.Sprintf("%+v", st)
	})
	p.kill()

	// The process need not run.
	code, out, errOut := run(t, "dead", "list", "-p", dir, "--destination", "webhook")
	if code != 0 || !strings.Contains(out, "2 dead letters") || !strings.Contains(out, "422") {
		t.Errorf("dead list: exit code %d\n%s%s", code, out, errOut)
	}
	if code, out, _ := run(t, "dead", "show", "-p", dir, "1"); code != 0 || !strings.Contains(out, ids[0]) || !strings.Contains(out, "no such field: colour") {
		t.Errorf("dead show: exit code %d\n%s", code, out)
	}
	if code, out, errOut := run(t, "dead", "drop", "-p", dir, "2"); code != 0 || out != "1 dead letter dropped\n" {
		t.Errorf("dead drop: exit code %d\n%s%s", code, out, errOut)
	}
	refuse.Store(false)
	p = start(t, dir)
	if code, out, errOut := run(t, "dead", "replay", "-p", dir, "--pipeline", "web"); code != 0 || out != "1 dead letter replayed\n" {
		t.Errorf("dead replay: exit code %d\n%s%s", code, out, errOut)
	}
	if got := <-received; got != ids[0] {
		t.Errorf("delivered after the replay\n got %s\nwant %s", got, ids[0])
	}
	if st := p.settled(); st.Dead != 0 {
		t.Errorf("%d dead letters are left", st.Dead)
	}
}
