package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const deadProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
bus: {dead_retain: 10d}
pipelines:
  web:
    transforms:
      - name: mask
        hog: mask.hog
    destinations:
      - webhook: {name: crm, url: %q, headers: {Authorization: "Bearer secret-token"}}
      - webhook: {name: other, url: %q, when: event.name == "never"}
  app:
    transforms: [{filter: "false"}]
    destinations:
      - webhook: {name: app, url: %[2]q}
`

// Dead letters by what is in them: counted, listed, exported, replayed to another destination, dropped; while the project runs and while it
// does not.
func TestDeadLettersByFilter(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, "no field\n<colour> for "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(refusing.Close)
	received := make(chan string, 100)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { received <- r.Header.Get("Idempotency-Key") }))
	t.Cleanup(other.Close)
	dir := project(t, map[string]string{
		"prickle.yaml": fmt.Sprintf(deadProject, refusing.URL, other.URL),
		"mask.hog":     "if (event.event = 'bad') { throw Error('no key for ' || event.distinct_id) }\nreturn event",
	})
	p := start(t, dir)
	ids := p.sendBatchOf("good", 3)
	p.sendBatchOf("bad", 2)
	poll(t, "there are five dead letters", func() (bool, string) {
		st := p.settled()
		return st.Dead == 5, fmt.Sprintf("%+v", st)
	})
	dead := func(wantCode int, args ...string) (out, errOut string) {
		t.Helper()
		code, out, errOut := run(t, append([]string{"dead", args[0], "-p", dir}, args[1:]...)...)
		if code != wantCode {
			t.Errorf("dead %v: exit code %d\n%s%s", args, code, out, errOut)
		}
		return out, errOut
	}
	holds := func(what, text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s\n got %s\nwant %s in it", what, text, part)
			}
		}
	}
	read := func(when string) {
		t.Helper()
		out, _ := dead(0, "count", "--json")
		want := `{"pipeline":"web","class":"mask.thrown","letters":2}` + "\n" + `{"pipeline":"web","destination":"crm","class":"permanent","letters":3}` + "\n"
		if out != want {
			t.Errorf("count --json %s\n got %s\nwant %s", when, out, want)
		}
		out, _ = dead(0, "count", "--class", "mask.thrown")
		holds("count "+when, out, "mask.thrown", "2 dead letters")
		for want, filter := range map[string][]string{
			"3 dead letters":  {"--class", "permanent"},
			"1 dead letter\n": {"--event", "bad", "--person", "u1"},
			"2 dead letters":  {"--reason", "NO KEY FOR", "--since", "1h"},
			"0 dead letters":  {"--until", "1h"},
		} {
			out, _ = dead(0, append([]string{"list"}, filter...)...)
			holds(fmt.Sprintf("list %v %s", filter, when), out, want)
		}
		out, _ = dead(0, "list", "--json", "--limit", "1", "--class", "permanent")
		holds("list --json "+when, out, `"class":"permanent"`, `"response":{"status":"422 Unprocessable Entity","body":"no field\n<colour> for ***"}`)
		if strings.Count(out, "\n") != 1 || strings.Contains(out, "secret-token") {
			t.Errorf("list --json --limit 1 %s\n got %s", when, out)
		}
	}
	read("while it runs")
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.text())
	}
	read("while it does not")

	events := filepath.Join(t.TempDir(), "events.ndjson")
	out, _ := dead(0, "export", "--events", "--event", "good", "-o", events)
	holds("export", out, "3 lines written to "+events)
	text, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	var piped strings.Builder
	if code := execute(t.Context(), []string{"pipe", "--pipeline", "web", dir}, streams{in: strings.NewReader(string(text)), out: &piped, err: io.Discard}); code != 0 || strings.Count(piped.String(), "\n") != 3 {
		t.Errorf("pipe of exported events: exit code %d\n%s", code, piped.String())
	}
	out, _ = dead(0, "export")
	if strings.Count(out, "\n") != 5 || strings.Count(out, `"reason":`) != 5 {
		t.Errorf("export of whole letters\n%s", out)
	}
	for want, args := range map[string][]string{
		`destination "othr": there is none of that name; did you mean "other"?`: {"--all", "--to", "othr"},
		`pipeline "wbe": there is none of that name; did you mean "web"?`:       {"--all", "--to", "wbe/other"},
		`it can go to another destination of that pipeline only`:                {"--all", "--to", "app/app"},
		`which dead letters? name their ids, select them`:                       {"--limit", "3"},
		`--since 1h is not before --until 2h`:                                   {"--since", "1h", "--until", "2h"},
		`rate: want a number of letters`:                                        {"--all", "--rate", "-1"},
	} {
		_, errOut := dead(1, append([]string{"replay"}, args...)...)
		holds(fmt.Sprintf("replay %v", args), errOut, want)
	}
	out, _ = dead(0, "drop", "--class", "mask.thrown", "--person", "u0")
	holds("drop", out, "1 dead letter dropped")

	p = start(t, dir)
	out, _ = dead(0, "replay", "--destination", "crm", "--limit", "2", "--to", "other", "--rate", "50")
	holds("replay", out, "2 dead letters replayed")
	for range 2 {
		if got := <-received; !slices.Contains(ids, got) {
			t.Errorf("delivered to the other destination\n got %s\nwant one of %v, without its condition being asked", got, ids)
		}
	}
	if st := p.settled(); st.Dead != 2 || st.Pipelines[0].Destinations[1].Replayed != 2 || st.Pipelines[0].Destinations[1].Delivered != 0 {
		t.Errorf("status\n got %+v\nwant two letters left, two delivered again", st)
	}
}
