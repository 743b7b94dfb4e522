package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const profilesProject = `
capture: {listen: 127.0.0.1:0, keys: [phc_local]}
profiles: {every: 100ms}
pipelines:
  web:
    transforms:
      - drop_properties: [event.properties.$set.phone]
    destinations:
      - warehouse
      - webhook:
          url: URL
          when: event.name == "purchase"
          body: {text: "{person.name} on {person.properties.plan} buys {event.properties.n} for {groups.company.properties.name}"}
`

// TestProfiles has a visitor become a person, whom the tables and a webhook's template know with the company, before and after a reload.
func TestProfiles(t *testing.T) {
	h := &hook{events: map[string]int{}}
	receiver := httptest.NewServer(h)
	defer receiver.Close()
	dir := project(t, map[string]string{"prickle.yaml": strings.Replace(profilesProject, "URL", receiver.URL, 1)})
	p := start(t, dir)
	send := func(body string) {
		t.Helper()
		if status := post(t.Context(), p.url+"/capture/", body); status != http.StatusOK {
			t.Fatalf("capture\n got status %d\nwant 200", status)
		}
		p.settled()
	}
	said := func(want string) {
		t.Helper()
		poll(t, "the webhook says "+want, func() (bool, string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, b := range h.bodies {
				if b["text"] == want {
					return true, ""
				}
			}
			return false, ""
		})
	}
	send(`{"api_key":"phc_local","event":"seen","distinct_id":"anon","properties":{"$set":{"plan":"free"}}}`)
	send(`{"api_key":"phc_local","event":"$identify","distinct_id":"u1","properties":{"$anon_distinct_id":"anon","$set":{"email":"ann@example.com","phone":"555"}}}`)
	send(`{"api_key":"phc_local","event":"$groupidentify","distinct_id":"u1","properties":{"$group_type":"company","$group_key":"acme","$group_set":{"name":"Acme"}}}`)
	send(`{"api_key":"phc_local","event":"purchase","distinct_id":"u1","properties":{"n":1,"$groups":{"company":"acme"}}}`)
	said("ann@example.com on free buys 1 for Acme")
	send(`{"api_key":"phc_local","event":"upgraded","distinct_id":"anon","properties":{"$set":{"plan":"pro"}}}`)

	config := filepath.Join(dir, "prickle.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), "{person.name} on", "{person.name} now on", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	poll(t, "the configuration is reloaded", func() (bool, string) {
		return strings.Contains(p.text(), "configuration reloaded"), p.text()
	})
	send(`{"api_key":"phc_local","event":"purchase","distinct_id":"anon","properties":{"n":2}}`)
	said("ann@example.com now on pro buys 2 for ")
	// An event without a person is of the one who is known by its distinct id all the same, and changes nothing.
	send(`{"api_key":"phc_local","event":"purchase","distinct_id":"anon","properties":{"n":3,"$process_person_profile":false,"$set":{"plan":"none"}}}`)
	said("ann@example.com now on pro buys 3 for ")

	poll(t, "the tables are a copy", func() (bool, string) {
		rows := p.query(`SELECT p.properties::VARCHAR, (SELECT count(DISTINCT person_id) FROM events_by_person), (SELECT count(*) FROM person_distinct_ids) FROM persons p`)
		want := `{"plan":"pro","email":"ann@example.com"} 1 2`
		var got []string
		for _, row := range rows {
			got = append(got, strings.TrimSpace(fmt.Sprintln(row...)))
		}
		return len(got) == 1 && got[0] == want, strings.Join(got, "\n")
	})
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}
