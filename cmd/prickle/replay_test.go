package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prickle-dev/prickle/pipeline/control"
)

const (
	replayProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
pipelines:
  main:
    transforms:
      - hog: mark.hog
    destinations:
      - webhook: {url: %q}
`
	replayHog = "if (event.event = 'noise') { return null }\nlet e := event\ne.properties.seen := true\nreturn e"
)

// hooks counts what a webhook is told by event.
type hooks struct {
	mu   sync.Mutex
	seen map[string]int
}

func (h *hooks) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[r.Header.Get("Idempotency-Key")]++
}

// sendBatchOf posts events of one name, and returns their ids.
func (p *instance) sendBatchOf(name string, count int) (ids []string) {
	p.t.Helper()
	var events []string
	for i := range count {
		id := uuid.NewString()
		ids = append(ids, id)
		events = append(events, fmt.Sprintf(`{"uuid":%q,"event":%q,"distinct_id":"u%d"}`, id, name, i%20))
	}
	if status := post(p.t.Context(), p.url+"/batch/", fmt.Sprintf(`{"api_key":"k","batch":[%s]}`, strings.Join(events, ","))); status != http.StatusOK {
		p.t.Fatalf("status %d", status)
	}
	return ids
}

func (p *instance) client() *control.Client {
	p.t.Helper()
	c, err := control.Dial(p.t.Context(), filepath.Join(p.dir, "data"))
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *instance) replayJob(id int) control.ReplayJob {
	p.t.Helper()
	jobs, err := p.client().Replays(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, j := range jobs {
		if j.ID == id {
			return j
		}
	}
	p.t.Fatalf("there is no replay %d among %+v", id, jobs)
	return control.ReplayJob{}
}

// A destination that comes later is filled from the log. The process is killed in the middle; live events arrive meanwhile; afterwards the new
// destination has every event once, and the old one nothing more than it had.
func TestReplayFillsANewDestination(t *testing.T) {
	t.Parallel()
	const old = 2000
	remote := &hooks{seen: map[string]int{}}
	server := httptest.NewServer(remote)
	t.Cleanup(server.Close)
	text := fmt.Sprintf(replayProject, server.URL)
	dir := project(t, map[string]string{"prickle.yaml": text, "mark.hog": replayHog})
	p := start(t, dir)
	want := map[string]bool{}
	for range old / 500 {
		for _, id := range p.sendBatchOf("e", 500) {
			want[id] = true
		}
	}
	p.sendBatchOf("noise", 10)
	p.settled()
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.text())
	}
	if err := os.WriteFile(filepath.Join(dir, "prickle.yaml"), []byte(text+"      - warehouse\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	p = start(t, dir)
	code, out, errOut := run(t, "replay", "-p", dir, "--destination", "warehouse", "--since", "1h", "--dry-run")
	if wantOut := "nothing was sent: of 2010 events, 2010 would be sent through pipeline main: 2000 passed, 10 dropped, 0 dead; 2000 copies to destinations\n"; code != 0 || out != wantOut {
		t.Errorf("dry run: exit code %d\n got %s%s\nwant %s", code, out, errOut, wantOut)
	}
	now := time.Now()
	job, err := p.client().StartReplay(t.Context(), control.ReplayRequest{Destination: "warehouse", Since: now.Add(-time.Hour), Until: now, Rate: 200})
	if err != nil || job.Pipeline != "main" {
		t.Fatalf("start: %+v, %v", job, err)
	}
	poll(t, "some events are replayed", func() (bool, string) {
		j := p.replayJob(job.ID)
		return j.Read >= 200, fmt.Sprintf("%+v", j)
	})
	live := p.sendBatchOf("live", 50)
	for _, id := range live {
		want[id] = true
	}
	poll(t, "live events have arrived", func() (bool, string) {
		rows := p.query("SELECT count(*) FROM events WHERE event = 'live'")
		return fmt.Sprint(rows[0][0]) == "50", fmt.Sprint(rows)
	})
	if j := p.replayJob(job.ID); j.State != "running" || j.Read >= old {
		t.Errorf("live events had to wait for the replay: %+v", j)
	}
	p.kill()

	p = start(t, dir)
	code, out, errOut = run(t, "replay", "resume", fmt.Sprint(job.ID), "-p", dir)
	if wantOut := "replay 1 is done: of 2010 events, 2010 were sent through pipeline main: 2000 passed, 10 dropped, 0 dead; 2000 copies to destinations\n"; code != 0 || out != wantOut {
		t.Errorf("resume: exit code %d\n got %s%s\nwant %s", code, out, errOut, wantOut)
	}
	st := p.settled()
	stored := map[string]int{}
	for _, row := range p.query("SELECT CAST(uuid AS VARCHAR) FROM events WHERE properties->>'$.seen' = 'true'") {
		stored[row[0].(string)]++
	}
	for id := range want {
		if stored[id] != 1 {
			t.Fatalf("event %s has %d rows in the warehouse, want 1", id, stored[id])
		}
	}
	if len(stored) != len(want) {
		t.Errorf("events in the warehouse\n got %d\nwant %d", len(stored), len(want))
	}
	remote.mu.Lock()
	defer remote.mu.Unlock()
	for id, n := range remote.seen {
		// What was on its way to the webhook when the process was killed is told again, as after any crash.
		if n != 1 && !slices.Contains(live, id) {
			t.Errorf("the webhook was told of event %s %d times, which was delivered before the replay", id, n)
		}
	}
	pl := st.Pipelines[0]
	if pl.In != pl.Passed+pl.Dropped+pl.Dead || pl.Replayed == nil || pl.Replayed.In != pl.Replayed.Passed+pl.Replayed.Dropped+pl.Replayed.Dead {
		t.Errorf("the books do not balance: %+v, again %+v", pl, pl.Replayed)
	}
	if pl.In > int64(len(live)) { // since this process began
		t.Errorf("replayed events are counted as captured: %+v", pl)
	}

	// All of it once more, a week later or now: the warehouse has it.
	code, out, errOut = run(t, "replay", "-p", dir, "--pipeline", "main", "--destination", "warehouse", "--since", "1h")
	if code != 0 || !strings.HasPrefix(out, "replay 2 is done: of 2060 events, 2060 were sent") {
		t.Errorf("replay: exit code %d\n%s%s", code, out, errOut)
	}
	p.settled()
	if rows := p.query("SELECT count(*), count(DISTINCT uuid) FROM events"); fmt.Sprint(rows[0]) != "[2050 2050]" {
		t.Errorf("rows and events after a second replay\n got %v\nwant [2050 2050]", rows[0])
	}
	code, out, _ = run(t, "status", "-p", dir)
	if code != 0 || !strings.Contains(out, "  sent again: ") {
		t.Errorf("status: exit code %d\n%s", code, out)
	}
	code, out, _ = run(t, "replay", "list", "-p", dir, "--json")
	var first control.ReplayJob
	if err := json.Unmarshal([]byte(strings.SplitN(out, "\n", 2)[0]), &first); code != 0 || err != nil || first.ID != 1 || first.State != "done" {
		t.Errorf("replay list: exit code %d, %v\n%s", code, err, out)
	}
	refusedReplays(t, dir)
}

func refusedReplays(t *testing.T, dir string) {
	for want, args := range map[string][]string{
		`pipeline "mian": there is none of that name; did you mean "main"?`:             {"--pipeline", "mian", "--since", "1h"},
		`destination "warehose": there is none of that name; did you mean "warehouse"?`: {"--destination", "warehose", "--since", "1h"},
		`since 2026-01-02T00:00:00Z is not before until 2026-01-01T00:00:00Z`:           {"--since", "2026-01-02", "--until", "2026-01-01"},
		`--where:1:1: unknown`:                              {"--since", "1h", "--where", "evnt.name == 'x'"},
		`the event log has events from `:                    {"--since", "2026-01-01", "--until", "2026-01-02"},
		`since when? give --since: a time: 2026-08-20T`:     {},
		`--since "yesterday": want a time such as 2026-08-`: {"--since", "yesterday"},
		`rate: want a number of events a second`:            {"--since", "1h", "--rate", "-1"},
	} {
		code, _, errOut := run(t, append([]string{"replay", "-p", dir}, args...)...)
		if code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("replay %v: exit code %d\n got %s\nwant %s", args, code, errOut, want)
		}
	}
	for want, args := range map[string][]string{
		"replay 99: there is no such replay":           {"resume", "99"},
		"replay 1 is done: there is nothing to cancel": {"cancel", "1"},
		`replay "x": want a number from`:               {"cancel", "x"},
		`unknown command "lst" for "prickle replay"`:   {"lst"},
	} {
		code, _, errOut := run(t, append([]string{"replay", "-p", dir}, args...)...)
		if code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("replay %v: exit code %d\n got %s\nwant %s", args, code, errOut, want)
		}
	}
}
