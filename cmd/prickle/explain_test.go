package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline/control"
)

const explainProject = `
capture: {listen: "127.0.0.1:0", keys: [{token: k, name: shop}]}
pipelines:
  main:
    transforms:
      - filter: event.name != "noise"
      - name: mask
        hog: {code: "if (event.event == 'broken') { throw Error('no mask') }\nlet e := event\ne.properties.seen := true\nreturn e"}
    destinations:
      - warehouse
      - webhook: {name: hook, url: %q, headers: {Authorization: "Bearer hunter2-hunter2"}, when: event.name != "quiet", retry: {first: 10ms, max: 20ms}, breaker: 'off'}
`

// fickle answers its first request with an error, and refuses what is named refused.
func fickle(t *testing.T) *httptest.Server {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct{ Event string }
		_ = json.NewDecoder(r.Body).Decode(&e)
		switch {
		case n.Add(1) == 1:
			w.WriteHeader(http.StatusBadGateway)
		case e.Event == "refused":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, "bad field in a request of "+r.Header.Get("Authorization"))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// explained asks until nothing is in flight.
func (p *instance) explained(id string) string {
	p.t.Helper()
	var text string
	poll(p.t, "the story is complete", func() (bool, string) {
		text = p.command("explain", id)
		return !strings.Contains(text, "waits"), text
	})
	return text
}

// Each way that an event may go is told, with what was in force and every answer.
func TestExplain(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(explainProject, fickle(t).URL)})
	p := startUnwatched(t, dir)
	ids := map[string]string{}
	for _, name := range []string{"retried", "quiet", "noise", "broken", "refused"} {
		ids[name] = uuid.NewString() // which does not tell its time
		if name == "retried" {
			ids[name] = uuid.Must(uuid.NewV7()).String()
		}
		body := fmt.Sprintf(`{"api_key":"k","event":%q,"uuid":%q,"distinct_id":"anna","properties":{"a":1}}`, name, ids[name])
		if status := post(t.Context(), p.url+"/capture/", body); status != 200 {
			t.Fatalf("capture: status %d", status)
		}
		p.settled()
	}
	for name, wants := range map[string][]string{
		"retried": {
			`: "retried" of "anna"`, " by shop, stored ", "pipeline main: processed ", " under configuration 1\n", "    filter: unchanged\n", "    mask: changed properties.seen\n",
			"  -> warehouse: delivered\n", "  -> hook: delivered\n", "attempt 1, batch of 1, ", ": failed: POST 127.0.0.1", "answered 502 Bad Gateway", "attempt 2, batch of 1, ", ": delivered\n",
		},
		"quiet":   {"  -> warehouse: delivered\n", "  -> hook: filtered by its condition (when)\n"},
		"noise":   {", dropped by filter\n", "    filter: dropped\n"},
		"broken":  {", dead (mask.thrown), letter ", ": failed: ", "no mask"},
		"refused": {"  -> hook: dead, letter ", "422 Unprocessable Entity", "attempt 1, batch of 1, ", ": refused: POST"},
	} {
		text := p.explained(ids[name])
		contains(t, name, text, wants...)
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s: a secret of the other side's answer is shown\n%s", name, text)
		}
	}

	// Under another configuration the transforms of the first are told, and the letter by its number until it is dropped.
	write(t, dir, "prickle.yaml", strings.Replace(fmt.Sprintf(explainProject, fickle(t).URL), `- name: mask`, `- drop_properties: [event.properties.a]
      - name: mask2`, 1))
	p.command("reload")
	text := p.command("explain", ids["retried"])
	contains(t, "under another configuration", text, "under configuration 1\n", "    mask: changed properties.seen\n")
	if strings.Contains(text, "drop_properties") {
		t.Errorf("the transforms of another configuration are told:\n%s", text)
	}
	letter := regexp.MustCompile(`letter (\d+)`).FindStringSubmatch(p.command("explain", ids["refused"]))
	p.command("dead", "drop", letter[1])
	contains(t, "dropped letter", p.command("explain", ids["refused"]), "the letter is not kept any more")

	var story control.Story
	if err := json.Unmarshal([]byte(p.command("explain", ids["retried"], "--json")), &story); err != nil {
		t.Fatal(err)
	}
	hook := story.Pipelines[0].Destinations[0]
	if hook.Name != "hook" || hook.State != "delivered" || len(hook.Attempts) != 2 || hook.Attempts[0].Outcome != "failed" || story.Captured[0].Frame == 0 {
		t.Errorf("as JSON\n got %+v", story)
	}
	p.refused("the log has none of that id; it keeps events for 168h0m0s (bus.retain)", "explain", uuid.NewString())
	p.refused("the log has none of that id since", "explain", uuid.NewString(), "--since", "1h")
	p.refused("want the uuid of an event", "explain", "anna")
	p.stop()
	contains(t, "without a process", p.command("explain", ids["retried"]), "  -> hook: delivered\n", "    mask: changed properties.seen\n")
}
