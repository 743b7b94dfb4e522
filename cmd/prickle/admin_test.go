package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

const measuredProject = `
capture: {listen: "127.0.0.1:0", keys: [{name: shop, token: phc_secret_key}]}
pipelines:
  web:
    transforms:
      - filter: event.name != "noise"
      - name: twice
        hog: twice.hog
    destinations:
      - warehouse
      - webhook: {name: good, when: event.name == "visit", url: %[1]s/good}
      - webhook: {name: bad, when: event.name == "visit" && event.properties.n < 3, url: %[1]s/bad}
  second:
    destinations: [{webhook: {name: odd, when: event.properties.n > 1, url: %[1]s/good}}]
sources:
  stripe: {key: sk_test_secret, url: %[2]s, rate: 100}
`

const twiceFunction = `
if (event.event == 'wrong') { throw Error('boom') }
return event
`

// admin finds the address of the admin endpoint of a running project.
func (p *instance) admin() string {
	p.t.Helper()
	client, err := control.Dial(p.t.Context(), filepath.Join(p.dir, "data"))
	if err != nil {
		p.t.Fatal(err)
	}
	st, err := client.Status(p.t.Context())
	if err != nil || st.Admin == "" {
		p.t.Fatalf("no admin address: %+v, %v", st, err)
	}
	return st.Admin
}

