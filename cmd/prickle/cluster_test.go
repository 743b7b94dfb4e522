package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/control"
)

// prickle sync without a process of its own takes the source's lease, and does not work beside a process that has it.
func TestSyncLeavesSourceToItsProcess(t *testing.T) {
	t.Parallel()
	yaml := fmt.Sprintf(`
capture: {listen: "127.0.0.1:0", keys: [k]}
bus: {url: %q}
pipelines: {web: {destinations: [warehouse]}}
sources: {stripe: {key: sk_test_123, url: %q, rate: 100}}
`, natsServer(t), stripeMock(t))
	files := map[string]string{"prickle.yaml": yaml}
	alone := project(t, files)
	p := start(t, project(t, files))
	poll(t, "the process has made a pass", func() (bool, string) {
		st := p.status()
		return len(st.Sources) == 1 && !st.Sources[0].LastEnd.IsZero(), p.text()
	})
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	code, out, errText := run(t, "-p", alone, "sync", "stripe")
	want := fmt.Sprintf("source \"stripe\": process %d on %s makes its passes: run prickle sync where that one runs, or stop it first", p.cmd.Process.Pid, host)
	if code == 0 || out != "" {
		t.Errorf("sync beside a process\n got code %d, %q, %q\nwant to be refused", code, out, errText)
	}
	contains(t, "sync beside a process", errText, want)
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.text())
	}
	if code, out, errText := run(t, "-p", alone, "sync", "stripe"); code != 0 {
		t.Errorf("sync after it has stopped\n got code %d, %q, %q", code, out, errText)
	} else {
		contains(t, "sync after it has stopped", out, "stripe is up to date")
	}
}

const sharedBooksProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
bus: {url: %q}
pipelines:
  main:
    transforms: [{filter: event.properties.i != 3}]
    destinations:
      - webhook: {name: all, url: %q, array: true, batch: {events: 50}, retry: {first: 50ms, max: 200ms}, breaker: 'off'}
      - webhook: {name: some, url: %q, when: event.properties.i < 5, retry: {first: 50ms, max: 200ms}, breaker: 'off'}
`

// The books of several processes are one: each shows the same, and they balance, also after one of them was killed under load.
func TestBooksOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hook.Close)
	files := map[string]string{"prickle.yaml": fmt.Sprintf(sharedBooksProject, natsServer(t), hook.URL, hook.URL)}
	one, two := start(t, project(t, files)), start(t, project(t, files))
	accepted := int64(0)
	load := func(from, to int, processes ...*instance) {
		var sending sync.WaitGroup
		for _, p := range processes {
			sending.Go(func() {
				for n := from; n < to; n++ {
					body := fmt.Sprintf(`{"api_key":"k","event":"step","distinct_id":"person-%d-%d","properties":{"i":%d}}`, p.cmd.Process.Pid, n%20, n%10)
					if status := post(t.Context(), p.url+"/capture/", body); status != http.StatusOK {
						t.Errorf("capture: status %d\n%s", status, p.text())
					}
				}
			})
			accepted += int64(to - from)
		}
		sending.Wait()
	}
	load(0, 200, one, two)
	balanced(t, accepted, one, two)
	load(0, 300, one, two)
	two.kill() // with much on its way
	load(300, 400, one)
	balanced(t, accepted, one)
	two = start(t, two.dir)
	load(0, 50, one, two)
	balanced(t, accepted, one, two)
}

// balanced waits until every process shows books with nothing in flight, and compares them with what was accepted: events of i from 0 to 9 in turn.
func balanced(t *testing.T, accepted int64, processes ...*instance) {
	t.Helper()
	for _, p := range processes {
		p.settled()
		var b *control.BooksStatus
		poll(t, "everything is in the books", func() (bool, string) {
			b = p.status().Books
			return b != nil && b.Balance != "in_flight" && len(b.Destinations) == 2 && b.Destinations[0].Accepted == accepted, fmt.Sprintf("%+v", b)
		})
		all, some := b.Destinations[0], b.Destinations[1]
		dropped, delivered := accepted/10, accepted-accepted/10
		if b.Balance != "balanced" || b.Lost != 0 || all.Delivered != delivered || all.Filtered["filter"] != dropped || some.Delivered != 4*accepted/10 ||
			some.Filtered["(when)"] != 5*accepted/10 || some.Filtered["filter"] != dropped {
			t.Errorf("books of %d accepted\n got %+v", accepted, b)
		}
	}
}
