package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/process"
)

const booksProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
pipelines:
  main:
    transforms:
      - filter: event.properties.i != 3
      - name: mask
        hog: {code: "if (event.properties.i == 4) { throw Error('no') }\nreturn event"}
    destinations:
      - warehouse
      - webhook: {url: %q, when: event.properties.i < 9, retry: {first: 50ms, max: 200ms}, breaker: 'off'}
`

// moody is a webhook's other side that fails now and then, and refuses some events for good.
func moody(t *testing.T) *httptest.Server {
	t.Helper()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case n.Add(1)%7 == 0:
			w.WriteHeader(http.StatusBadGateway)
		case strings.Contains(string(body), `"i":5`):
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// The books go on over kills under load, and balance: what the log holds is delivered, filtered or dead at each destination.
func TestBooksSurviveKills(t *testing.T) {
	t.Parallel()
	dir := project(t, map[string]string{"prickle.yaml": fmt.Sprintf(booksProject, moody(t).URL)})
	killUnderLoad(t, dir, 6)
	p := start(t, dir)
	p.settled()
	var b *control.BooksStatus
	poll(t, "nothing is in flight", func() (bool, string) {
		b = p.status().Books
		return b.Balance != "in_flight", fmt.Sprintf("%+v", b)
	})
	text := p.command("status")
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
	captured, repeated := captured(t, dir)
	want := map[string]int64{"all": repeated, "repeated": repeated}
	for i, n := range captured {
		want["all"] += n
		switch {
		case i == 3:
			want["filter"] += n
		case i == 4:
			want["mask.thrown"] += n
		case i >= 9:
			want["when"] += n
		case i == 5:
			want["permanent"] += n
		default:
			want["hooked"] += n
		}
	}
	if b.Balance != "balanced" || b.Lost != 0 || len(b.Destinations) != 2 {
		t.Fatalf("books\n got %+v\nwant them to balance\n%s\n%s", b, text, p.text())
	}
	for _, a := range b.Destinations {
		if a.Accepted != want["all"] || a.InFlight != 0 || a.Filtered["filter"] != want["filter"] || a.Filtered[process.Repeated] != repeated || a.Dead["mask.thrown"] != want["mask.thrown"] {
			t.Errorf("%s\n got %+v\nwant %v", a.Destination, a, want)
		}
	}
	if a := b.Destinations[0]; a.Delivered != want["all"]-repeated-want["filter"]-want["mask.thrown"] {
		t.Errorf("warehouse\n got %+v\nwant %v", a, want)
	}
	if a := b.Destinations[1]; a.Delivered != want["hooked"] || a.Filtered["(when)"] != want["when"] || a.Dead["permanent"] != want["permanent"] {
		t.Errorf("webhook\n got %+v\nwant %v", a, want)
	}
	contains(t, "status", text, ": they balance\n", fmt.Sprintf("  main -> warehouse: %d accepted = ", want["all"]))
}

// captured counts the events in a project's log by the property i, and those that clients sent again.
func captured(t *testing.T, dir string) (found map[int]int64, repeated int64) {
	t.Helper()
	config := bus.DefaultConfig()
	config.Dir = filepath.Join(dir, "data", "bus")
	b, err := bus.Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	last, err := b.LastInLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found = map[int]int64{}
	seen := map[string]bool{}
	err = b.ReadLog(t.Context(), 1, last, func(f bus.LogFrame) error {
		for i := range f.Events {
			if seen[f.Events[i].UUID] {
				repeated++
				continue
			}
			seen[f.Events[i].UUID] = true
			var n int
			value, _ := f.Events[i].Properties.Get("i")
			if _, err := fmt.Sscan(string(value), &n); err != nil {
				return err
			}
			found[n]++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, repeated
}

// status asks the running process.
func (p *instance) status() control.Status {
	p.t.Helper()
	client, err := control.Dial(p.t.Context(), filepath.Join(p.dir, "data"))
	if err != nil {
		p.t.Fatal(err)
	}
	st, err := client.Status(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return st
}
