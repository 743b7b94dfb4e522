package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/control"
)

const eraseProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
profiles: {every: 100ms}
schema: {every: 100ms}
pipelines:
  main:
    transforms:
      - hog: mark.hog
    destinations:
      - warehouse
      - webhook: {name: crm, url: %q, retry: {first: 50ms, max: 50ms}, breaker: "off"}
`

const eraseHog = "if (event.event = 'wrong') { throw Error('boom') }\nreturn event"

// shop refuses everything until it is opened, and keeps what it gets then.
type shop struct {
	mu   sync.Mutex
	open bool
	got  strings.Builder
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.got.Write(body)
}

func (s *shop) opens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
}

func (s *shop) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got.String()
}

func (p *instance) captures(events ...string) {
	p.t.Helper()
	body := fmt.Sprintf(`{"api_key":"k","batch":[%s]}`, strings.Join(events, ","))
	if status := post(p.t.Context(), p.url+"/batch/", body); status != http.StatusOK {
		p.t.Fatalf("status %d", status)
	}
}

const annsPage = "01987654-3210-7000-8000-00000000000a"

// twoPersons makes ann, with an anonymous id, a dead letter and events that wait for the shop, and bob.
func (p *instance) twoPersons() {
	p.t.Helper()
	p.captures(
		`{"event":"page","distinct_id":"anon-1","uuid":"`+annsPage+`"}`,
		`{"event":"$identify","distinct_id":"ann","properties":{"$anon_distinct_id":"anon-1","$set":{"email":"ann@example.com"}}}`,
		`{"event":"wrong","distinct_id":"ann"}`, `{"event":"wrong","distinct_id":"bob"}`,
		`{"event":"page","distinct_id":"bob","properties":{"$set":{"email":"bob@example.com"}}}`,
	)
	p.stored("3", "SELECT count(*) FROM events")
	p.stored("3", "SELECT count(*) FROM person_distinct_ids")
	p.stored("2", "SELECT count(*) FROM persons")
	p.stored("1", "SELECT count(*) FROM properties WHERE event = '$identify' AND sample LIKE '%ann@%'")
	poll(p.t, "two dead letters", func() (bool, string) { n := p.status().Dead; return n == 2, fmt.Sprint(n) })
}

// stored waits for a value in the warehouse.
func (p *instance) stored(want, sql string) {
	p.t.Helper()
	poll(p.t, sql, func() (bool, string) { got := fmt.Sprint(p.query(sql)[0][0]); return got == want, got })
}

// onlyBob wants nothing of ann, anywhere.
func (p *instance) onlyBob() {
	p.t.Helper()
	for sql, want := range map[string]string{
		"SELECT string_agg(distinct_id, ' ') FROM events":                   "bob",
		"SELECT string_agg(distinct_id, ' ') FROM person_distinct_ids__all": "bob",
		"SELECT string_agg(properties->>'$.email', ' ') FROM persons__all":  "bob@example.com",
		"SELECT count(sample) FROM properties__all":                         "0", // nobody knows whose they were
	} {
		if got := fmt.Sprint(p.query(sql)[0][0]); got != want {
			p.t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
	if out := p.command("dead", "list", "--json"); strings.Contains(out, "ann") || !strings.Contains(out, "bob") {
		p.t.Errorf("dead letters\n got %s\nwant that of bob", out)
	}
}

// A person is gone from the warehouse, the profiles, the dead letters and what waits for a destination, and does not come back out of the log. What
// comes later is a new person.
func TestErase(t *testing.T) {
	remote := &shop{}
	server := httptest.NewServer(remote)
	t.Cleanup(server.Close)
	p := start(t, project(t, map[string]string{"prickle.yaml": fmt.Sprintf(eraseProject, server.URL), "mark.hog": eraseHog}))
	p.twoPersons()

	// All but bob's. The visitor may have been a person of its own when the tables were copied, who is a row with a tombstone then.
	rows := fmt.Sprint(p.query("SELECT (SELECT count(*) FROM persons__all) + (SELECT count(*) FROM person_distinct_ids__all) - 2")[0][0])
	out := p.command("erase", "--person", "anon-1", "--dry-run")
	for _, want := range []string{"2 distinct ids", "warehouse: 2 events would be", "warehouse: " + rows + " rows of persons", "profiles: 2 profiles", "dead letters: 1 letters", "schema: ", `destination "crm"`} {
		if !strings.Contains(out, want) {
			t.Errorf("dry run\n got %s\nwant it to have %q", out, want)
		}
	}
	p.stored("3", "SELECT count(*) FROM events")
	p.refused("nothing was erased", "erase", "--person", "anon-1") // nobody says yes
	out = p.command("erase", "--person", "anon-1", "--yes")
	if !strings.Contains(out, "checked: nothing is left") || !strings.Contains(out, "warehouse: 2 events erased") {
		t.Errorf("erase\n got %s", out)
	}
	p.onlyBob()
	remote.opens()
	p.settled()
	if got := remote.text(); !strings.Contains(got, "bob") || strings.Contains(got, "ann") || strings.Contains(got, "anon-1") {
		t.Errorf("the shop got what had waited\n got %s\nwant bob's event and none of ann's", got)
	}
	if out := p.command("replay", "--pipeline", "main", "--since", "1h"); !strings.Contains(out, "1 passed, 3 dropped, 1 dead") {
		t.Errorf("a replay of the log\n got %s\nwant ann's 3 events dropped", out)
	}
	p.settled()
	p.refused("has none of that id", "explain", annsPage)
	if out := p.command("erase", "--list", "--json"); strings.Contains(out, "ann") || strings.Contains(out, "anon") || !strings.Contains(out, `"verified":true`) {
		t.Errorf("the record\n got %s\nwant one without an id", out)
	}
	p.stored("bob", "SELECT string_agg(DISTINCT distinct_id, ' ') FROM events")
	p.stored("1", "SELECT count(*) FROM properties WHERE event = '$identify' AND property = '$set' AND sample IS NULL")
	p.captures(`{"event":"page","distinct_id":"ann"}`)
	p.stored("1", "SELECT count(*) FROM persons WHERE id = (SELECT person_id FROM person_distinct_ids WHERE distinct_id = 'ann')")
	p.stored("1", "SELECT count(*) FROM events WHERE distinct_id = 'ann'")
}

// The process is killed at a step of an erasure; erasing again, by the id of a person that may be gone, finishes it.
func TestEraseIsKilled(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"hiding what is in the log", "profiles", "checking"} {
		t.Run(step, func(t *testing.T) {
			remote := &shop{open: true}
			server := httptest.NewServer(remote)
			t.Cleanup(server.Close)
			dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(eraseProject, server.URL), "mark.hog": eraseHog})
			p := start(t, dir)
			p.twoPersons()
			ann := fmt.Sprint(p.query("SELECT person_id FROM person_distinct_ids WHERE distinct_id = 'anon-1'")[0][0])
			_, err := p.client().Erase(t.Context(), control.EraseRequest{ID: ann}, func(now string) {
				if now == step {
					p.kill()
				}
			})
			if err == nil {
				t.Log("it was done before it was killed")
			}
			p = start(t, dir)
			if out := p.command("erase", "--person", ann, "--yes"); !strings.Contains(out, "checked: nothing is left") {
				t.Errorf("erase after a kill\n got %s", out)
			}
			p.settled()
			p.onlyBob()
			p.command("replay", "--pipeline", "main", "--since", "1h")
			p.settled()
			p.stored("bob", "SELECT string_agg(DISTINCT distinct_id, ' ') FROM events")
		})
	}
}