func get(t *testing.T, url string, header ...string) (status int, body, contentType string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header.Get("Content-Type")
}

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, admin string) (families map[string]*dto.MetricFamily, text string) {
	t.Helper()
	status, text, _ := get(t, admin+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("metrics: status %d\n%s", status, text)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families, text
}

// value is the sum of the samples of a metric that have all of the labels, given as name and value; of a histogram it is the count.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		has := map[string]string{}
		for _, l := range m.GetLabel() {
			has[l.GetName()] = l.GetValue()
		}
		all := true
		for i := 0; i < len(labels); i += 2 {
			all = all && has[labels[i]] == labels[i+1]
		}
		if all {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

type balances struct {
	Balance   string
	Capture   map[string]int64
	Pipelines []struct {
		Name, Balance             string
		In, Passed, Dropped, Dead int64
		Again                     struct{ In, Passed, Dropped, Dead int64 }
		Destinations              []struct {
			Name, Balance                    string
			Copies, Delivered, Dead, Pending int64
			Again                            struct {
				Balance                                   string
				Copies, Letters, Delivered, Dead, Pending int64
			}
		}
	}
}

func (p *instance) books() (balances, string) {
	p.t.Helper()
	status, text, _ := get(p.t, p.admin()+"/books")
	var b balances
	if err := json.Unmarshal([]byte(text), &b); err != nil || status != http.StatusOK {
		p.t.Fatalf("books: status %d, %v\n%s", status, err, text)
	}
	return b, text
}

// A known load, and every number that must come of it.
func TestMetrics(t *testing.T) {
	t.Parallel()
	remote := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/bad" {
			http.Error(w, "refused with marked-answer", http.StatusUnprocessableEntity)
		}
	}))
	t.Cleanup(remote.Close)
	dir := project(t, map[string]string{
		"prickle.yaml": fmt.Sprintf(measuredProject, remote.URL, stripeMock(t)), "twice.hog": twiceFunction,
	})
	p := start(t, dir)
	// 20 visits with n from 0 to 19 in two batches, 5 noises, 3 that the function fails on.
	for batch := range 2 {
		var events []string
		for i := range 10 {
			events = append(events, fmt.Sprintf(`{"event":"visit","distinct_id":"marked-person-%d","properties":{"n":%d,"note":"marked-value"}}`, i, batch*10+i))
		}
		for range 2 + batch {
			events = append(events, `{"event":"noise","distinct_id":"marked-person-1","properties":{"n":0}}`)
		}
		body := `{"api_key":"phc_secret_key","batch":[` + strings.Join(events, ",") + `]}`
		if status := post(t.Context(), p.url+"/batch/", body); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	for range 3 {
		if status := post(t.Context(), p.url+"/capture/", `{"api_key":"phc_secret_key","event":"wrong","distinct_id":"marked-person-2","properties":{"n":0}}`); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	if status := post(t.Context(), p.url+"/capture/", `{"api_key":"phc_unknown","event":"e","distinct_id":"u"}`); status != http.StatusUnauthorized {
		t.Fatalf("status %d for an unknown key", status)
	}
	if status := post(t.Context(), p.url+"/capture/", `{"api_key":"phc_secret_key","event":"e"}`); status != http.StatusBadRequest {
		t.Fatalf("status %d without a distinct id", status)
	}
	p.settled()
	if code, out, errOut := run(t, "sync", "-p", dir, "stripe"); code != 0 {
		t.Fatalf("sync: exit code %d\n%s%s", code, out, errOut)
	}
	p.settled()
	families, text := scrape(t, p.admin())
	checkValues(t, families)
	checkBalance(t, families)
	b, booksText := p.books()
	if b.Balance != "balanced" || b.Capture["accepted"] != 28 || b.Pipelines[0].In != 28 || b.Pipelines[0].Dead != 3 || b.Pipelines[0].Destinations[2].Dead != 3 {
		t.Errorf("books\n%s", booksText)
	}
	for _, secret := range []string{"phc_secret_key", "sk_test_secret", "marked-", "boom", remote.URL} {
		if strings.Contains(text, secret) || strings.Contains(booksText, secret) {
			t.Errorf("%q is in the metrics or the books", secret)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %+v", err, problems)
	}
	checkReplay(t, p, dir)
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

func checkValues(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{28, "prickle_capture_events_accepted_total", nil},
		{5, "prickle_capture_requests_total", []string{"code", "200"}},
		{1, "prickle_capture_requests_total", []string{"code", "401"}},
		{1, "prickle_capture_requests_total", []string{"code", "400"}},
		{7, "prickle_capture_request_duration_seconds", nil},
		{1, "prickle_capture_requests_refused_total", []string{"reason", "missing_distinct_id"}},
		{1, "prickle_capture_events_rejected_total", []string{"reason", "missing_distinct_id"}},
		{0, "prickle_capture_in_flight_requests", nil},
		{0, "prickle_capture_in_flight_bytes", nil},
		{0, "prickle_capture_events_unacknowledged_total", nil},
		{1, "prickle_bus_connected", nil},
		{28, "prickle_bus_events_published_total", []string{"stream", "EVENTS"}},
		{61, "prickle_bus_events_published_total", []string{"stream", "DELIVER"}}, // 20 warehouse, 20 good, 3 bad, 18 odd
		{6, "prickle_bus_events_published_total", []string{"stream", "DEAD"}},
		{0, "prickle_bus_publish_failures_total", nil},
		{6, "prickle_bus_stream_messages", []string{"stream", "DEAD"}},
		{0, "prickle_bus_stream_messages", []string{"stream", "DELIVER"}},
		{0, "prickle_bus_writer_pending_bytes", nil},
		{28, "prickle_process_events_in_total", []string{"pipeline", "web"}},
		{20, "prickle_process_events_passed_total", []string{"pipeline", "web"}},
		{5, "prickle_process_events_dropped_total", []string{"pipeline", "web", "transform", "filter"}},
		{0, "prickle_process_events_dropped_total", []string{"pipeline", "web", "transform", "twice"}},
		{3, "prickle_process_events_dead_total", []string{"pipeline", "web", "component", "twice"}},
		{3, "prickle_process_transform_errors_total", []string{"pipeline", "web", "transform", "twice"}},
		{20, "prickle_process_copies_total", []string{"pipeline", "web", "destination", "warehouse"}},
		{3, "prickle_process_copies_total", []string{"pipeline", "web", "destination", "bad"}},
		{18, "prickle_process_copies_total", []string{"pipeline", "second", "destination", "odd"}},
		{0, "prickle_process_pending_frames", nil},
		{0, "prickle_process_oldest_age_seconds", nil},
		{20, "prickle_deliver_events_delivered_total", []string{"pipeline", "web", "destination", "good"}},
		{20, "prickle_deliver_event_age_seconds", []string{"pipeline", "web", "destination", "good"}},
		{20, "prickle_deliver_sends_total", []string{"pipeline", "web", "destination", "good", "outcome", "delivered"}},
		{3, "prickle_deliver_sends_total", []string{"pipeline", "web", "destination", "bad", "outcome", "refused"}},
		{3, "prickle_deliver_events_dead_total", []string{"pipeline", "web", "destination", "bad", "reason", "refused"}},
		{0, "prickle_deliver_events_retried_total", nil},
		{0, "prickle_deliver_oldest_age_seconds", nil},
		{3, "prickle_dead_letters", []string{"stage", "process", "pipeline", "web", "destination", ""}},
		{3, "prickle_dead_letters", []string{"stage", "deliver", "pipeline", "web", "destination", "bad"}},
		{0, "prickle_ingest_passes_total", []string{"source", "stripe", "result", "failed"}},
	} {
		if families[c.name] == nil {
			t.Errorf("%s is missing", c.name)
		}
		if got := value(families, c.name, c.labels...); got != c.want {
			t.Errorf("%s%v\n got %v\nwant %v", c.name, c.labels, got, c.want)
		}
	}
	for _, name := range []string{"prickle_capture_received_bytes_total", "prickle_bus_disk_free_bytes", "prickle_bus_frame_bytes", "prickle_ingest_rows_total", "prickle_ingest_pass_duration_seconds", "go_goroutines", "process_open_fds"} {
		if value(families, name) <= 0 {
			t.Errorf("%s\n got %v\nwant more than 0", name, value(families, name))
		}
	}
}

// checkBalance holds the sums that every scrape of a project at rest must give.
func checkBalance(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	accepted := value(families, "prickle_capture_events_accepted_total")
	for _, m := range families["prickle_process_events_in_total"].GetMetric() {
		name := m.GetLabel()[0].GetValue()
		in := m.GetCounter().GetValue()
		sum := value(families, "prickle_process_events_passed_total", "pipeline", name) +
			value(families, "prickle_process_events_dropped_total", "pipeline", name) +
			value(families, "prickle_process_events_dead_total", "pipeline", name)
		if in != accepted || in != sum {
			t.Errorf("pipeline %s: %v accepted, %v in, %v passed, dropped and dead", name, accepted, in, sum)
		}
	}
	if len(families["prickle_process_copies_total"].GetMetric()) != 4 {
		t.Errorf("destinations\n got %d\nwant 4", len(families["prickle_process_copies_total"].GetMetric()))
	}
	for _, m := range families["prickle_process_copies_total"].GetMetric() {
		labels := []string{"destination", m.GetLabel()[0].GetValue(), "pipeline", m.GetLabel()[1].GetValue()}
		settled := value(families, "prickle_deliver_events_delivered_total", labels...) + value(families, "prickle_deliver_events_dead_total", labels...)
		if copies := m.GetCounter().GetValue(); copies != settled {
			t.Errorf("%v: %v copies, %v delivered or dead", labels, copies, settled)
		}
	}
}

// checkReplay sends the dead letters of the project again: the books take them into account.
func checkReplay(t *testing.T, p *instance, dir string) {
	t.Helper()
	if code, out, errOut := run(t, "dead", "replay", "-p", dir, "--all"); code != 0 {
		t.Fatalf("dead replay: exit code %d\n%s%s", code, out, errOut)
	}
	p.settled()
	p.settled() // the counters of the first answer are older than its pending frames
	b, text := p.books()
	bad := b.Pipelines[0].Destinations[2]
	if again := b.Pipelines[0].Again; b.Balance != "balanced" || b.Pipelines[0].In != 28 || again.In != 3 || again.Dead != 3 ||
		bad.Dead != 3 || bad.Again.Letters != 3 || bad.Again.Dead != 3 {
		t.Errorf("books after the replay\n%s", text)
	}
	families, _ := scrape(t, p.admin())
	if got := value(families, "prickle_dead_letters_replayed_total"); got != 6 {
		t.Errorf("prickle_dead_letters_replayed_total\n got %v\nwant 6", got)
	}
}

func TestOpenMetrics(t *testing.T) {
	p := start(t, project(t, map[string]string{"prickle.yaml": "capture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines: {web: {destinations: [stdout]}}\n"}))
	_, text, contentType := get(t, p.admin()+"/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
	if !strings.HasPrefix(contentType, "application/openmetrics-text") || !strings.HasSuffix(text, "# EOF\n") {
		t.Errorf("content type %q, ending in %q", contentType, text[max(len(text)-20, 0):])
	}
	if status, text, _ := get(t, p.admin()+"/healthz"); status != http.StatusOK || text != "alive\n" {
		t.Errorf("healthz: status %d, %q", status, text)
	}
	if status, text, _ := get(t, p.admin()+"/readyz"); status != http.StatusOK || !strings.Contains(text, `"ready": true`) {
		t.Errorf("readyz: status %d, %s", status, text)
	}
}

// When the bus is gone, capture refuses, and the admin endpoint says why.
func TestReadinessWithoutBus(t *testing.T) {
	nats := startNATS(t)
	p := start(t, project(t, map[string]string{"prickle.yaml": fmt.Sprintf(`
capture: {listen: "127.0.0.1:0", keys: [k], limits: {append_timeout: 1s}}
bus: {url: %q}
pipelines: {web: {destinations: [stdout]}}
`, nats.ClientURL())}))
	admin := p.admin()
	if status, text, _ := get(t, admin+"/readyz"); status != http.StatusOK {
		t.Fatalf("readyz: status %d, %s", status, text)
	}
	nats.Shutdown()
	nats.WaitForShutdown()
	poll(t, "the loss of the bus is noticed", func() (bool, string) {
		status, text, _ := get(t, admin+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, `"code": "bus_disconnected"`), text
	})
	if status := post(t.Context(), p.url+"/capture/", `{"api_key":"k","event":"e","distinct_id":"u"}`); status != http.StatusServiceUnavailable {
		t.Errorf("capture without a bus\n got status %d\nwant 503", status)
	}
	families, _ := scrape(t, admin)
	if got := value(families, "prickle_bus_connected"); got != 0 {
		t.Errorf("prickle_bus_connected\n got %v\nwant 0", got)
	}
	for _, name := range []string{"prickle_bus_stream_messages", "prickle_process_pending_frames", "prickle_deliver_pending_frames", "prickle_deliver_oldest_age_seconds"} {
		if families[name] != nil {
			t.Errorf("%s is shown, which the bus cannot tell", name)
		}
	}
	if got := value(families, "prickle_capture_requests_total", "code", "503"); got != 1 {
		t.Errorf("requests answered with 503\n got %v\nwant 1", got)
	}
	// The request is refused before it is read, so nothing of it can be in the log.
	if got := value(families, "prickle_capture_events_unacknowledged_total"); got != 0 {
		t.Errorf("events unacknowledged\n got %v\nwant 0", got)
	}
	if status, text, _ := get(t, admin+"/books"); status != http.StatusServiceUnavailable || !strings.Contains(text, "error") {
		t.Errorf("books: status %d, %s", status, text)
	}
	if status, _, _ := get(t, admin+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz: status %d", status)
	}
}

// A stop is told while what is in hand is finished, and metrics are served until the end.
func TestReadinessDraining(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	remote := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	t.Cleanup(remote.Close)
	p := start(t, project(t, map[string]string{"prickle.yaml": fmt.Sprintf(`
capture: {listen: "127.0.0.1:0", keys: [k]}
pipelines: {web: {destinations: [{webhook: {url: %q}}]}}
`, remote.URL)}))
	admin := p.admin()
	if status := post(t.Context(), p.url+"/capture/", `{"api_key":"k","event":"e","distinct_id":"u"}`); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	<-arrived
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	poll(t, "the stop is told", func() (bool, string) {
		status, text, _ := get(t, admin+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, `"code": "draining"`), text
	})
	families, _ := scrape(t, admin)
	if got := value(families, "prickle_deliver_in_flight_frames"); got != 1 {
		t.Errorf("frames in flight\n got %v\nwant 1", got)
	}
	if got := value(families, "prickle_deliver_oldest_age_seconds"); got <= 0 {
		t.Errorf("age of the oldest frame\n got %v\nwant more than 0", got)
	}
	close(release)
	<-p.exited
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

// The address may be given, left to the program, or left out.
func TestAdminListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	projectWith := func(admin string) string {
		return project(t, map[string]string{"prickle.yaml": admin + "\ncapture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines: {web: {destinations: [stdout]}}\n"})
	}
	code, _, errOut := run(t, "run", projectWith(fmt.Sprintf("admin: {listen: %q}", taken.Addr())))
	if want := "admin: " + taken.Addr().String() + " is in use"; code != 1 || !strings.Contains(errOut, want) || !strings.Contains(errOut, "set admin.listen") {
		t.Errorf("with a port that is taken\n got exit code %d, %s\nwant %s", code, errOut, want)
	}
	for _, off := range []string{"off", `""`} {
		p := start(t, projectWith("admin: {listen: "+off+"}"))
		if st := p.settled(); st.Admin != "" {
			t.Errorf("listen: %s\n got %s\nwant nothing", off, st.Admin)
		}
		p.kill()
	}
	first, second := start(t, projectWith("")), start(t, projectWith("admin: {listen: auto}"))
	if first.admin() == second.admin() {
		t.Error("two projects have one admin address")
	}
	code, _, errOut = run(t, "check", projectWith("admin: {listen: nowhere}"))
	if code != 1 || !strings.Contains(errOut, "prickle.yaml:1:1: admin.listen: \"nowhere\" is no host:port") {
		t.Errorf("check: exit code %d\n%s", code, errOut)
	}
}

// The books balance over a reload that adds a pipeline and a destination and takes a transform out.
func TestBooksAfterReload(t *testing.T) {
	before := "capture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines:\n  web:\n    transforms: [{filter: event.name != \"noise\"}]\n    destinations: [{stdout: {name: one}}]\n"
	after := "capture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines:\n  web:\n    destinations: [{stdout: {name: one}}, {stdout: {name: two}}]\n  late:\n    destinations: [{stdout: {name: three}}]\n"
	dir := project(t, map[string]string{"prickle.yaml": before})
	p := start(t, dir)
	send := func() {
		t.Helper()
		for _, name := range []string{"visit", "noise"} {
			if status := post(t.Context(), p.url+"/capture/", fmt.Sprintf(`{"api_key":"k","event":%q,"distinct_id":"u"}`, name)); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
		}
		p.settled()
		p.settled() // the counters of the first answer are older than its pending frames
	}
	send()
	write(t, dir, "prickle.yaml", after)
	if code, out, errOut := run(t, "reload", "-p", dir); code != 0 {
		t.Fatalf("reload: exit code %d\n%s%s", code, out, errOut)
	}
	send()
	b, text := p.books()
	want := []int64{4, 3, 1, 3, 2, 2}
	got := []int64{
		b.Pipelines[0].In, b.Pipelines[0].Passed, b.Pipelines[0].Dropped,
		b.Pipelines[0].Destinations[0].Delivered, b.Pipelines[0].Destinations[1].Delivered, b.Pipelines[1].In,
	}
	if b.Balance != "balanced" || !slices.Equal(got, want) {
		t.Errorf("books\n got %v\nwant %v\n%s", got, want, text)
	}
	families, _ := scrape(t, p.admin())
	if dropped := value(families, "prickle_process_events_dropped_total", "transform", "(removed)"); dropped != 1 {
		t.Errorf("dropped by what was removed\n got %v\nwant 1", dropped)
	}
}
